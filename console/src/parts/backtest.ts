/** What `bluetick backtest --format json` says, read with care: it comes from a job as anything. */

export interface BacktestRun {
  readonly now: string;
  readonly rows: number;
  readonly alerts: number;
  readonly suppressed?: boolean;
  readonly incomplete?: boolean;
  readonly error?: string;
}

export interface BacktestEntity {
  readonly kind: string;
  readonly value: string;
  readonly alerts: number;
  readonly rows: number;
}

export interface Backtest {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly every: number;
  readonly runs: number;
  readonly failed: number;
  readonly alerts: number;
  readonly suppressed: number;
  readonly incomplete: number;
  readonly threshold: { readonly operator: string; readonly value: number };
  readonly alerts_by_day: Readonly<Record<string, number>>;
  readonly rows: { readonly min: number; readonly median: number; readonly p95: number; readonly max: number } | null;
  readonly entities: {
    readonly guessed: boolean;
    readonly top: number;
    readonly top_share: number | null;
    readonly counts: readonly BacktestEntity[];
  };
  readonly thresholds: readonly {
    readonly value: number;
    readonly alerts: number;
    readonly runs: number;
    readonly recall: number | null;
  }[];
  readonly labels: {
    readonly recall: number | null;
    readonly precision: number | null;
    readonly labels: readonly { readonly expected: boolean; readonly found: string | null }[];
  } | null;
  readonly windows: readonly BacktestRun[];
}

/** The backtest in a result; null where there is none. */
export function backtestOf(result: unknown): Backtest | null {
  if (typeof result !== "object" || result === null) return null;
  const found = result as Partial<Backtest>;
  return found.alerts_by_day !== undefined && Array.isArray(found.windows) ? (found as Backtest) : null;
}

const ASKED: Readonly<Record<string, string>> = { gt: "more than", lt: "fewer than", eq: "exactly", ne: "any number but" };

/** "more than 5 rows" */
export function thresholdText(threshold: { readonly operator: string; readonly value: number }): string {
  return `${ASKED[threshold.operator] ?? threshold.operator} ${threshold.value.toLocaleString("en")} row${threshold.value === 1 ? "" : "s"}`;
}

export interface Bucket {
  readonly first: BacktestRun;
  /** The runs of it; of several the one with the most rows is drawn. */
  readonly runs: number;
  readonly most: number;
  readonly alerts: number;
  readonly failed: number;
}

/** Runs in their order, so many to a bucket that there are at most `most` buckets. */
export function buckets(windows: readonly BacktestRun[], most: number): Bucket[] {
  const size = Math.max(1, Math.ceil(windows.length / most));
  const found: Bucket[] = [];
  for (let at = 0; at < windows.length; at += size) {
    const runs = windows.slice(at, at + size);
    found.push({
      first: runs[0] as BacktestRun,
      runs: runs.length,
      most: Math.max(...runs.map((run) => run.rows)),
      alerts: runs.reduce((sum, run) => sum + run.alerts, 0),
      failed: runs.filter((run) => run.error !== undefined).length,
    });
  }
  return found;
}

/** What it says of the labels: how many were to be found, and were. */
export function labelsText(found: Backtest): string | null {
  if (found.labels === null || found.labels.labels.length === 0) return null;
  const expected = found.labels.labels.filter((one) => one.expected);
  const said = expected.length === 0 ? "none to be found" : `${expected.filter((one) => one.found !== null).length} of ${expected.length} found`;
  const { precision } = found.labels;
  return precision === null ? said : `${said}; of the labelled alerts ${Math.round(100 * precision)} % are right`;
}
