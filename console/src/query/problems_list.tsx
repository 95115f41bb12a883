/** The binder's problems in a list under the editor: a click goes to the place. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Inert } from "../text/inert";
import { handle } from "./editor";
import { placedProblems } from "./problem_store";

export function ProblemsList(): JSX.Element | null {
  const [isOpen, open] = useState(false);
  const found = placedProblems.value;
  if (found.length === 0) return null;
  const errors = found.filter((one) => one.severity === "error").length;
  const warnings = found.length - errors;
  const counts = [errors > 0 && `${errors} ${errors === 1 ? "error" : "errors"}`, warnings > 0 && `${warnings} ${warnings === 1 ? "warning" : "warnings"}`];
  const words = counts.filter(Boolean).join(", ");
  return (
    <section class="binder-problems" aria-label="Problems">
      <button class="plain head" aria-expanded={isOpen} onClick={() => open(!isOpen)}>
        <span class={errors > 0 ? "dot bad" : "dot warn"} aria-hidden="true" />
        {words}
        {!isOpen && <First />}
        <span class="quiet turn">{isOpen ? "▾" : "▸"}</span>
      </button>
      {isOpen && (
        <ul>
          {found.map((one, index) => (
            <li key={index}>
              <button class="plain" onClick={() => handle.value?.select(one.at)}>
                <span class={one.severity === "error" ? "dot bad" : "dot warn"} aria-hidden="true" />
                <span>
                  <Inert text={one.message} /> <code class="quiet">{one.code}</code>
                  {one.note && (
                    <small class="quiet">
                      <Inert text={one.note} />
                    </small>
                  )}
                  {one.hint && (
                    <small>
                      Hint: <Inert text={one.hint} />
                    </small>
                  )}
                </span>
                <span class="quiet where">
                  {one.at.startLineNumber}:{one.at.startColumn}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function First(): JSX.Element | null {
  const first = placedProblems.value[0];
  if (first === undefined) return null;
  return (
    <span class="quiet first">
      <Inert text={first.message} /> ({first.code})
    </span>
  );
}
