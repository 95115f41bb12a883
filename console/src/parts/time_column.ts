/** The column of rows that says when. */
import type { Cell } from "../api/query";
import { cellText } from "../results/values";

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** The first column of which every row has an instant, or -1. */
export function timeColumn(rows: readonly (readonly Cell[])[]): number {
  const wide = rows[0]?.length ?? 0;
  for (let column = 0; column < wide; column += 1) {
    if (rows.every((row) => INSTANT.test(cellText(row[column])))) return column;
  }
  return -1;
}
