/** The query room: tables at the left, tabs with the editor over what their queries gave. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import "../parts/list.css";
import { Split } from "../parts/split";
import { SchemaTree } from "../schema/schema_tree";
import { tellShortcuts } from "../shell/help";
import { go, place } from "../shell/router";
import { Inert } from "../text/inert";
import { Editor, handle } from "./editor";
import { HistoryPanel } from "./history_panel";
import { ProblemsList } from "./problems_list";
import "./query.css";
import { ResultArea } from "./result_area";
import { cancel, run, runState } from "./running";
import { sharedBy } from "./share";
import { queries, type Piece } from "./statements";
import { TabBar } from "./tab_bar";
import { activeTab, addTab, changeTab, openQuery, tabs, wantsRun } from "./tabs";
import { Toolbar } from "./toolbar";

tellShortcuts("query", [
  { keys: "Shift Enter", does: "Run all" },
  { keys: "Ctrl Enter", does: "Run the selection, or the query at the cursor" },
  { keys: "Ctrl Space", does: "Complete" },
  { keys: "Shift Alt F", does: "Format" },
  { keys: "Ctrl /", does: "Comment" },
  { keys: "F2, Delete", does: "On a tab: rename, close" },
  { keys: "Enter, Shift Enter", does: "In the tree: insert the name; run take 100, or a count by the column" },
]);

function start(pieces: readonly Piece[]): void {
  const tab = activeTab();
  if (pieces.length === 0) return;
  void run({ tab: tab.id, title: tab.title, pieces, whole: tab.text, time: tab.time });
}

/** The query of an address goes into a tab, and the address becomes a plain one: going back does not open it again. */
function useSharedLink(): string | null {
  const [problem, tell] = useState<string | null>(null);
  const here = place.value;
  useEffect(() => {
    sharedBy(here).then(
      (shared) => {
        if (shared === null) return;
        history.replaceState(null, "", "#/query");
        addTab(shared.text, shared.title, shared.time);
      },
      () => tell("This link does not hold a query."),
    );
  }, [here]);
  return problem;
}

export function QueryPage(): JSX.Element {
  const [side, choose] = useState<"tables" | "history">("tables");
  const problem = useSharedLink();
  const tab = activeTab();
  const state = runState(tab.id).value;
  const wanted = wantsRun.value;

  useEffect(() => {
    const asked = tabs.value.find((one) => one.id === wanted);
    wantsRun.value = null;
    if (asked !== undefined) void run({ tab: asked.id, title: asked.title, pieces: queries(asked.text), whole: asked.text, time: asked.time });
  }, [wanted]);

  const runAll = (): void => start(handle.value?.all() ?? queries(activeTab().text));
  const runCurrent = (): void => start(handle.value?.current() ?? []);
  const runNew = (query: string, title: string): void => openQuery(query, title, { time: activeTab().time, run: true });
  const insert = (text: string): void => handle.value?.insert(text);

  return (
    <div class="query-room">
      <Split name="schema" label="Width of the tables" direction="row" initial={290} least={180} leaves={480}>
        <aside class="side" aria-label="Tables and history">
          <div class="sides" role="tablist" aria-label="Side">
            {(["tables", "history"] as const).map((name) => (
              <button key={name} class="plain" role="tab" aria-selected={side === name} onClick={() => choose(name)}>
                {name === "tables" ? "Tables" : "History"}
              </button>
            ))}
          </div>
          {side === "tables" ? <SchemaTree onInsert={insert} onRun={runNew} /> : <HistoryPanel />}
        </aside>
        <div class="work">
          <TabBar />
          <Toolbar
            tab={tab}
            run={state}
            onRun={runAll}
            onCancel={() => cancel(tab.id)}
            onTime={(time) => changeTab(tab.id, { time })}
          />
          {problem !== null && (
            <p class="error query-notice">
              <Inert text={problem} /> <button onClick={() => go("query")}>Away with it</button>
            </p>
          )}
          <Split name="editor" label="Height of the editor" direction="column" initial={260} least={90} leaves={120}>
            <div class="writing">
              <Editor onEdit={(id, text) => changeTab(id, { text })} onRunAll={runAll} onRunCurrent={runCurrent} />
              <ProblemsList />
            </div>
            <ResultArea
              key={tab.id}
              run={state}
              onQuery={(piece, query) => {
                const replaced = handle.value?.replace(piece, query) ?? null;
                if (replaced === null) runNew(query, tab.title);
                else start([replaced]);
              }}
              onNewTab={runNew}
              onRange={({ from, to }) => {
                changeTab(tab.id, { time: { kind: "between", from, to } });
                start(state.results.length > 0 ? state.results.map((one) => one.piece) : queries(tab.text));
              }}
            />
          </Split>
        </div>
      </Split>
    </div>
  );
}
