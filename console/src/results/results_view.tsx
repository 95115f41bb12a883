/** What a query gave: its tables as a grid, a chart or a graph. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { QueryResult, TimeRange } from "../api/query";
import { tellShortcuts } from "../shell/help";
import "./results.css";
import { TableView } from "./table_view";

export interface ResultsProps {
  readonly result: QueryResult;
  /** A query that says the same with one more condition, or a new one: it takes the place of the text that ran, and runs. */
  readonly onQuery: (query: string) => void;
  /** A query in a tab of its own, which runs. */
  readonly onNewTab: (query: string, title: string) => void;
  /** A span that was drawn in the histogram. */
  readonly onRange: (range: TimeRange) => void;
}

tellShortcuts("results", [
  { keys: "arrows Page Home End", does: "Move in the grid (with Ctrl to the edge, with Shift to choose cells)" },
  { keys: "Enter", does: "Open the cell" },
  { keys: "+ -", does: "Only rows with this value; only rows without it" },
  { keys: "Ctrl+C", does: "Copy the chosen cells" },
  { keys: "Shift+F10", does: "What else can be done with the cell" },
]);

/** Each result is shown anew: what was chosen in another says nothing of it. */
const numbers = new WeakMap<QueryResult, number>();
let newest = 0;

function numberOf(result: QueryResult): number {
  const known = numbers.get(result) ?? (newest += 1);
  numbers.set(result, known);
  return known;
}

export function ResultsView(props: ResultsProps): JSX.Element {
  return <Tables key={numberOf(props.result)} {...props} />;
}

function Tables(props: ResultsProps): JSX.Element {
  const { result } = props;
  const [index, choose] = useState(0);
  const table = result.tables[index];
  return (
    <section class="results" aria-label="Results">
      {result.tables.length > 1 && (
        <div class="tabs" role="tablist" aria-label="Tables">
          {result.tables.map((one, at) => (
            <button key={at} role="tab" class="plain" aria-selected={at === index} onClick={() => choose(at)}>
              {at + 1} · {one.rows.length.toLocaleString("en")} {one.rows.length === 1 ? "row" : "rows"}
            </button>
          ))}
        </div>
      )}
      {table === undefined ? <p class="quiet pad">The query gave no table.</p> : <TableView key={index} {...props} table={table} index={index} />}
    </section>
  );
}
