/** One rule: its windows, its text, what it would have said, and why it said nothing. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { readRule, type WholeRule } from "../api/detections";
import { mayChange } from "../api/session";
import { Account, accountOf } from "../parts/account";
import { BacktestChart } from "../parts/backtest_chart";
import { thresholdText } from "../parts/backtest";
import { Clamped } from "../parts/clamped";
import { Code } from "../parts/code";
import { Refused } from "../parts/empty";
import { ErrorText } from "../parts/error_text";
import { Facts } from "../parts/facts";
import { JobProgress, useJob, type Work } from "../parts/job";
import { useLoaded } from "../parts/loaded";
import { OpenQuery } from "../parts/open_query";
import { Problems } from "../parts/problems";
import { Severity } from "../parts/severity";
import { Techniques } from "../parts/techniques";
import { durationText, Time } from "../parts/time";
import { address } from "../shell/router";
import { Inert } from "../text/inert";
import { BacktestDialog } from "./backtest_dialog";
import { RuleState, WindowCounts } from "./rule_state";
import { WindowStrip } from "./window_strip";

interface Props {
  id: string;
  parameters: Record<string, string>;
}

export function RuleDetail({ id, parameters }: Props): JSX.Element {
  const loaded = useLoaded(() => readRule(id), id);
  const backtest = useJob();
  const account = useJob();
  const [isAsking, ask] = useState(false);
  const rule = loaded.value;
  const explain = (): void => account.begin("accounts", { rule: id });

  useEffect(() => {
    const toBacktest = (): void => ask(mayChange());
    addEventListener("bluetick:backtest", toBacktest);
    addEventListener("bluetick:account", explain);
    return () => {
      removeEventListener("bluetick:backtest", toBacktest);
      removeEventListener("bluetick:account", explain);
    };
  }, [id]);

  return (
    <article class="detail" aria-label="Rule">
      {loaded.error !== null && <Refused error={loaded.error} again={() => void loaded.reload()} />}
      {rule !== null && (
        <>
          <Head rule={rule} parameters={parameters} onBacktest={() => ask(true)} onAccount={explain} />
          <div class="body">
            {rule.error && <ErrorText text={rule.error} />}
            <AccountOf work={account} />
            <BacktestOf work={backtest} />
            <section>
              <h2>
                Windows <WindowCounts windows={rule.windows} />
              </h2>
              <WindowStrip windows={rule.recentWindows} />
            </section>
            {rule.diagnostics.length > 0 && (
              <section>
                <h2>Diagnostics</h2>
                <Problems problems={rule.diagnostics} />
              </section>
            )}
            {rule.blindSpots.length > 0 && (
              <section>
                <h2>What it cannot see</h2>
                <ul>
                  {rule.blindSpots.map((one) => (
                    <li key={one}>
                      <Inert text={one} />
                    </li>
                  ))}
                </ul>
              </section>
            )}
            <Texts rule={rule} />
          </div>
          {isAsking && (
            <BacktestDialog
              rule={rule}
              onClose={() => ask(false)}
              onBegin={(body) => {
                ask(false);
                backtest.begin("backtests", body);
              }}
            />
          )}
        </>
      )}
    </article>
  );
}

interface HeadProps {
  rule: WholeRule;
  parameters: Record<string, string>;
  onBacktest: () => void;
  onAccount: () => void;
}

function Head({ rule, parameters, onBacktest, onAccount }: HeadProps): JSX.Element {
  const open = rule.alertsOpen ?? 0;
  return (
    <header class="head">
      <div class="line">
        <Severity of={rule.severity} />
        <h1>
          <Inert text={rule.name} />
        </h1>
        <RuleState rule={rule} />
        <a class="button plain away" href={address("rules", "", parameters)} aria-label="Back to the list" title="Escape">
          ✕
        </a>
      </div>
      {rule.description && <Clamped text={rule.description} />}
      <div class="actions">
        {mayChange() && (
          <button class="primary" onClick={onBacktest} title="b">
            Backtest …
          </button>
        )}
        <button onClick={onAccount} title="w">
          Why nothing fired
        </button>
        {rule.query && <OpenQuery text={rule.query} title={rule.name} />}
        <a class="button" href={address("alerts", "", { rule: rule.id, state: open > 0 ? "open" : "all" })}>
          {open > 0 ? `${open.toLocaleString("en")} open alert${open === 1 ? "" : "s"}` : "Its alerts"}
        </a>
      </div>
      <Facts
        facts={[
          ["Every", rule.frequency === null ? "–" : durationText(rule.frequency)],
          ["Looks back", rule.period === null ? "–" : durationText(rule.period)],
          ...(rule.threshold ? [["An alert needs", thresholdText(rule.threshold)] as const] : []),
          ["Last window", <Time at={rule.lastWindow} />],
          ["Next run", <Time at={rule.nextRun} />],
          ["Techniques", <Techniques tactics={rule.tactics} techniques={rule.techniques} />],
          ["File", rule.file === null ? "–" : <span class="mono"><Inert text={rule.file} /></span>],
        ]}
      />
    </header>
  );
}

function Texts({ rule }: { rule: WholeRule }): JSX.Element {
  const [shown, show] = useState<"query" | "document">("query");
  return (
    <section>
      <div class="choice" role="tablist" aria-label="Texts">
        {(["query", "document"] as const).map((one) => (
          <button key={one} role="tab" aria-selected={shown === one} aria-pressed={shown === one} onClick={() => show(one)}>
            {one}
          </button>
        ))}
      </div>
      <div class="text">
        <Code text={shown === "query" ? rule.query : rule.document} what={shown} />
      </div>
    </section>
  );
}

interface WorkProps {
  work: Work;
}

function Found({ work, title, what, children }: WorkProps & { title: string; what: string; children: JSX.Element | null }): JSX.Element | null {
  if (!work.isRunning && work.job === null && work.error === null) return null;
  return (
    <section class="panel found" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {!work.isRunning && (
          <button class="plain" aria-label={`Hide: ${title}`} onClick={work.forget}>
            ✕
          </button>
        )}
      </header>
      <JobProgress work={work} what={what} />
      {work.job?.state === "done" ? children : null}
    </section>
  );
}

function BacktestOf({ work }: WorkProps): JSX.Element | null {
  return (
    <Found work={work} title="Backtest" what="Running the rule as of each of its instants">
      <BacktestChart result={work.job?.result} />
    </Found>
  );
}

/** How many rows the run of an account gave; 0 where it does not say. */
function rowCount(result: unknown): number {
  return typeof result === "object" && result !== null && "row_count" in result ? Number(result.row_count) : 0;
}

function AccountOf({ work }: WorkProps): JSX.Element | null {
  const found = accountOf(work.job?.result);
  return (
    <Found work={work} title={rowCount(work.job?.result) > 0 ? "How its rows came about" : "Why nothing fired"} what="Running the rule, counting what each step lets through">
      {found === null ? <p class="quiet">The server told nothing of it.</p> : <Account account={found} />}
    </Found>
  );
}
