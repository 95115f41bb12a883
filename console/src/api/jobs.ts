/** Work of the server that takes long: begun, looked after, cancelled. */
import { getJson, path, sendJson } from "./client";

export interface Job {
  readonly job: string;
  readonly kind: string;
  readonly state: "running" | "done" | "failed" | "cancelled";
  /** It has no place yet among those that run. */
  readonly waiting?: boolean;
  /** From 0 to 1, or null where it is not known. */
  readonly progress: number | null;
  readonly result: unknown;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export type JobKind = "backtests" | "explanations" | "accounts";

export async function beginJob(kind: JobKind, body: unknown): Promise<string> {
  return (await sendJson<{ job: string }>("POST", `/api/${kind}`, body)).job;
}

export const readJob = (job: string, signal: AbortSignal): Promise<Job> => getJson(path("/api/jobs", job), signal);

export const cancelJob = (job: string): Promise<unknown> => sendJson("DELETE", path("/api/jobs", job));
