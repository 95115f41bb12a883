/** What tables there are, as the server tells it: kept once for the tree, the editor and the time picker. */
import { signal } from "@preact/signals";
import type { KqlType } from "../api/query";
import { ApiError, getJson, path, sendJson } from "../api/client";

export interface TableColumn {
  readonly name: string;
  readonly type: KqlType;
  readonly help: string | null;
  /** The share of rows that have a value; only a table that was asked for by itself has it. */
  readonly fill?: number | null;
  readonly fillRows?: number | null;
}

export interface TableInfo {
  readonly name: string;
  readonly kind: "table" | "function" | "watchlist";
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly first: string | null;
  readonly last: string | null;
  readonly timeColumn: string | null;
  readonly columns: readonly TableColumn[];
}

export const tables = signal<readonly TableInfo[] | null>(null);
/** Tables with what each column holds, by name: those that were opened. */
export const details = signal<ReadonlyMap<string, TableInfo>>(new Map());
export const tablesError = signal<string | null>(null);

/** Asks for the tables anew; what is known of columns stays. */
export async function loadTables(): Promise<void> {
  tablesError.value = null;
  try {
    tables.value = (await getJson<{ tables: TableInfo[] }>("/api/tables")).tables;
  } catch (error) {
    tablesError.value = error instanceof ApiError ? error.message : String(error);
  }
}

/** Forgets what was known, and asks anew: for those tables too that were opened. */
export async function reloadTables(): Promise<void> {
  const opened = [...details.value.keys()];
  details.value = new Map();
  await loadTables();
  await Promise.allSettled(opened.map(loadDetails));
}

export async function loadDetails(name: string): Promise<void> {
  if (details.value.has(name)) return;
  const found = await getJson<TableInfo>(path("/api/tables", name));
  details.value = new Map(details.value).set(name, found);
}

/** The newest time of any table, ISO text, or null where none is known. */
export function newest(): string | null {
  const times = (tables.value ?? []).flatMap((table) => (table.last === null ? [] : [table.last]));
  return times.length === 0 ? null : times.reduce((one, other) => (Date.parse(other) > Date.parse(one) ? other : one));
}

/** A name as KQL has it: bare, or in brackets. */
export function quoted(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `['${name.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}']`;
}

interface Documented {
  Name: string;
  DocString?: string;
}

/** The document of `.show schema as json`. */
export interface ShownSchema {
  Plugins: unknown[];
  Databases: Record<string, { Tables: Record<string, Documented & { OrderedColumns: Documented[] }> }>;
}

/** The schema for the language service, with our help of each column in it. */
export async function shownSchema(): Promise<ShownSchema> {
  const answer = await sendJson<{ Tables: { Rows: [string][] }[] }>("POST", "/v1/rest/mgmt", { csl: ".show schema as json" });
  const schema = JSON.parse(answer.Tables[0]?.Rows[0]?.[0] ?? '{"Databases":{}}') as ShownSchema;
  const help = new Map((tables.value ?? []).map((table) => [table.name, table]));
  for (const database of Object.values(schema.Databases)) {
    for (const table of Object.values(database.Tables)) {
      const texts = new Map(help.get(table.Name)?.columns.map((column) => [column.name, column.help]));
      for (const column of table.OrderedColumns) column.DocString = texts.get(column.Name) ?? "";
    }
  }
  return { ...schema, Plugins: schema.Plugins ?? [] };
}
