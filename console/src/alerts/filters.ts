/** Which alerts of the queue are shown, as the page's address says it. */
import type { Alert } from "../api/detections";
import { entityText } from "../parts/entities";
import { place } from "../shell/router";

export type State = "open" | "closed" | "all";

export interface Filters {
  readonly state: State;
  readonly severity: string;
  readonly rule: string;
  readonly text: string;
}

export function readFilters(parameters: URLSearchParams): Filters {
  const state = parameters.get("state");
  return {
    state: state === "closed" || state === "all" ? state : "open",
    severity: parameters.get("severity") ?? "",
    rule: parameters.get("rule") ?? "",
    text: parameters.get("text") ?? "",
  };
}

/** What the address needs: only what is not as it is without saying. */
export function filterParameters(filters: Filters): Record<string, string> {
  const said = Object.entries(filters).filter(([name, value]) => value !== "" && !(name === "state" && value === "open"));
  return Object.fromEntries(said) as Record<string, string>;
}

export function isOpen(alert: { readonly verdict: string | null; readonly status?: string }): boolean {
  return alert.verdict === null && !isRetracted(alert);
}

export function isRetracted(alert: { readonly status?: string }): boolean {
  return /retract/i.test(alert.status ?? "");
}

/** Whether every word of the text is somewhere in the alert, whatever its case. */
function hasWords(alert: Alert, text: string): boolean {
  const said = [alert.id, alert.title, alert.ruleName ?? "", alert.owner, ...alert.tactics, ...alert.techniques, ...alert.entities.map(entityText)];
  const whole = said.join("\n").toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => whole.includes(word));
}

export function filtered(alerts: readonly Alert[], filters: Filters): readonly Alert[] {
  return alerts.filter(
    (alert) =>
      (filters.severity === "" || alert.severity.toLowerCase() === filters.severity.toLowerCase()) &&
      (filters.rule === "" || alert.rule === filters.rule) &&
      (filters.text.trim() === "" || hasWords(alert, filters.text.trim())) &&
      (filters.state !== "closed" || !isOpen(alert)),
  );
}

export const currentFilters = (): Filters => readFilters(place.value.parameters);
