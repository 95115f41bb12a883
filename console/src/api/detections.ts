/** Alerts, incidents, rules, coverage and health, as the server tells them. Times are ISO texts in UTC, durations seconds. */
import { getJson, path, sendJson } from "./client";
import type { Cell, Problem } from "./query";

export type Verdict = "tp" | "fp" | "benign" | "undetermined";

export interface Entity {
  readonly kind: string;
  readonly inferred?: boolean;
  readonly [identifier: string]: unknown;
}

export interface Comment {
  readonly author: string;
  readonly time: string;
  readonly text: string;
}

/** Something that happened to an alert or an incident. `ref` is the id of an alert, where it is about one. */
export interface Happening {
  readonly at: string;
  readonly kind: string;
  readonly text: string;
  readonly ref?: string | null;
}

export interface Alert {
  readonly id: string;
  readonly title: string;
  readonly rule: string;
  readonly ruleName?: string | null;
  readonly severity: string;
  readonly status: string;
  readonly created: string;
  /** The ends of the windows that found it. */
  readonly first: string;
  readonly last: string;
  readonly owner: string;
  readonly verdict: Verdict | null;
  readonly reason?: string | null;
  readonly rowCount: number;
  /** In a list the first ten; `entityCount` is how many there are. */
  readonly entities: readonly Entity[];
  readonly entityCount: number;
  readonly tactics: readonly string[];
  readonly techniques: readonly string[];
  /** The number of the incident that it is in. */
  readonly incident: number | string | null;
}

export interface WholeAlert extends Alert {
  readonly description?: string;
  readonly columns: readonly ColumnSaid[];
  readonly rows: readonly (readonly Cell[])[];
  readonly comments: readonly Comment[];
  readonly history: readonly Happening[];
  readonly query: string | null;
  /** The last window that found it; null where the ledger has let go of it. */
  readonly window?: { readonly start: string | null; readonly end: string } | null;
}

/** A column as the ledger (its name), or a result (its name and type) has it. */
export type ColumnSaid = string | readonly [string, string] | { readonly name: string; readonly type?: string };

export function columnName(column: ColumnSaid): string {
  if (typeof column === "string") return column;
  return "name" in column ? column.name : column[0];
}

export interface Incident {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  readonly severity: string;
  readonly status: string;
  readonly classification: string | null;
  readonly reason: string | null;
  readonly owner: string;
  readonly first: string | null;
  readonly last: string | null;
  readonly created: string;
  readonly alertCount?: number;
  readonly alerts?: readonly Member[];
  readonly entities?: readonly Entity[];
  readonly tactics: readonly string[];
  readonly techniques: readonly string[];
}

/** An alert of an incident. */
export interface Member {
  readonly id: string;
  readonly title?: string;
  readonly name?: string;
  readonly severity: string;
  readonly first: string;
  readonly last: string;
  readonly retracted?: boolean;
  readonly status?: string;
  readonly verdict: string | null;
}

export interface WholeIncident extends Incident {
  readonly alerts: readonly Member[];
  readonly entities: readonly Entity[];
  readonly comments: readonly Comment[];
  readonly timeline: readonly Happening[];
}

export interface Rule {
  readonly id: string;
  readonly name: string;
  readonly severity: string | null;
  readonly kind: string;
  readonly state: string;
  readonly enabled: boolean;
  readonly frequency: number | null;
  readonly period: number | null;
  readonly tactics: readonly string[];
  readonly techniques: readonly string[];
  readonly lastWindow: string | null;
  readonly nextRun: string | null;
  readonly windows: Readonly<Record<string, number>> | null;
  readonly alertsOpen: number | null;
  readonly error: string | null;
  readonly file: string | null;
}

/** A window of a rule, by its end. */
export interface RuleWindow {
  readonly end: string;
  readonly state: string;
  readonly rows: number | null;
  /** Whether its rows met the threshold. */
  readonly triggered: boolean;
  /** How long its last run took. */
  readonly seconds: number | null;
  readonly error: string | null;
}

export interface WholeRule extends Rule {
  readonly query: string;
  readonly document: string;
  readonly description: string;
  readonly diagnostics: readonly Problem[];
  readonly recentWindows: readonly RuleWindow[];
  readonly threshold: Threshold | null;
  /** What it cannot see, in words of its document. */
  readonly blindSpots: readonly string[];
}

export interface Threshold {
  readonly operator: string;
  readonly value: number;
}

export interface CoverageTechnique {
  readonly id: string;
  readonly name: string;
  readonly level: string;
  readonly rules: readonly string[];
}

export interface CoverageTactic {
  readonly id: string;
  readonly name: string;
  readonly techniques: readonly CoverageTechnique[];
}

export interface CoverageRule {
  readonly id: string;
  readonly name: string;
  readonly level: string;
  readonly evidence: readonly { readonly level: string; readonly reached: boolean; readonly why?: string }[];
}

export interface Coverage {
  readonly tactics: readonly CoverageTactic[];
  /** In order, the weakest first. */
  readonly levels: readonly string[];
  /** When it was found out; null where it is not yet. */
  readonly asOf: string | null;
  /** The job that finds it out, while there is one. */
  readonly job: string | null;
  /** Why it could not be found out. */
  readonly error?: string | null;
  /** How many techniques have evidence enough to count. */
  readonly covered?: number;
  readonly words?: Readonly<Record<string, string>>;
  readonly rules?: readonly CoverageRule[];
  readonly notLookedAt?: readonly { readonly level: string; readonly needs: string }[];
}

export interface Condition {
  readonly name: string;
  readonly code: string;
  readonly state: "failing" | "ok";
  readonly text: string;
  readonly since: string | null;
  /** From here on of those that fail alone. */
  readonly severity?: string;
  readonly subject?: string;
  readonly advice?: string;
  readonly rules?: readonly { readonly id: string; readonly name: string }[];
}

export interface Health {
  readonly ok: boolean;
  /** False: without a lake or a ledger nothing can be looked at. */
  readonly known: boolean;
  readonly conditions: readonly Condition[];
}

const MOST = 2_000;

/** The newest alerts. `more`: there are others, which are older. */
export async function listAlerts(open: boolean | null): Promise<{ alerts: readonly Alert[]; more: boolean }> {
  return getJson(`/api/alerts?most=${MOST}${open === null ? "" : `&open=${open}`}`);
}

export const readAlert = (id: string): Promise<WholeAlert> => getJson(path("/api/alerts", id));

export async function listIncidents(): Promise<readonly Incident[]> {
  return (await getJson<{ incidents: Incident[] }>(`/api/incidents?most=${MOST}`)).incidents;
}

export const readIncident = (id: string): Promise<WholeIncident> => getJson(path("/api/incidents", id));

export type Concern = "alerts" | "incidents";

export const close = (what: Concern, id: string, as: Verdict, reason: string): Promise<unknown> =>
  sendJson("POST", path(`/api/${what}`, id, "close"), { as, reason });

export const comment = (what: Concern, id: string, text: string): Promise<unknown> =>
  sendJson("POST", path(`/api/${what}`, id, "comment"), { text });

export const update = (what: Concern, id: string, edits: Readonly<Record<string, string>>): Promise<unknown> =>
  sendJson("POST", path(`/api/${what}`, id, "update"), edits);

export async function listRules(): Promise<readonly Rule[]> {
  return (await getJson<{ rules: Rule[] }>("/api/rules")).rules;
}

export const readRule = (id: string): Promise<WholeRule> => getJson(path("/api/rules", id));

export const readCoverage = (): Promise<Coverage> => getJson("/api/coverage");

/** Has coverage found out anew; the job's id. */
export async function renewCoverage(): Promise<string> {
  return (await sendJson<{ job: string }>("POST", "/api/coverage")).job;
}

export const readHealth = (): Promise<Health> => getJson("/api/health");
