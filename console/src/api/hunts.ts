/** Hunts: files of a hypothesis, words, and queries with what they gave last. */
import { getJson, path, sendJson } from "./client";
import type { ColumnSaid } from "./detections";
import type { Cell } from "./query";

export interface Hunt {
  readonly name: string;
  readonly title: string;
  readonly hypothesis: string;
  readonly tags: readonly string[];
  readonly cells: number;
  readonly lastRun: string | null;
  readonly newRows: number | null;
  /** Why its file cannot be read. */
  readonly error?: string | null;
}

export interface HuntResult {
  readonly ran: string;
  /** What `now()` was. */
  readonly now: string;
  /** The version of each table that was read. */
  readonly snapshot: Readonly<Record<string, number>>;
  readonly columns: readonly ColumnSaid[];
  readonly rows: readonly (readonly Cell[])[];
  readonly rowCount: number;
  /** Of each row, whether the run before did not have it. */
  readonly isNew: readonly boolean[];
  /** How many rows the run before did not have, and how many of its rows are there no more; null: not compared. */
  readonly newCount: number | null;
  readonly goneCount: number | null;
  /** When the run was that it is compared with, or why it is compared with none. */
  readonly compared?: string | null;
  readonly uncompared?: string | null;
  readonly error: string | null;
  /** The query has changed since it ran. */
  readonly isStale?: boolean;
}

export interface HuntCell {
  readonly id: string;
  readonly kind: "markdown" | "kql";
  readonly text: string;
  readonly result: HuntResult | null;
}

export interface WholeHunt {
  readonly name: string;
  /** What is wrong in its text, so that it does not run. */
  readonly problems?: readonly string[];
  readonly tags?: readonly string[];
  readonly tactics?: readonly string[];
  readonly techniques?: readonly string[];
  readonly title: string;
  readonly hypothesis: string;
  readonly text: string;
  readonly etag: string;
  readonly cells: readonly HuntCell[];
}

export async function listHunts(): Promise<readonly Hunt[]> {
  return (await getJson<{ hunts: Hunt[] }>("/api/hunts")).hunts;
}

export const readHunt = (name: string): Promise<WholeHunt> => getJson(path("/api/hunts", name));

/** Saves the whole file; a refusal with status 409 where it is not the one any more that `etag` names. */
export const saveHunt = (name: string, text: string, etag: string | null): Promise<unknown> =>
  sendJson("PUT", path("/api/hunts", name), etag === null ? { text } : { text, etag });

export const runHunt = (name: string, cell?: string): Promise<WholeHunt> =>
  sendJson("POST", path("/api/hunts", name, "run"), cell === undefined ? {} : { cell });

export interface Promotion {
  readonly cell: string;
  readonly name: string;
  readonly frequency: number;
  readonly period: number;
  readonly severity: string;
  readonly description?: string;
}

export const promoteCell = (name: string, promotion: Promotion): Promise<{ file: string; id: string }> =>
  sendJson("POST", path("/api/hunts", name, "promote"), promotion);
