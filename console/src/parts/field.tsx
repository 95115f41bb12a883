/** A labelled field of a form, with what is wrong with it under it. */
import type { ComponentChildren, JSX } from "preact";
import { Inert } from "../text/inert";
import "./field.css";

interface Props {
  label: string;
  error?: string | null;
  hint?: string;
  wide?: boolean;
  children: ComponentChildren;
}

export function Field({ label, error = null, hint, wide = false, children }: Props): JSX.Element {
  return (
    <label class={wide ? "field wide" : "field"}>
      <span class="label">{label}</span>
      {children}
      {error !== null ? (
        <small class="error" role="alert">
          <Inert text={error} />
        </small>
      ) : (
        hint !== undefined && <small class="quiet">{hint}</small>
      )}
    </label>
  );
}
