/** Rules: what state each is in, how its windows are doing, and when it runs next. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { listRules, type Rule } from "../api/detections";
import { session } from "../api/session";
import { Empty, Refused } from "../parts/empty";
import "../parts/list.css";
import { step, usePageKeys } from "../parts/list_keys";
import { ListHeader } from "../parts/list_header";
import { useLoaded, useReloading } from "../parts/loaded";
import { Severity, severityRank } from "../parts/severity";
import { durationText, Time } from "../parts/time";
import { address, go, place } from "../shell/router";
import { inert, Inert } from "../text/inert";
import { RuleDetail } from "./rule_detail";
import "./rules.css";
import { RuleState, WindowCounts } from "./rule_state";

const SHOWN = ["all", "live", "troubled", "not running"] as const;

function isTroubled(rule: Rule): boolean {
  return Boolean(rule.error) || (rule.windows?.["failed"] ?? 0) > 0;
}

function matches(rule: Rule, shown: string, text: string): boolean {
  if (shown === "live" && rule.state !== "live") return false;
  if (shown === "troubled" && !isTroubled(rule)) return false;
  if (shown === "not running" && rule.state === "live") return false;
  const whole = [rule.name, rule.id, rule.file ?? "", ...rule.tactics, ...rule.techniques].join("\n").toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => whole.includes(word));
}

/** Those in trouble first, then those with open alerts, then by name. */
function ordered(rules: readonly Rule[]): readonly Rule[] {
  return [...rules].sort(
    (one, other) =>
      Number(isTroubled(other)) - Number(isTroubled(one)) ||
      (other.alertsOpen ?? 0) - (one.alertsOpen ?? 0) ||
      severityRank(other.severity) - severityRank(one.severity) ||
      one.name.localeCompare(other.name),
  );
}

export function RulesPage(): JSX.Element {
  const { id, parameters } = place.value;
  const shown = parameters.get("show") ?? "all";
  const text = parameters.get("text") ?? "";
  const kept = Object.fromEntries(parameters);
  const loaded = useLoaded(listRules, "rules");
  const rules = ordered((loaded.value ?? []).filter((rule) => matches(rule, shown, text)));
  const [cursor, move] = useState(0);
  const search = useRef<HTMLInputElement>(null);
  const own = rules.findIndex((rule) => rule.id === id);

  useReloading(loaded);
  useEffect(() => {
    if (own >= 0) move(own);
  }, [own]);
  const walk = (by: number): void => {
    const at = step(cursor, by, rules.length);
    move(at);
    if (id !== "" && rules[at]) go("rules", rules[at].id, kept);
  };
  const change = (edit: Record<string, string>): void => go("rules", id, { ...kept, ...edit });
  usePageKeys("rules", [
    { key: "j", keys: "j", does: "Next rule", run: () => walk(1) },
    { key: "k", keys: "k", does: "Rule before", run: () => walk(-1) },
    { key: "Enter", keys: "Enter", does: "Open it", run: () => rules[cursor] && go("rules", rules[cursor].id, kept) },
    { key: "Escape", keys: "Escape", does: "Back to the list", run: () => go("rules", "", kept) },
    { key: "/", keys: "/", does: "Find in the list", run: () => search.current?.focus() },
    { key: "b", keys: "b", does: "Backtest the rule", run: () => dispatchEvent(new Event("bluetick:backtest")) },
    { key: "w", keys: "w", does: "Why nothing fired", run: () => dispatchEvent(new Event("bluetick:account")) },
  ]);

  return (
    <div class={`split ${id === "" ? "" : "two"}`}>
      <section class="queue" aria-label="List">
        <ListHeader
          title="Rules"
          count={loaded.value === null ? null : rules.length}
          label="Show"
          choices={SHOWN}
          chosen={shown}
          onChoose={(choice) => change({ show: choice })}
          search={search}
          placeholder="Find a name, a tactic, a technique ( / )"
          text={text}
          onSearch={(words) => change({ text: words })}
        />
        {loaded.error !== null && <Refused error={loaded.error} again={() => void loaded.reload()} />}
        {rules.length > 0 && <List rules={rules} cursor={cursor} opened={id} kept={kept} />}
        {loaded.value !== null && rules.length === 0 && <NoRules all={loaded.value.length} />}
      </section>
      {id !== "" && <RuleDetail key={id} id={id} parameters={kept} />}
    </div>
  );
}

function NoRules({ all }: { all: number }): JSX.Element {
  if (all > 0) return <Empty title="No rule is like that" />;
  if (session.value !== null && !session.value.rules) {
    return (
      <Empty title="The server was given no rules" command="bluetick serve --lake lake/ --rules rules/">
        Rules are Sentinel and Defender documents in a folder. The service that runs them:{" "}
        <code>bluetick schedule rules/ --lake lake/</code>
      </Empty>
    );
  }
  return <Empty title="The folder of rules is empty">Write a query, and save it as a rule; or copy Sentinel documents (YAML, JSON) into the folder.</Empty>;
}

interface ListProps {
  rules: readonly Rule[];
  cursor: number;
  opened: string;
  kept: Record<string, string>;
}

function List({ rules, cursor, opened, kept }: ListProps): JSX.Element {
  const at = useRef<HTMLTableRowElement>(null);
  useEffect(() => at.current?.scrollIntoView({ block: "nearest" }), [cursor]);
  const isNarrow = opened !== "";
  return (
    <div class="scroll">
      <table class={`list ${isNarrow ? "narrow" : ""}`} aria-label="Rules">
        <thead>
          <tr>
            {!isNarrow && <th>Severity</th>}
            <th>Rule</th>
            <th>State</th>
            {!isNarrow && <th>Windows</th>}
            {!isNarrow && <th>Every</th>}
            {!isNarrow && <th>Last window</th>}
            {!isNarrow && <th>Next run</th>}
            <th class="number">{isNarrow ? "Open" : "Open alerts"}</th>
          </tr>
        </thead>
        <tbody>
          {rules.map((rule, index) => (
            <tr
              key={rule.id}
              ref={index === cursor ? at : undefined}
              class={index === cursor ? "cursor" : ""}
              aria-current={rule.id === opened ? "true" : undefined}
              onClick={() => go("rules", rule.id, kept)}
            >
              {!isNarrow && (
                <td>
                  <Severity of={rule.severity} />
                </td>
              )}
              <td class="title">
                <a href={address("rules", rule.id, kept)}>
                  <Inert text={rule.name} />
                </a>
                {rule.error ? (
                  <span class="error clipped" title={inert(rule.error, true)}>
                    <Inert text={rule.error.split("\n", 1)[0] ?? ""} />
                  </span>
                ) : (
                  !isNarrow && <span class="quiet">{rule.techniques.map((one) => inert(one)).join(" ")}</span>
                )}
              </td>
              <td>
                <RuleState rule={rule} />
              </td>
              {!isNarrow && (
                <td>
                  <WindowCounts windows={rule.windows} />
                </td>
              )}
              {!isNarrow && <td>{rule.frequency === null ? "–" : durationText(rule.frequency)}</td>}
              {!isNarrow && (
                <td>
                  <Time at={rule.lastWindow} />
                </td>
              )}
              {!isNarrow && (
                <td>
                  <Time at={rule.nextRun} />
                </td>
              )}
              <td class="number">
                {rule.alertsOpen ? (
                  <a href={address("alerts", "", { rule: rule.id })} onClick={(event) => event.stopPropagation()}>
                    {rule.alertsOpen.toLocaleString("en")}
                  </a>
                ) : (
                  <span class="quiet">{rule.alertsOpen ?? "–"}</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
