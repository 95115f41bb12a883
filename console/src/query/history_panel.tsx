/** The last runs, newest first: a click opens one in a tab. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { inert, Inert } from "../text/inert";
import { forgetRuns, runs, type Run } from "./history";
import { addTab } from "./tabs";
import { choiceOf, shownTime } from "./time";

const SHOWN = 100;

function told(run: Run): string {
  const took = `${Math.round(run.milliseconds).toLocaleString("en")} ms`;
  return run.rows === null ? took : `${run.rows.toLocaleString("en")} ${run.rows === 1 ? "row" : "rows"}, ${took}`;
}

/** The first lines that say something: no blank ones, and no comments where there is more. */
function brief(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const said = lines.filter((line) => !line.trim().startsWith("//"));
  return (said.length > 0 ? said : lines).slice(0, 3).join("\n").slice(0, 240);
}

export function HistoryPanel(): JSX.Element {
  const [filter, change] = useState("");
  const [most, more] = useState(SHOWN);
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const found = runs.value.filter((run) => {
    const text = `${run.text} ${run.title} ${run.error ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return (
    <div class="run-history">
      <div class="schema-filter">
        <input type="search" aria-label="Search the history" placeholder="Search runs" value={filter} onInput={(event) => change(event.currentTarget.value)} />
      </div>
      <ul aria-label="Runs">
        {found.slice(0, most).map((run) => (
          <li key={run.at + run.text}>
            <button
              class="plain"
              title={inert(run.text, true)}
              onClick={() => addTab(run.text, run.title, run.range ? choiceOf({ kind: "between", ...run.range }) : undefined)}
            >
              <code>
                <Inert text={brief(run.text)} lines />
              </code>
              <small class={run.error === null ? "quiet" : "error"}>
                {shownTime(run.at).slice(0, 19)} · {told(run)}
                {run.error !== null && (
                  <>
                    {" · "}
                    <Inert text={run.error} />
                  </>
                )}
              </small>
            </button>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p class="quiet none">{runs.value.length === 0 ? "Nothing has run yet." : "No run has these words."}</p>}
      {found.length > most && <button onClick={() => more(most + SHOWN)}>Show more</button>}
      {runs.value.length > 0 && (
        <button class="plain quiet" onClick={forgetRuns}>
          Forget all
        </button>
      )}
    </div>
  );
}
