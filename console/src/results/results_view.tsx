/** What a query gave: its tables as a grid, a chart or a graph. */
import type { JSX } from "preact";
import type { QueryResult, TimeRange } from "../api/query";

export interface ResultsProps {
  readonly result: QueryResult;
  /** A query that says the same with one more condition, or a new one: it takes the place of the text that ran, and runs. */
  readonly onQuery: (query: string) => void;
  /** A query in a tab of its own, which runs. */
  readonly onNewTab: (query: string, title: string) => void;
  /** A span that was drawn in the histogram. */
  readonly onRange: (range: TimeRange) => void;
}

export function ResultsView({ result }: ResultsProps): JSX.Element {
  return <p class="quiet">{result.tables[0]?.rows.length ?? 0} rows</p>;
}
