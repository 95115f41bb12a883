/** Runs of queries: one at a time in each tab. */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { ApiError } from "../api/client";
import { cancelQuery, newQueryId, runQuery, type QueryResult, type TimeRange } from "../api/query";
import { loadTables, newest, tablesError } from "../schema/tables";
import { remember } from "./history";
import { offsetOf, type Piece } from "./statements";
import { rangeOf, type TimeChoice } from "./time";

export interface RunError {
  readonly code: string;
  readonly message: string;
  /** The place in the tab's text as it ran, or null. */
  readonly offset: number | null;
  readonly line: number | null;
  readonly column: number | null;
}

export interface RunState {
  readonly isRunning: boolean;
  /** The clock of `performance` when it began. */
  readonly began: number;
  readonly results: readonly { readonly result: QueryResult; readonly piece: Piece }[];
  readonly error: RunError | null;
  readonly wasCancelled: boolean;
  /** The span of times that the run sees, or null: all. */
  readonly range: TimeRange | null;
}

const IDLE: RunState = { isRunning: false, began: 0, results: [], error: null, wasCancelled: false, range: null };
const states = new Map<string, Signal<RunState>>();
const running = new Map<string, { id: string; stop: AbortController }>();

function stateSignal(tab: string): Signal<RunState> {
  let found = states.get(tab);
  if (found === undefined) {
    found = signal(IDLE);
    states.set(tab, found);
  }
  return found;
}

export function runState(tab: string): ReadonlySignal<RunState> {
  return stateSignal(tab);
}

export function forgetRun(tab: string): void {
  cancel(tab);
  states.delete(tab);
}

const PLACE = /\s*\[line:position=(\d+):(\d+)\]/;

function errorOf(error: unknown, piece: Piece, whole: string): RunError {
  const words = error instanceof Error ? error.message : String(error);
  const message = words.replace(/ Hint: (.*?)(\?)?\.$/s, "\nHint: $1$2");
  const code = error instanceof ApiError ? error.code : "";
  const found = PLACE.exec(message);
  if (found === null) return { code, message, offset: null, line: null, column: null };
  const offset = piece.start + offsetOf(piece.text, Number(found[1]), Number(found[2]));
  const above = whole.slice(0, offset);
  const line = above.split("\n").length;
  const column = [...above.slice(above.lastIndexOf("\n") + 1)].length + 1;
  return { code, message: message.replace(PLACE, ""), offset, line, column };
}

function rowsOf(result: QueryResult): number {
  return result.tables.reduce((sum, table) => sum + table.rows.length, 0);
}

export interface Job {
  readonly tab: string;
  readonly title: string;
  readonly pieces: readonly Piece[];
  /** The tab's text, in which the pieces stand. */
  readonly whole: string;
  readonly time: TimeChoice;
}

/** Runs pieces one after the other, to the first that fails. What the tab ran before is cancelled. */
export async function run(job: Job): Promise<void> {
  cancel(job.tab);
  const state = stateSignal(job.tab);
  const stop = new AbortController();
  // Cancelled, or another run has taken its place: what comes now is shown no more.
  const isOver = (): boolean => running.get(job.tab)?.stop !== stop;
  let shown: RunState = { ...IDLE, isRunning: true, began: performance.now() };
  state.value = shown;
  running.set(job.tab, { id: newQueryId(), stop });
  // The newest row is the newest one now, not the one of when the page came.
  const wantsNewest = job.time.kind === "last" && job.time.upTo === "newest";
  if (wantsNewest) await loadTables();
  if (isOver()) return;
  if (wantsNewest && tablesError.value !== null) {
    running.delete(job.tab);
    const message = `The newest row is not known: ${tablesError.value}`;
    state.value = { ...shown, isRunning: false, error: { code: "", message, offset: null, line: null, column: null } };
    return;
  }
  const range = rangeOf(job.time, newest());
  const told = { title: job.title, range: range.from === null && range.to === null ? null : range };
  shown = { ...shown, range: told.range };
  state.value = shown;
  for (const piece of job.pieces) {
    const id = newQueryId();
    running.set(job.tab, { id, stop });
    const began = performance.now();
    const said = { ...told, text: piece.text, at: new Date().toISOString() };
    try {
      const result = await runQuery(piece.text, { range, signal: stop.signal, id });
      if (isOver()) return;
      remember({ ...said, milliseconds: result.milliseconds, rows: rowsOf(result), error: result.incomplete });
      shown = { ...shown, results: [...shown.results, { result, piece }] };
      state.value = shown;
    } catch (error) {
      const milliseconds = performance.now() - began;
      if (isOver()) {
        remember({ ...said, milliseconds, rows: null, error: "cancelled" });
        return;
      }
      const failure = errorOf(error, piece, job.whole);
      remember({ ...said, milliseconds, rows: null, error: failure.message });
      shown = { ...shown, error: failure };
      break;
    }
  }
  running.delete(job.tab);
  state.value = { ...shown, isRunning: false };
}

/** Ends what a tab runs, here and on the server. */
export function cancel(tab: string): void {
  const job = running.get(tab);
  if (job === undefined) return;
  running.delete(tab);
  // The words go first: that the connection ended is noticed later, by a server behind a proxy much later.
  void cancelQuery(job.id)
    .catch(() => undefined)
    .finally(() => job.stop.abort());
  const state = stateSignal(tab);
  state.value = { ...state.value, isRunning: false, wasCancelled: true };
}
