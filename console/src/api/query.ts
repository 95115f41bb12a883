/** Queries by Kusto's own protocol (REST v2): rows, what `render` asked for, and errors. */
import { ApiError, request, sendJson } from "./client";
import { parseExactly } from "./exactly";

export type KqlType = "bool" | "datetime" | "decimal" | "dynamic" | "guid" | "int" | "long" | "real" | "string" | "timespan";

/**
 * A cell as the wire has it: datetimes, timespans, guids and decimals are texts, dynamic values are as JSON has them.
 * An integer that no double holds is a bigint, wherever it stands.
 */
export type Cell = unknown;

export interface Column {
  readonly name: string;
  readonly type: KqlType;
}

export interface ResultTable {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  /** What `render` asked for: its kind ("timechart", ...) and properties; null without it. */
  readonly visualization: Readonly<Record<string, unknown>> | null;
}

export interface QueryResult {
  readonly query: string;
  /** The span that it was asked for; null for all times. */
  readonly range: TimeRange | null;
  readonly tables: readonly ResultTable[];
  /** Milliseconds from the request to the last row. */
  readonly milliseconds: number;
  /** Why rows are missing (a limit, a time-out), or null: the rows are all. */
  readonly incomplete: string | null;
}

/** A span of time by the tables' own time columns, ISO texts; `from` is within, `to` is not. */
export interface TimeRange {
  readonly from: string | null;
  readonly to: string | null;
}

export interface RunOptions {
  readonly range?: TimeRange;
  readonly signal?: AbortSignal;
  readonly database?: string;
  /** The request's id, by which it can be cancelled. */
  readonly id?: string;
}

interface Frame {
  FrameType: string;
  TableKind?: string;
  TableName?: string;
  Columns?: { ColumnName: string; ColumnType: KqlType }[];
  Rows?: unknown[][];
  HasErrors?: boolean;
  OneApiErrors?: { error?: { code?: string; "@message"?: string; message?: string } }[];
}

export function newQueryId(): string {
  // Pages that come by plain HTTP from another machine have no randomUUID.
  const parts = crypto.getRandomValues(new Uint32Array(4));
  return `console;${[...parts].map((part) => part.toString(16).padStart(8, "0")).join("")}`;
}

/** Ends a query that runs, on the server too. */
export async function cancelQuery(id: string): Promise<void> {
  await sendJson<unknown>("POST", "/v1/rest/mgmt", { csl: `.cancel query "${id}"` });
}

/** Runs a query. Throws ApiError where it is refused, or fails before its first row. */
export async function runQuery(query: string, options: RunOptions = {}): Promise<QueryResult> {
  const began = performance.now();
  const id = options.id ?? newQueryId();
  const scope: Record<string, string> = {};
  if (options.range?.from) scope["query_datetimescope_from"] = options.range.from;
  if (options.range?.to) scope["query_datetimescope_to"] = options.range.to;
  const body = { db: options.database ?? null, csl: query, properties: { Options: scope } };
  const init: RequestInit = { headers: { "x-ms-client-request-id": id } };
  if (options.signal) init.signal = options.signal;
  const response = await request("POST", "/v2/rest/query", body, init);
  const frames = parseExactly(await response.text()) as Frame[];
  return { query, range: options.range ?? null, ...read(frames), milliseconds: performance.now() - began };
}

function read(frames: Frame[]): { tables: ResultTable[]; incomplete: string | null } {
  const shown = visualizations(frames);
  const results = frames.filter((frame) => frame.FrameType === "DataTable" && frame.TableKind === "PrimaryResult");
  let incomplete: string | null = null;
  const tables = results.map((frame, index) => {
    const rows = frame.Rows ?? [];
    const last = rows.at(-1);
    // An error within rows is an object in the place of a row: it is the last.
    if (last !== undefined && !Array.isArray(last)) {
      incomplete = message(last as { OneApiErrors?: Frame["OneApiErrors"] });
    }
    return {
      name: frame.TableName ?? `Table_${index}`,
      columns: (frame.Columns ?? []).map((column) => ({ name: column.ColumnName, type: column.ColumnType })),
      rows: rows.filter((row) => Array.isArray(row)),
      visualization: shown[index] ?? null,
    };
  });
  const completion = frames.find((frame) => frame.FrameType === "DataSetCompletion");
  if (completion?.HasErrors) {
    incomplete ??= message(completion);
    if (tables.length === 0) throw new ApiError(400, "QueryFailed", incomplete);
  }
  return { tables, incomplete };
}

function message(from: { OneApiErrors?: Frame["OneApiErrors"] }): string {
  const error = from.OneApiErrors?.[0]?.error;
  return error?.["@message"] ?? error?.message ?? "The query did not end well.";
}

/** What `render` asked for, a result each: the extended properties hold it as JSON text. */
function visualizations(frames: Frame[]): (Record<string, unknown> | null)[] {
  const table = frames.find((frame) => frame.TableKind === "QueryProperties");
  const found: (Record<string, unknown> | null)[] = [];
  for (const row of table?.Rows ?? []) {
    if (row[1] !== "Visualization") continue;
    try {
      const value = JSON.parse(String(row[2])) as Record<string, unknown>;
      found.push(value["Visualization"] ? value : null);
    } catch {
      found.push(null);
    }
  }
  return found;
}

export interface Problem {
  severity: "error" | "warning" | "info" | string;
  code: string;
  message: string;
  note: string | null;
  hint: string | null;
  /** Offsets of characters from 0. */
  start: number;
  end: number;
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
}

export interface Analysis {
  columns: Column[];
  diagnostics: Problem[];
}

/** Columns and problems of a query that is not run. Lines and columns count characters from 1. */
export async function analyze(query: string): Promise<Analysis> {
  return sendJson<Analysis>("POST", "/api/analyze", { query });
}
