/** Cells as text, as times, and in order: what KQL's types mean to a page. */
import type { Cell, KqlType } from "../api/query";

const NUMBERS: ReadonlySet<KqlType> = new Set<KqlType>(["int", "long", "real", "decimal"]);

export function isNumber(type: KqlType): boolean {
  return NUMBERS.has(type);
}

/** Whether a cell holds nothing: null, or the empty string. */
export function isNothing(cell: Cell): boolean {
  return cell === null || cell === undefined || cell === "";
}

/** JSON text of a value that may hold bigints. `indent`: spaces a level, 0 for one line. */
export function jsonText(value: unknown, indent = 0, depth = 0): string {
  if (typeof value === "bigint") return value.toString();
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const end = indent ? `\n${" ".repeat(indent * depth)}` : "";
  const begin = indent ? `${end}${" ".repeat(indent)}` : "";
  const between = indent ? ": " : ":";
  const inner = Array.isArray(value)
    ? value.map((one) => jsonText(one, indent, depth + 1))
    : Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}${between}${jsonText(one, indent, depth + 1)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return inner.length ? `${open}${begin}${inner.join(`,${begin}`)}${end}${close}` : `${open}${close}`;
}

/** The whole text of a cell: what is copied, and counted as a value. A null is the empty text. */
export function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "string") return cell;
  return typeof cell === "object" ? jsonText(cell) : String(cell);
}

/** The text of a cell as a grid shows it: times without what is zero behind the point. */
export function shownText(cell: Cell, type: KqlType): string {
  if (type === "datetime" && typeof cell === "string") return datetimeText(cell);
  if (type === "timespan" && typeof cell === "string") return cell.replace(/\.?0+$/, (zeros) => (zeros[0] === "." ? "" : zeros));
  return cellText(cell);
}

/** 2026-06-18T12:00:00.1200000Z as 2026-06-18 12:00:00.12 */
export function datetimeText(text: string): string {
  const found = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/.exec(text);
  if (found === null) return text;
  const fraction = (found[3] ?? "").replace(/0+$/, "");
  return `${found[1]} ${found[2]}${fraction ? `.${fraction}` : ""}`;
}

/** Milliseconds of 1970 of a datetime cell, or NaN. What is finer than a millisecond is lost. */
export function milliseconds(cell: Cell): number {
  return typeof cell === "string" ? Date.parse(cell) : NaN;
}

const TICKS_A_SECOND = 10_000_000n;

/** Ticks (100 ns) of a timespan's text ("1.02:03:04.5"), or null for a text that is none. */
export function ticks(text: string): bigint | null {
  const found = /^(-?)(?:(\d+)\.)?(\d+):(\d\d):(\d\d)(?:\.(\d{1,7}))?$/.exec(text);
  if (found === null) return null;
  const [, sign, days, hours, minutes, seconds, fraction] = found;
  const whole = ((BigInt(days ?? 0) * 24n + BigInt(hours ?? 0)) * 60n + BigInt(minutes ?? 0)) * 60n + BigInt(seconds ?? 0);
  const all = whole * TICKS_A_SECOND + BigInt((fraction ?? "").padEnd(7, "0"));
  return sign === "-" ? -all : all;
}

/** A cell as a number to draw or to measure with (times: milliseconds of 1970, timespans: seconds), or NaN. */
export function magnitude(cell: Cell, type: KqlType): number {
  if (cell === null || cell === undefined || cell === "") return NaN;
  if (type === "datetime") return milliseconds(cell);
  if (type === "timespan") return Number(ticks(String(cell)) ?? NaN) / 1e7;
  if (isNumber(type) || typeof cell === "number" || typeof cell === "bigint") return Number(cell);
  return NaN;
}

type Key = string | number | bigint;

/** What a cell is ordered by, or null for a null. Keys of one type compare by `<`. */
function key(cell: Cell, type: KqlType): Key | null {
  if (cell === null || cell === undefined) return null;
  if (type === "timespan") return ticks(String(cell)) ?? 0n;
  if (type === "int" || type === "long") return cell as number | bigint;
  if (type === "real" || type === "bool") return Number(cell);
  return type === "decimal" ? String(cell) : cellText(cell);
}

function compareDecimals(left: string, right: string): number {
  const difference = Number(left) - Number(right);
  if (Math.abs(difference) > 1e-9 * Math.abs(Number(left)) || left === right) return difference;
  const places = (text: string): number => text.split(".")[1]?.length ?? 0;
  const scale = Math.max(places(left), places(right));
  const scaled = (text: string): bigint => BigInt(text.replace(".", "") + "0".repeat(scale - places(text)));
  return Number(scaled(left) - scaled(right));
}

function compareKeys(left: Key, right: Key): number {
  if (left < right) return -1;
  if (left > right) return 1;
  // What is no number comes behind those that are.
  return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
}

/** The order of rows by a column: indexes into `cells`. Nulls are last in both directions, equals stay as they were. */
export function sortedOrder(cells: readonly Cell[], type: KqlType, descending: boolean): Uint32Array {
  const keys = cells.map((cell) => key(cell, type));
  const compare = type === "decimal" ? (a: Key, b: Key): number => compareDecimals(String(a), String(b)) : compareKeys;
  const sign = descending ? -1 : 1;
  return Uint32Array.from(keys.keys()).sort((a, b) => {
    const left = keys[a] ?? null;
    const right = keys[b] ?? null;
    if (left === null || right === null) return Number(left === null) - Number(right === null) || a - b;
    return sign * compare(left, right) || a - b;
  });
}
