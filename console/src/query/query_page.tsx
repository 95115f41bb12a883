import { useState } from "preact/hooks";
import type { JSX } from "preact";
import { runQuery, type QueryResult } from "../api/query";
import { ResultsView } from "../results/results_view";
import { Editor } from "./editor";

export function QueryPage(): JSX.Element {
  const [result, show] = useState<QueryResult | null>(null);
  const run = (query: string): void => void runQuery(query).then(show, () => show(null));
  return (
    <div class="page">
      <Editor text="print 1" onChange={() => undefined} onRun={run} />
      {result && <ResultsView result={result} onQuery={run} onNewTab={run} onRange={() => undefined} />}
    </div>
  );
}
