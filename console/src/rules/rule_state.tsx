/** The state of a rule, and how many of its windows are done, failed, dirty. */
import type { JSX } from "preact";
import type { Rule } from "../api/detections";
import { inert } from "../text/inert";

const TONES: Readonly<Record<string, string>> = {
  live: "good",
  shadow: "accent",
  off: "",
  retired: "",
  unscheduled: "warn",
  refused: "bad",
  paused: "bad",
};

const WORDS: Readonly<Record<string, string>> = {
  live: "It runs, and its alerts are told.",
  shadow: "It runs; its alerts are kept and told to nobody.",
  off: "It does not run: its overlay or its document says so.",
  retired: "Its document is not there any more.",
  unscheduled: "No service has run it: bluetick schedule rules/ --lake lake/",
  refused: "Its document or its query does not bind: it does not run.",
  paused: "Its query was refused: it waits until one of its tables changes.",
};

export function RuleState({ rule }: { rule: Pick<Rule, "state"> }): JSX.Element {
  const state = rule.state.split(/[:,\s]/, 1)[0] ?? "";
  return (
    <span class={`chip ${TONES[state] ?? ""}`} title={WORDS[state] ?? ""}>
      {inert(rule.state)}
    </span>
  );
}

export const WINDOW_STATES = ["done", "dirty", "running", "failed"] as const;

/** A bar of all its windows, and in words those that are not done. */
export function WindowCounts({ windows }: { windows: Readonly<Record<string, number>> | null }): JSX.Element {
  const counted = Object.entries(windows ?? {}).filter(([, count]) => count > 0);
  const all = counted.reduce((sum, [, count]) => sum + count, 0);
  if (all === 0) return <span class="quiet">none yet</span>;
  const troubled = counted.filter(([state]) => state !== "done");
  return (
    <span class="window-counts" title={counted.map(([state, count]) => `${count.toLocaleString("en")} ${state}`).join(", ")}>
      <span class="bar" aria-hidden="true">
        {counted.map(([state, count]) => (
          <i key={state} class={state} style={{ flexGrow: count }} />
        ))}
      </span>
      <span class={troubled.length > 0 ? "" : "quiet"}>
        {troubled.length === 0 ? `${all.toLocaleString("en")} done` : troubled.map(([state, count]) => `${count.toLocaleString("en")} ${state}`).join(", ")}
      </span>
    </span>
  );
}
