/** A place with nothing in it says what is missing, and the command that brings it. */
import type { ComponentChildren, JSX } from "preact";
import { Copy } from "./copy";

interface Props {
  title: string;
  children?: ComponentChildren;
  command?: string;
}

export function Empty({ title, children, command }: Props): JSX.Element {
  return (
    <div class="empty">
      <p class="title">{title}</p>
      {children && <p class="quiet">{children}</p>}
      {command !== undefined && (
        <p class="command">
          <code>{command}</code>
          <Copy text={command} what="command" />
        </p>
      )}
    </div>
  );
}

/** Why something did not come, in the server's words. */
export function Refused({ error, again }: { error: string; again?: () => void }): JSX.Element {
  return (
    <p class="refused" role="alert">
      <span class="error">{error}</span>
      {again && <button onClick={again}>Try again</button>}
    </p>
  );
}
