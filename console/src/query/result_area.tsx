/** Under the editor: what a run gave, how it goes, what went wrong. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ResultsView, type ResultsProps } from "../results/results_view";
import { Inert } from "../text/inert";
import { handle } from "./editor";
import type { RunState } from "./running";
import type { Piece } from "./statements";
import { timeText } from "./time";

interface Props extends Omit<ResultsProps, "result" | "onQuery"> {
  run: RunState;
  onQuery: (piece: Piece, query: string) => void;
}

/** Seconds since a clock of `performance`, to the tenth, moving. */
export function Elapsed({ since }: { since: number }): JSX.Element {
  const [now, tick] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => tick(performance.now()), 100);
    return () => clearInterval(timer);
  }, []);
  return <span class="elapsed">{Math.max(0, (now - since) / 1000).toFixed(1)} s</span>;
}

function ErrorPanel({ error }: { error: NonNullable<RunState["error"]> }): JSX.Element {
  const { offset } = error;
  return (
    <div class="failed" role="alert">
      <p>
        <Inert text={error.message} lines />
      </p>
      {offset !== null && (
        <button onClick={() => handle.value?.jump(offset)}>
          Go to line {error.line}, column {error.column}
        </button>
      )}
    </div>
  );
}

export function ResultArea({ run, onQuery, onNewTab, onRange }: Props): JSX.Element {
  const [chosen, choose] = useState(0);
  const count = run.results.length;
  useEffect(() => choose(Math.max(0, count - 1)), [count, run.began]);
  const shown = run.results[Math.min(chosen, count - 1)];
  const rows = shown?.result.tables.reduce((sum, table) => sum + table.rows.length, 0) ?? 0;
  const isIdle = count === 0 && run.error === null && !run.isRunning && !run.wasCancelled;
  return (
    <section class="outcome" aria-label="Results" aria-busy={run.isRunning}>
      {count > 1 && (
        <div class="several" role="tablist" aria-label="Results of several queries">
          {run.results.map((one, index) => (
            <button key={index} class="plain" role="tab" aria-selected={one === shown} onClick={() => choose(index)}>
              Result {index + 1}
            </button>
          ))}
        </div>
      )}
      {run.error !== null && <ErrorPanel error={run.error} />}
      <div class={run.isRunning ? "body stale" : "body"}>
        {shown !== undefined && (
          <ResultsView result={shown.result} onQuery={(query) => onQuery(shown.piece, query)} onNewTab={onNewTab} onRange={onRange} />
        )}
        {isIdle && (
          <p class="quiet nothing">
            <kbd>Shift</kbd> <kbd>Enter</kbd> runs all, <kbd>Ctrl</kbd> <kbd>Enter</kbd> the selection or the query at the cursor, <kbd>Ctrl</kbd> <kbd>Space</kbd> completes.
          </p>
        )}
      </div>
      <footer class="status" role="status">
        {run.isRunning && (
          <>
            <span class="spin" aria-hidden="true" /> Running <Elapsed since={run.began} />
          </>
        )}
        {!run.isRunning && run.wasCancelled && <span>Cancelled.</span>}
        {!run.isRunning && shown !== undefined && (
          <>
            <span>
              {rows.toLocaleString("en")} {rows === 1 ? "row" : "rows"}
            </span>
            <span class="quiet">{Math.round(shown.result.milliseconds).toLocaleString("en")} ms</span>
            {run.range !== null && <span class="quiet">{timeText({ kind: "between", ...run.range })}</span>}
            {shown.result.incomplete !== null && (
              <span class="incomplete">
                Not all rows: <Inert text={shown.result.incomplete} />
              </span>
            )}
          </>
        )}
      </footer>
    </section>
  );
}
