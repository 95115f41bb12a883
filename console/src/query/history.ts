/** The last runs: kept in the browser. */
import { signal } from "@preact/signals";
import type { TimeRange } from "../api/query";

const KEPT = "bluetick.query.history";
const MOST = 500;

export interface Run {
  readonly text: string;
  readonly title: string;
  /** When it began, ISO text. */
  readonly at: string;
  readonly milliseconds: number;
  readonly rows: number | null;
  readonly error: string | null;
  readonly range: TimeRange | null;
}

function stored(): Run[] {
  try {
    const given: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(given) ? (given as Run[]).filter((run) => typeof run?.text === "string" && typeof run.at === "string") : [];
  } catch {
    return [];
  }
}

/** The newest first. */
export const runs = signal<readonly Run[]>(stored());

export function remember(run: Run): void {
  let kept = [run, ...runs.value].slice(0, MOST);
  for (;;) {
    try {
      localStorage.setItem(KEPT, JSON.stringify(kept));
      break;
    } catch {
      // The store is full: the older half goes.
      if (kept.length <= 1) break;
      kept = kept.slice(0, Math.ceil(kept.length / 2));
    }
  }
  runs.value = kept;
}

export function forgetRuns(): void {
  runs.value = [];
  localStorage.removeItem(KEPT);
}
