/** What can be done with a cell, and with a column. */
import type { Cell, ResultTable } from "../api/query";
import { Inert } from "../text/inert";
import type { CellPlace } from "./grid_input";
import { columnName, condition, type Comparison } from "./kql_text";
import type { MenuItem } from "./menu";
import type { Side } from "./side_panel";
import { cellText, isNothing } from "./values";

export interface Actions {
  readonly filter: (column: number, cell: Cell, comparison: Comparison) => void;
  readonly edit: (operator: string) => void;
  readonly open: (place: CellPlace, side: Side) => void;
  readonly copyCell: (place: CellPlace) => void;
  readonly copyChosen: () => void;
  readonly copyRow: (place: CellPlace) => void;
  readonly sort: (column: number, descending: boolean | null) => void;
  readonly hide: (column: number) => void;
}

const LONG = 56;

function shortened(text: string): string {
  return text.length > LONG ? `${text.slice(0, LONG)}…` : text;
}

export function cellMenu(table: ResultTable, place: CellPlace, actions: Actions): MenuItem[] {
  const column = table.columns[place.column];
  if (column === undefined) return [];
  const cell = table.rows[place.row]?.[place.column] ?? null;
  const compare = (comparison: Comparison, hint?: string): MenuItem => ({
    label: <code><Inert text={shortened(condition(column, cell, comparison))} /></code>,
    ...(hint ? { hint } : {}),
    act: () => actions.filter(place.column, cell, comparison),
  });
  const hasWords = !isNothing(cell) && (column.type === "string" || column.type === "dynamic") && /[\p{L}\p{N}]/u.test(cellText(cell));
  return [
    compare("==", "+"),
    compare("!=", "−"),
    ...(hasWords ? [compare("has")] : []),
    ...emptiness(column.type, columnName(column.name), actions),
    { label: "Open the cell", hint: "Enter", isApart: true, act: () => actions.open(place, "cell") },
    { label: "Open the row", act: () => actions.open(place, "row") },
    { label: "Look for it in all tables", isDisabled: isNothing(cell), act: () => actions.open(place, "everywhere") },
    { label: "Column statistics", act: () => actions.open(place, "column") },
    { label: "Sort by the column, upwards", act: () => actions.sort(place.column, false) },
    { label: "Sort by the column, downwards", act: () => actions.sort(place.column, true) },
    { label: "Hide the column", act: () => actions.hide(place.column) },
    { label: "Copy the cell", isApart: true, act: () => actions.copyCell(place) },
    { label: "Copy what is chosen, with names", act: actions.copyChosen },
    { label: "Copy the row as JSON", act: () => actions.copyRow(place) },
  ];
}

function emptiness(type: string, name: string, actions: Actions): MenuItem[] {
  const [is, isNot] = type === "string" ? ["isempty", "isnotempty"] : ["isnull", "isnotnull"];
  return [is, isNot].map((test) => ({
    label: <code><Inert text={shortened(`${test}(${name})`)} /></code>,
    act: () => actions.edit(`where ${test}(${name})`),
  }));
}

export function columnMenu(table: ResultTable, column: number, row: number, actions: Actions): MenuItem[] {
  const head = table.columns[column];
  if (head === undefined) return [];
  return [
    { label: "Sort upwards", act: () => actions.sort(column, false) },
    { label: "Sort downwards", act: () => actions.sort(column, true) },
    { label: "In the query's order", act: () => actions.sort(column, null) },
    { label: "Statistics", isApart: true, act: () => actions.open({ row, column }, "column") },
    { label: "Hide", act: () => actions.hide(column) },
    ...emptiness(head.type, columnName(head.name), actions).map((item, index) => ({ ...item, isApart: index === 0 })),
  ];
}
