/** A query of a hunt, and what it gave: new rows are marked, those that are gone are counted. */
import type { JSX } from "preact";
import type { HuntCell, HuntResult } from "../api/hunts";
import { columnName } from "../api/detections";
import { mayChange } from "../api/session";
import { Code } from "../parts/code";
import { OpenQuery } from "../parts/open_query";
import { RowsTable } from "../parts/rows_table";
import { Time } from "../parts/time";
import { inert, Inert } from "../text/inert";

interface Props {
  cell: HuntCell;
  title: string;
  isRunning: boolean;
  isBusy: boolean;
  onRun: () => void;
  onPromote: () => void;
}

export function QueryCell({ cell, title, isRunning, isBusy, onRun, onPromote }: Props): JSX.Element {
  return (
    <section class="query-cell" aria-label={`Query ${cell.id}`}>
      <Code text={cell.text} what="query" />
      <div class="actions">
        {mayChange() && (
          <button disabled={isBusy} onClick={onRun}>
            {isRunning ? "Running …" : "Run"}
          </button>
        )}
        <OpenQuery text={cell.text} title={title} />
        {mayChange() && <button onClick={onPromote}>Promote to a rule …</button>}
      </div>
      {cell.result === null ? <p class="quiet">It has not run yet.</p> : <Result result={cell.result} />}
    </section>
  );
}

function Result({ result }: { result: HuntResult }): JSX.Element {
  const versions = Object.entries(result.snapshot).map(([table, version]) => `${inert(table)} at version ${version}`);
  const hidden = result.rowCount - result.rows.length;
  return (
    <div class="result">
      {result.error && (
        <p class="error" role="alert">
          <Inert text={result.error} lines />
        </p>
      )}
      <p class="facts-line">
        <strong>
          {result.rowCount.toLocaleString("en")} row{result.rowCount === 1 ? "" : "s"}
        </strong>
        <Count count={result.newCount} what="new" tone="accent" />
        <Count count={result.goneCount} what="gone" tone="warn" />
        {result.isStale && <span class="chip warn">the query has changed since</span>}
        {result.uncompared && (
          <span class="quiet">
            <Inert text={result.uncompared} />
          </span>
        )}
        <span class="quiet">
          ran <Time at={result.ran} />, as of <Time at={result.now} />
          {result.compared && (
            <>
              , compared with the run of <Time at={result.compared} />
            </>
          )}
          {versions.length > 0 && `, ${versions.join(", ")}`}
        </span>
      </p>
      {result.rows.length > 0 && <RowsTable label="Results" columns={result.columns.map(columnName)} rows={result.rows} {...(result.newCount === null ? {} : { marked: result.isNew })} />}
      {hidden > 0 && <p class="quiet">{hidden.toLocaleString("en")} more rows are only counted.</p>}
    </div>
  );
}

function Count({ count, what, tone }: { count: number | null; what: string; tone: string }): JSX.Element | null {
  if (count === null) return null;
  return (
    <span class={count > 0 ? `chip ${tone}` : "quiet"}>
      {count.toLocaleString("en")} {what}
    </span>
  );
}
