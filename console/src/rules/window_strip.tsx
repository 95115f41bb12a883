/** The last windows of a rule, one cell each, the newest at the right. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { RuleWindow } from "../api/detections";
import { ErrorText } from "../parts/error_text";
import { durationText, Time, timeText } from "../parts/time";
import { inert } from "../text/inert";

const MARKS: Readonly<Record<string, string>> = { done: "", failed: "!", dirty: "~", running: "…" };

function words(window: RuleWindow): string {
  const said = [`${timeText(window.end)}: ${inert(window.state)}`];
  if (window.rows !== null) said.push(`${window.rows.toLocaleString("en")} row${window.rows === 1 ? "" : "s"}`);
  if (window.triggered) said.push("triggered");
  if (window.seconds !== null) said.push(`took ${durationText(window.seconds)}`);
  if (window.error) said.push(inert(window.error.split("\n", 1)[0] ?? ""));
  return said.join(", ");
}

export function WindowStrip({ windows }: { windows: readonly RuleWindow[] }): JSX.Element {
  const ordered = [...windows].sort((one, other) => one.end.localeCompare(other.end));
  const [chosen, choose] = useState<string | null>(null);
  if (ordered.length === 0) {
    return (
      <p class="quiet">
        None yet: a window is there once <code>bluetick schedule rules/ --lake lake/</code> has come to it.
      </p>
    );
  }
  const shown = ordered.find((one) => one.end === chosen) ?? null;
  return (
    <div class="windows">
      <ol aria-label="Recent windows">
        {ordered.map((window) => (
          <li key={window.end}>
            <button
              class={`cell ${window.state} ${window.triggered ? "triggered" : ""}`}
              title={words(window)}
              aria-label={words(window)}
              aria-pressed={shown?.end === window.end}
              onClick={() => choose(window.end)}
            >
              {MARKS[window.state] ?? ""}
            </button>
          </li>
        ))}
      </ol>
      <div class="ends quiet">
        <Time at={ordered[0]?.end} />
        <span class="legend">
          <i class="cell done" /> done <i class="cell done triggered" /> triggered <i class="cell dirty">~</i> to be evaluated{" "}
          <i class="cell failed">!</i> failed
        </span>
        <Time at={ordered.at(-1)?.end} />
      </div>
      {shown !== null && (
        <p class="quiet">
          <Time at={shown.end} />: {inert(shown.state)}
          {shown.rows !== null && `, ${shown.rows.toLocaleString("en")} row${shown.rows === 1 ? "" : "s"}`}
          {shown.seconds !== null && `, took ${durationText(shown.seconds)}`}
        </p>
      )}
      {shown?.error && <ErrorText text={shown.error} />}
    </div>
  );
}
