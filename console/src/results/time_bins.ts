/** Events over time: which column tells the time, and how many rows fall into each step. */
import type { ResultTable } from "../api/query";
import { milliseconds } from "./values";

export interface TimeBins {
  readonly column: number;
  /** Milliseconds of 1970 at which each step begins. */
  readonly starts: readonly number[];
  readonly counts: readonly number[];
  readonly step: number;
}

const PREFERRED = ["TimeGenerated", "Timestamp", "timestamp", "StartTime", "TimeCreated"];
const MOST_BINS = 90;
const SECOND = 1_000;
const DAY = 86_400 * SECOND;
const STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200].map((seconds) => seconds * SECOND),
  ...[1, 2, 7, 14, 30, 91, 182, 365, 730, 3_650, 36_500].map((days) => days * DAY),
];

/** The column that tells when a row happened, or null. */
export function timeColumn(table: ResultTable): number | null {
  const times = table.columns.flatMap((column, index) => (column.type === "datetime" ? [index] : []));
  const preferred = PREFERRED.map((name) => times.find((index) => table.columns[index]?.name === name));
  return preferred.find((index) => index !== undefined) ?? times[0] ?? null;
}

/** The rows counted by time, or null where there are fewer than two times. */
export function timeBins(table: ResultTable): TimeBins | null {
  const column = timeColumn(table);
  if (column === null) return null;
  const times = new Float64Array(table.rows.length);
  let least = Infinity;
  let most = -Infinity;
  table.rows.forEach((row, index) => {
    const time = milliseconds(row[column]);
    times[index] = time;
    if (time < least) least = time;
    if (time > most) most = time;
  });
  if (!(least < most)) return null;
  const step = STEPS.find((one) => (most - least) / one <= MOST_BINS) ?? (most - least) / MOST_BINS;
  const first = Math.floor(least / step) * step;
  const counts = new Array<number>(Math.floor((most - first) / step) + 1).fill(0);
  for (const time of times) {
    if (!Number.isNaN(time)) counts[Math.floor((time - first) / step)]! += 1;
  }
  return { column, starts: counts.map((_, index) => first + index * step), counts, step };
}

const UNITS: readonly [number, string][] = [
  [DAY, "day"],
  [3_600 * SECOND, "hour"],
  [60 * SECOND, "minute"],
  [SECOND, "second"],
  [1, "millisecond"],
];

/** A step in words: "15 minutes". */
export function stepText(step: number): string {
  const [size, name] = UNITS.find(([unit]) => step >= unit && step % unit === 0) ?? [1, "millisecond"];
  const count = Math.round(step / size);
  return count === 1 ? `1 ${name}` : `${count} ${name}s`;
}
