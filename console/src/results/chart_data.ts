/** What `render` draws: which column is x, which are series, which are values, by Kusto's rules. */
import type { Cell, Column, KqlType, ResultTable } from "../api/query";
import { cellText, isNumber, magnitude, shownText } from "./values";

/** What `render` asked for; names as in the result's visualization. */
export interface Wanted {
  readonly kind: string;
  readonly title: string;
  readonly x: string | null;
  readonly y: readonly string[];
  readonly series: readonly string[];
  readonly anomalies: readonly string[];
  readonly xTitle: string;
  readonly yTitle: string;
  readonly isLogX: boolean;
  readonly isLogY: boolean;
  readonly hasLegend: boolean;
  readonly accumulates: boolean;
  /** "default", "stacked", "stacked100" or "unstacked"; of a pie "donut" too. */
  readonly way: string;
  /** "none", "axes" or "panels". */
  readonly split: string;
  readonly least: number | null;
  readonly most: number | null;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function names(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return text(value).split(",").map((name) => name.trim()).filter((name) => name !== "");
}

function bound(value: unknown): number | null {
  const number = value === null || value === undefined || value === "" ? NaN : Number(value);
  return Number.isFinite(number) ? number : null;
}

export function wanted(visualization: Readonly<Record<string, unknown>>): Wanted {
  const of = (name: string): unknown => visualization[name];
  return {
    kind: text(of("Visualization")).toLowerCase(),
    title: text(of("Title")),
    x: text(of("XColumn")) || null,
    y: names(of("YColumns")),
    series: names(of("Series")),
    anomalies: names(of("AnomalyColumns")),
    xTitle: text(of("XTitle")),
    yTitle: text(of("YTitle")),
    isLogX: of("XAxis") === "log",
    isLogY: of("YAxis") === "log",
    hasLegend: of("Legend") !== "hidden",
    accumulates: of("Accumulate") === true || of("Accumulate") === "true",
    way: text(of("Kind")).toLowerCase() || "default",
    split: text(of("YSplit")).toLowerCase() || "none",
    least: bound(of("Ymin")),
    most: bound(of("Ymax")),
  };
}

export const TIME_CHARTS = new Set(["timechart", "anomalychart"]);
const CHARTS = new Set([
  ...TIME_CHARTS,
  ...["linechart", "areachart", "stackedareachart", "columnchart", "barchart", "piechart", "scatterchart", "card"],
]);

export function isChart(kind: string): boolean {
  return CHARTS.has(kind);
}

export interface Point {
  readonly x: Cell;
  readonly y: number;
}

export interface Series {
  readonly name: string;
  /** The column that its values are from. */
  readonly column: string;
  readonly points: Point[];
}

export interface ChartData {
  readonly x: Column;
  /** Whether x is a measure (a number, a time), or names of things. */
  readonly isMeasured: boolean;
  readonly series: readonly Series[];
  /** Points that `anomalychart` marks. */
  readonly anomalies: readonly { series: string; x: Cell; y: number }[];
  /** Words about what was left out, or "". */
  readonly left: string;
}

const MOST_SERIES = 60;

/** Columns by their names: exactly, else in any case. */
function find(table: ResultTable, name: string): number {
  const exact = table.columns.findIndex((column) => column.name === name);
  return exact >= 0 ? exact : table.columns.findIndex((column) => column.name.toLowerCase() === name.toLowerCase());
}

/** Rows of arrays (`make-series`) as a row a step; the table itself where it has none. */
export function withoutArrays(table: ResultTable): ResultTable {
  const first = table.rows[0];
  const arrays = table.columns.flatMap((column, index) => (column.type === "dynamic" && Array.isArray(first?.[index]) ? [index] : []));
  const times = arrays.filter((index) => /^\d{4}-\d\d-\d\dT/.test(String((first?.[index] as Cell[])[0])));
  if (arrays.length === 0 || table.columns.some((column) => column.type === "datetime")) return table;
  const columns = table.columns.map((column, index): Column => {
    const type: KqlType = times.includes(index) ? "datetime" : arrays.includes(index) ? "real" : column.type;
    return { name: column.name, type };
  });
  const rows: Cell[][] = [];
  for (const row of table.rows) {
    const long = Math.max(...arrays.map((index) => (Array.isArray(row[index]) ? (row[index] as Cell[]).length : 0)));
    for (let step = 0; step < long; step += 1) {
      rows.push(row.map((cell, index) => (arrays.includes(index) ? ((cell as Cell[] | null)?.[step] ?? null) : cell)));
    }
  }
  return { ...table, columns, rows };
}

function xColumn(table: ResultTable, want: Wanted): number {
  if (want.x !== null) return find(table, want.x);
  if (TIME_CHARTS.has(want.kind)) return table.columns.findIndex((column) => column.type === "datetime");
  if (want.kind === "scatterchart" || want.kind === "linechart") {
    const measured = table.columns.findIndex((column) => column.type === "datetime" || isNumber(column.type));
    return measured;
  }
  return 0;
}

interface Roles {
  readonly x: number;
  readonly y: number[];
  readonly series: number[];
}

/** Which column is what, or words that say why that cannot be told. */
function roles(table: ResultTable, want: Wanted): Roles | string {
  const x = xColumn(table, want);
  if (x < 0) return want.x ? `There is no column ${want.x}.` : "A time axis needs a datetime column.";
  const given = want.series.map((name) => find(table, name)).filter((index) => index >= 0);
  const flags = new Set(want.anomalies.map((name) => find(table, name)));
  const others = table.columns.map((_, index) => index).filter((index) => index !== x && !given.includes(index));
  const y = want.y.length
    ? want.y.map((name) => find(table, name)).filter((index) => index >= 0)
    : others.filter((index) => isDrawn(table.columns[index]?.type) && !flags.has(index));
  if (y.length === 0) return "There is no column of numbers to draw.";
  const named = others.filter((index) => ["string", "guid", "bool"].includes(table.columns[index]?.type ?? "") && !y.includes(index));
  return { x, y, series: given.length ? given : named };
}

function isDrawn(type: KqlType | undefined): boolean {
  return type !== undefined && (isNumber(type) || type === "timespan");
}

/** The series to draw, or words that say why there are none. */
export function chartData(given: ResultTable, want: Wanted): ChartData | string {
  const table = withoutArrays(given);
  const found = roles(table, want);
  if (typeof found === "string") return found;
  const x = table.columns[found.x] as Column;
  const all = new Map<string, Series>();
  for (const row of table.rows) {
    for (const column of found.y) {
      const name = seriesName(table, row, found, column);
      let series = all.get(name);
      if (series === undefined) all.set(name, (series = { name, column: table.columns[column]?.name ?? "", points: [] }));
      series.points.push({ x: row[found.x] ?? null, y: magnitude(row[column] ?? null, table.columns[column]?.type ?? "real") });
    }
  }
  const isMeasured = x.type === "datetime" || (isDrawn(x.type) && !["columnchart", "barchart", "piechart"].includes(want.kind));
  const series = [...all.values()].slice(0, MOST_SERIES).map((one) => prepared(one, x, want, isMeasured));
  const left = all.size > MOST_SERIES ? `The first ${MOST_SERIES} of ${all.size} series are drawn.` : "";
  return { x, isMeasured, series, anomalies: anomalies(table, want, found), left };
}

function seriesName(table: ResultTable, row: readonly Cell[], found: Roles, column: number): string {
  const values = found.series.map((index) => shownText(row[index] ?? null, table.columns[index]?.type ?? "string"));
  const y = table.columns[column]?.name ?? "";
  if (values.length === 0) return y;
  return found.y.length > 1 ? `${values.join(", ")}: ${y}` : values.join(", ");
}

/** In the order of x where that is a measure, and summed up where that is asked for. */
function prepared(series: Series, x: Column, want: Wanted, isMeasured: boolean): Series {
  const points = isMeasured
    ? [...series.points].filter((point) => point.x !== null).sort((a, b) => magnitude(a.x, x.type) - magnitude(b.x, x.type))
    : series.points;
  if (!want.accumulates) return { ...series, points };
  let sum = 0;
  return { ...series, points: points.map((point) => ({ x: point.x, y: (sum += Number.isNaN(point.y) ? 0 : point.y) })) };
}

/** Rows whose flag (a column called as `anomalycolumns` says, or `*anomalies*`) is not 0. */
function anomalies(table: ResultTable, want: Wanted, found: Roles): ChartData["anomalies"] {
  if (want.kind !== "anomalychart") return [];
  const flags = want.anomalies.map((name) => find(table, name)).filter((index) => index >= 0);
  const first = found.y[0];
  if (first === undefined) return [];
  return flags.flatMap((flag) =>
    table.rows.flatMap((row) => {
      const isMarked = Number(row[flag] ?? 0) !== 0;
      return isMarked ? [{ series: seriesName(table, row, found, first), x: row[found.x] ?? null, y: Number(row[first]) }] : [];
    }),
  );
}

/** What stands on a card: the names and values of the first row. */
export function cardFields(table: ResultTable): { name: string; text: string }[] {
  const row = table.rows[0] ?? [];
  return table.columns.map((column, index) => ({ name: column.name, text: shownText(row[index] ?? null, column.type) || cellText(row[index]) }));
}
