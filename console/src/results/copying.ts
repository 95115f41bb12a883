/** Rows as text for the clipboard: separated values, Markdown, JSON. */
import type { KqlType, ResultTable } from "../api/query";
import { cellText, jsonText } from "./values";

interface Form {
  readonly separator: "\t" | ",";
  readonly hasHeader: boolean;
  /** Whether texts that a spreadsheet would compute get an apostrophe before them, as the server's CSV files have it. */
  readonly isGuarded?: boolean;
}

const FORMULA = /^[=+\-@\t\r]/;
const TEXTS: ReadonlySet<KqlType> = new Set<KqlType>(["string", "dynamic"]);

function quoted(text: string, separator: string): string {
  return /["\r\n]/.test(text) || text.includes(separator) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows and columns by their numbers. One cell alone is its text and nothing else. */
export function separated(table: ResultTable, rows: readonly number[], columns: readonly number[], form: Form): string {
  const only = table.rows[rows[0] ?? -1]?.[columns[0] ?? -1];
  if (!form.hasHeader && rows.length === 1 && columns.length === 1) return cellText(only);
  const guarded = (text: string): string => (form.isGuarded && FORMULA.test(text) ? `'${text}` : text);
  const written = (row: number, column: number): string => {
    const text = cellText(table.rows[row]?.[column]);
    return quoted(TEXTS.has(table.columns[column]?.type ?? "string") ? guarded(text) : text, form.separator);
  };
  const lines = rows.map((row) => columns.map((column) => written(row, column)).join(form.separator));
  const head = columns.map((column) => quoted(guarded(table.columns[column]?.name ?? ""), form.separator)).join(form.separator);
  return (form.hasHeader ? [head, ...lines] : lines).join("\r\n");
}

function markdownCell(text: string): string {
  return text.replace(/[\\|`*_<>[\]]/g, "\\$&").replace(/\r\n|\r|\n/g, " ");
}

/** A Markdown table. What Markdown would read as its own is escaped. */
export function markdown(table: ResultTable, rows: readonly number[], columns: readonly number[]): string {
  const line = (cells: string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(columns.map((column) => markdownCell(table.columns[column]?.name ?? ""))),
    line(columns.map(() => "---")),
    ...rows.map((row) => line(columns.map((column) => markdownCell(cellText(table.rows[row]?.[column]))))),
  ].join("\n");
}

/** A row as a JSON object, names with their values. */
export function rowJson(table: ResultTable, row: number): string {
  const inner = table.columns.map(
    (column, index) => `  ${JSON.stringify(column.name)}: ${jsonText(table.rows[row]?.[index] ?? null)}`,
  );
  return `{\n${inner.join(",\n")}\n}`;
}
