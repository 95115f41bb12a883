/** Cells of rows as text. */
import type { Cell } from "../api/query";

/** What a cell reads as: dynamic values as JSON, absent ones as nothing. */
export function cellText(value: Cell): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** The first column of which every row has an instant, or -1. */
export function timeColumn(rows: readonly (readonly Cell[])[]): number {
  const wide = rows[0]?.length ?? 0;
  for (let column = 0; column < wide; column += 1) {
    if (rows.every((row) => INSTANT.test(cellText(row[column])))) return column;
  }
  return -1;
}
