/** A value looked for in every table: what each is asked, by the types of its columns. */
import type { Cell, Column, KqlType, TimeRange } from "../api/query";
import { runQuery } from "../api/query";
import { getJson } from "../api/client";
import { columnName, literal, stringLiteral } from "./kql_text";
import { cellText } from "./values";

interface Table {
  readonly name: string;
  readonly kind: string;
  readonly columns: readonly Column[];
}

export interface Question {
  readonly table: string;
  /** Gives the rows that have the value. */
  readonly query: string;
}

const SAME: Readonly<Partial<Record<KqlType, readonly KqlType[]>>> = {
  int: ["int", "long"],
  long: ["int", "long"],
  string: ["string", "dynamic", "guid"],
  dynamic: ["string", "dynamic", "guid"],
  guid: ["string", "dynamic", "guid"],
};
const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

function wanted(column: Column, cell: Cell, type: KqlType): string | null {
  if (!(SAME[type] ?? [type]).includes(column.type)) return null;
  const name = columnName(column.name);
  const text = cellText(cell);
  if (column.type === "guid") return GUID.test(text) ? `${name} == guid(${text})` : null;
  if (column.type === "string" || column.type === "dynamic") return `${name} has ${stringLiteral(text)}`;
  return `${name} == ${literal(cell, type)}`;
}

/** What every table that may hold the value is asked. */
export async function questions(cell: Cell, type: KqlType, signal: AbortSignal): Promise<Question[]> {
  const { tables } = await getJson<{ tables: Table[] }>("/api/tables", signal);
  return tables.flatMap((table) => {
    if (table.kind !== "table") return [];
    const conditions = table.columns.map((column) => wanted(column, cell, type)).filter((one) => one !== null);
    if (conditions.length === 0) return [];
    return [{ table: table.name, query: `${columnName(table.name)}\n| where ${conditions.join("\n    or ")}` }];
  });
}

/** How many rows a question finds. Throws ApiError. */
export async function hits(question: Question, range: TimeRange | null, signal: AbortSignal): Promise<number> {
  const result = await runQuery(`${question.query}\n| count`, { signal, ...(range ? { range } : {}) });
  return Number(result.tables[0]?.rows[0]?.[0] ?? 0);
}
