/** What our binder says of a query. */
import type { JSX } from "preact";
import type { Problem } from "../api/query";
import { inert, Inert } from "../text/inert";

const TONES: Readonly<Record<string, string>> = { error: "bad", warning: "warn" };

export function Problems({ problems }: { problems: readonly Problem[] }): JSX.Element {
  return (
    <ul class="diagnostics" aria-label="Diagnostics">
      {problems.map((one, index) => (
        <li key={index}>
          <span class={`chip ${TONES[one.severity] ?? ""}`}>{inert(one.severity)}</span>
          <span class="mono quiet">{inert(one.code)}</span>
          <span>
            <Inert text={one.message} lines />
            {one.line > 0 && <span class="quiet"> (line {one.line}, column {one.column})</span>}
            {(one.hint ?? one.note) && (
              <div class="quiet">
                <Inert text={one.hint ?? one.note ?? ""} lines />
              </div>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
