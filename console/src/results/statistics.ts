/** What a column holds, counted in slices so that the page goes on meanwhile. */
import type { Cell, KqlType, ResultTable } from "../api/query";
import { cellText, isNumber, magnitude, sortedOrder } from "./values";

export interface TopValue {
  readonly cell: Cell;
  readonly count: number;
}

export interface Measures {
  readonly least: Cell;
  readonly most: Cell;
  /** Of numbers and timespans (seconds). */
  readonly mean: number | null;
  readonly sum: number | null;
  /** By the nearest rank, as KQL's percentile(): cells of the column. */
  readonly percentiles: readonly (readonly [number, Cell])[];
}

export interface Statistics {
  readonly rows: number;
  readonly nulls: number;
  /** Empty texts: they are not null. */
  readonly empty: number;
  readonly distinct: number;
  readonly top: readonly TopValue[];
  readonly measures: Measures | null;
}

const SLICE = 5_000;
const TOP = 10;
const PERCENTILES = [5, 25, 50, 75, 95, 99];

async function pause(): Promise<void> {
  await new Promise((go) => setTimeout(go));
}

/** Counts a column's values. Null where `signal` ended it. */
export async function statistics(table: ResultTable, column: number, signal: AbortSignal): Promise<Statistics | null> {
  const type = table.columns[column]?.type ?? "string";
  const counts = new Map<string, { cell: Cell; count: number }>();
  const cells: Cell[] = [];
  let nulls = 0;
  for (let from = 0; from < table.rows.length; from += SLICE) {
    for (const row of table.rows.slice(from, from + SLICE)) {
      const cell = row[column] ?? null;
      if (cell === null) {
        nulls += 1;
        continue;
      }
      cells.push(cell);
      const text = cellText(cell);
      const found = counts.get(text);
      if (found) found.count += 1;
      else counts.set(text, { cell, count: 1 });
    }
    await pause();
    if (signal.aborted) return null;
  }
  const top = largest(counts.values());
  await pause();
  const hasMeasures = cells.length > 0 && (isNumber(type) || type === "datetime" || type === "timespan");
  return {
    rows: table.rows.length,
    nulls,
    empty: counts.get("")?.count ?? 0,
    distinct: counts.size,
    top,
    measures: hasMeasures ? measures(cells, type) : null,
  };
}

/** The values that stand most often, the first seen before others as frequent. */
function largest(counts: Iterable<TopValue>): TopValue[] {
  const top: TopValue[] = [];
  for (const one of counts) {
    const least = top.at(-1);
    if (top.length === TOP && least && one.count <= least.count) continue;
    const at = top.findIndex((other) => other.count < one.count);
    top.splice(at < 0 ? top.length : at, 0, one);
    if (top.length > TOP) top.pop();
  }
  return top;
}

function measures(cells: readonly Cell[], type: KqlType): Measures | null {
  const numbers = type === "real" ? cells.filter((cell) => cell !== "NaN") : cells;
  if (numbers.length === 0) return null;
  const order = sortedOrder(numbers, type, false);
  const at = (place: number): Cell => numbers[order[place] ?? 0] ?? null;
  const isTime = type === "datetime";
  const sum = isTime ? null : numbers.reduce<number>((total, cell) => total + magnitude(cell, type), 0);
  return {
    least: at(0),
    most: at(order.length - 1),
    sum,
    mean: sum === null ? null : sum / numbers.length,
    percentiles: PERCENTILES.map((percent) => [percent, at(Math.max(0, Math.ceil((percent / 100) * order.length) - 1))]),
  };
}
