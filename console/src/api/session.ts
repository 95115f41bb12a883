/** What this server is and has. */
import { signal } from "@preact/signals";
import { getJson } from "./client";

export interface Session {
  version: string;
  database: string;
  caller: { name: string; right: "read" | "rules" | "admin" };
  needsToken: boolean;
  lake: boolean;
  ledger: boolean;
  rules: boolean;
  hunts: boolean;
  now: string;
}

export const session = signal<Session | null>(null);

export async function loadSession(): Promise<void> {
  session.value = await getJson<Session>("/api/session");
}

/** Whether the caller may store rules and hunts, and decide about alerts. */
export function mayChange(): boolean {
  return session.value !== null && session.value.caller.right !== "read";
}
