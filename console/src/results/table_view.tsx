/** One table of a result: the bar above it, the ways to look at it, and the panel beside it. */
import type { JSX } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import type { Cell, ResultTable } from "../api/query";
import { Inert } from "../text/inert";
import { Chart } from "./chart";
import { isChart, wanted } from "./chart_data";
import { markdown, rowJson, separated } from "./copying";
import { copyText, download, type FileFormat } from "./exporting";
import { Graph } from "./graph";
import { graphColumns } from "./graph_data";
import { Grid } from "./grid";
import type { CellPlace, GridHandlers } from "./grid_input";
import type { GridTable } from "./grid_table";
import { Histogram } from "./histogram";
import { columnName, condition, stringLiteral, withOperator, type Comparison } from "./kql_text";
import { cellMenu, columnMenu } from "./menus";
import { Menu, type MenuItem, type MenuPlace } from "./menu";
import type { ResultsProps } from "./results_view";
import { SidePanel, type Side } from "./side_panel";
import { timeColumn } from "./time_bins";
import { cellText } from "./values";

type View = "grid" | "chart" | "graph";

interface Props extends ResultsProps {
  readonly table: ResultTable;
  readonly index: number;
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function TableView({ table, index, result, onQuery, onNewTab, onRange }: Props): JSX.Element {
  const want = useMemo(() => (table.visualization ? wanted(table.visualization) : null), [table]);
  const [view, look] = useState<View>(want && isChart(want.kind) ? "chart" : "grid");
  const [side, open] = useState<Side | null>(null);
  const [cell, choose] = useState<CellPlace>({ row: 0, column: 0 });
  const [menu, show] = useState<MenuPlace | null>(null);
  const [said, say] = useState("");
  const [isBusy, work] = useState(false);
  const [hasTimes, showTimes] = useState(true);
  const [, refresh] = useState(0);
  const grid = useRef<GridTable | null>(null);
  const hasGraph = useMemo(() => graphColumns(table) !== null, [table]);

  const edit = (operator: string): void => {
    const query = withOperator(result.query, operator, index);
    if (query === null) say("This query's text has no place for one more condition on this result.");
    else onQuery(query);
  };
  const filter = (column: number, value: Cell, comparison: Comparison): void => {
    const head = table.columns[column];
    if (head) edit(`where ${condition(head, value, comparison)}`);
  };
  const leaf = (path: readonly (string | number)[], value: unknown): void => {
    const steps = path.map((step) => (typeof step === "number" ? `[${step}]` : `[${stringLiteral(step)}]`)).join("");
    const nested = `${columnName(table.columns[cell.column]?.name ?? "")}${steps}`;
    edit(value === null ? `where isnull(${nested})` : `where tostring(${nested}) == ${stringLiteral(cellText(value))}`);
  };
  const copy = (text: string, what: string): void => {
    copyText(text).then(
      () => say(`Copied ${what}.`),
      () => say("The browser does not let this page copy."),
    );
  };
  const valueAt = (place: CellPlace): Cell => table.rows[place.row]?.[place.column] ?? null;

  const actions = {
    filter,
    edit,
    open: (place: CellPlace, which: Side) => {
      choose(place);
      open(which);
    },
    copyCell: (place: CellPlace) => copy(cellText(valueAt(place)), "the cell"),
    copyChosen: () => {
      const chosen = grid.current?.chosen();
      if (chosen) copy(separated(table, chosen.rows, chosen.columns, { separator: "\t", hasHeader: true }), "the cells, with their names");
    },
    copyRow: (place: CellPlace) => copy(rowJson(table, place.row), "the row as JSON"),
    sort: (column: number, descending: boolean | null) => grid.current?.sort(column, descending),
    hide: (column: number) => grid.current?.hide(column, true),
  };
  const handlers: GridHandlers = {
    onSelect: choose,
    onOpen: (place) => actions.open(place, "cell"),
    onFilter: (place, comparison) => filter(place.column, valueAt(place), comparison),
    onCellMenu: (place, x, y) => show({ x, y, name: "Cell", items: cellMenu(table, place, actions) }),
    onColumnMenu: (column, x, y) => show({ x, y, name: "Column", items: columnMenu(table, column, cell.row, actions) }),
    onChange: () => refresh((count) => count + 1),
  };

  const below = (event: MouseEvent, name: string, items: readonly MenuItem[]): void => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    show({ x: box.left, y: box.bottom + 2, name, items });
  };
  const save = (format: FileFormat): void => {
    work(true);
    download(result, index, format)
      .then(() => say(`Saved as ${format}.`))
      .catch((error: unknown) => say(words(error)))
      .finally(() => work(false));
  };
  const onScreen = (): { rows: number[]; columns: number[] } => {
    const shown = grid.current;
    return { rows: [...(shown?.shownRows() ?? table.rows.keys())], columns: shown?.shownColumns() ?? [...table.columns.keys()] };
  };
  const exports: MenuItem[] = [
    { label: "CSV file", act: () => save("csv") },
    { label: "JSON file", act: () => save("json") },
    { label: "Parquet file", act: () => save("parquet") },
    {
      label: "Copy as CSV",
      isApart: true,
      act: () => copy(separated(table, onScreen().rows, onScreen().columns, { separator: ",", hasHeader: true, isGuarded: true }), "all rows as CSV"),
    },
    { label: "Copy as Markdown", act: () => copy(markdown(table, onScreen().rows, onScreen().columns), "all rows as Markdown") },
  ];
  const columnItems = (): MenuItem[] => [
    { label: "Show all", act: () => [...(grid.current?.hidden ?? [])].forEach((one) => grid.current?.hide(one, false)) },
    ...table.columns.map((column, at) => {
      const isHidden = grid.current?.hidden.has(at) ?? false;
      return { label: <>{isHidden ? "☐" : "☑"} <Inert text={column.name} /></>, isApart: at === 0, act: () => grid.current?.hide(at, !isHidden) };
    }),
  ];

  const hiddenCount = grid.current?.hidden.size ?? 0;
  const views: [View, string, boolean][] = [
    ["grid", "Grid", true],
    ["chart", "Chart", want !== null && isChart(want.kind)],
    ["graph", "Graph", table.columns.length > 1 && table.rows.length > 0],
  ];
  return (
    <>
      <div class="results-bar">
        <div class="views" role="group" aria-label="View">
          {views.map(([name, label, isThere]) => (
            <button key={name} aria-pressed={view === name} disabled={!isThere} onClick={() => look(name)} title={name === "graph" && hasGraph ? "Process → destination" : ""}>
              {label}
            </button>
          ))}
        </div>
        <span class="count">
          <strong>{table.rows.length.toLocaleString("en")}</strong> {table.rows.length === 1 ? "row" : "rows"}
          <span class="quiet"> · {table.columns.length} columns</span>
        </span>
        {want && want.kind !== "table" && !isChart(want.kind) && <span class="quiet">There is no {want.kind} here: the rows are in the grid.</span>}
        <span class="said quiet" role="status">{said}</span>
        {view === "grid" && timeColumn(table) !== null && (
          <button class="plain" aria-pressed={hasTimes} onClick={() => showTimes(!hasTimes)}>Times</button>
        )}
        {view === "grid" && (
          <button class="plain" aria-haspopup="menu" onClick={(event) => below(event, "Columns", columnItems())}>
            Columns{hiddenCount ? ` (${hiddenCount} hidden)` : ""} ▾
          </button>
        )}
        <button class="plain" aria-pressed={side !== null} onClick={() => open(side === null ? "cell" : null)}>Details</button>
        <button class="plain" aria-haspopup="menu" disabled={isBusy} onClick={(event) => below(event, "Export", exports)}>
          {isBusy ? "Exporting …" : "Export ▾"}
        </button>
      </div>
      {view === "grid" && hasTimes && <Histogram table={table} onRange={onRange} />}
      <div class="results-body">
        <div class="view">
          {view === "grid" && <Grid table={table} handlers={handlers} onReady={(ready) => (grid.current = ready)} />}
          {view === "grid" && table.rows.length === 0 && <p class="no-rows quiet">The query gave no rows.</p>}
          {view === "chart" && want && <Chart table={table} want={want} />}
          {view === "graph" && <Graph table={table} onFilter={filter} />}
        </div>
        {side !== null && (
          <SidePanel
            table={table}
            place={cell}
            side={side}
            range={result.range}
            onSide={open}
            onPlace={choose}
            onFilter={filter}
            onLeaf={leaf}
            onNewTab={onNewTab}
            onClose={() => {
              open(null);
              grid.current?.focus();
            }}
          />
        )}
      </div>
      {menu && <Menu menu={menu} onClose={() => show(null)} />}
    </>
  );
}
