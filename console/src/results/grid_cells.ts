/** What stands in a grid's cells and heads, as nodes. */
import type { Cell, Column, KqlType, ResultTable } from "../api/query";
import { inertNode } from "../text/inert";
import { shownText } from "./values";

// A cell shows one line; the whole text is in the inspector.
const MOST_CHARACTERS = 300;
const CHARACTER_WIDTH = 7.3;
const WIDTHS: Readonly<Partial<Record<KqlType, number>>> = { datetime: 168, guid: 268, bool: 64 };

/** A cell's node: a null and an empty text are told apart from each other and from all others. */
export function cellNode(cell: Cell, type: KqlType): HTMLElement {
  if (cell === null || cell === undefined || cell === "") {
    const node = document.createElement("span");
    node.className = cell === "" ? "no-value empty" : "no-value";
    node.textContent = cell === "" ? '""' : "null";
    return node;
  }
  const text = shownText(cell, type);
  const node = inertNode(text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)} …` : text);
  node.className = type;
  return node;
}

/** A column's head: its name, its type, and the button of its menu. */
export function titleNode(column: Column): HTMLElement {
  const node = document.createElement("span");
  node.className = "head";
  const name = inertNode(column.name);
  name.className = "name";
  const more = document.createElement("button");
  more.className = "more plain";
  more.tabIndex = -1;
  more.textContent = "⋮";
  more.setAttribute("aria-label", `Column ${name.textContent}`);
  node.title = `${name.textContent}: ${column.type}`;
  const type = document.createElement("span");
  type.className = "type";
  type.textContent = column.type;
  node.append(name, type, more);
  return node;
}

/** A width that holds most of what the first rows have. */
export function columnWidth(table: ResultTable, index: number): number {
  const column = table.columns[index];
  if (column === undefined) return 100;
  const head = (column.name.length + column.type.length) * CHARACTER_WIDTH + 46;
  const step = Math.max(1, Math.floor(table.rows.length / 200));
  const lengths: number[] = [];
  for (let row = 0; row < table.rows.length; row += step) {
    const text = shownText(table.rows[row]?.[index] ?? null, column.type);
    lengths.push(Math.min(MOST_CHARACTERS, text.length));
  }
  lengths.sort((left, right) => left - right);
  const most = lengths[Math.floor(lengths.length * 0.97)] ?? 0;
  const known = WIDTHS[column.type] ?? 0;
  return Math.round(Math.min(420, Math.max(head, known, most * CHARACTER_WIDTH + 22)));
}
