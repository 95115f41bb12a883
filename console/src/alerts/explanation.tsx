/** Why a row of an alert is there: the events behind it, what was measured, what it was compared with. */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { Account, accountOf } from "../parts/account";
import { cellText } from "../results/values";
import { RowsTable } from "../parts/rows_table";
import { thresholdText } from "../parts/backtest";
import { Time } from "../parts/time";
import { Inert } from "../text/inert";

type Row = Readonly<Record<string, unknown>>;

interface Condition {
  readonly condition: string;
  readonly limit?: unknown;
}

interface SourceRows {
  readonly table: string;
  readonly rows_behind: number;
  readonly exact: boolean;
  readonly notes: readonly string[];
  readonly used_columns: readonly string[];
  readonly rows: readonly Row[];
}

interface Baseline {
  readonly name: string;
  readonly relation: string;
  readonly conditions: readonly Condition[];
  readonly keys: readonly Row[];
  readonly own: readonly Row[];
  readonly own_passes: boolean;
  readonly groups: number;
  readonly nearest: readonly Row[];
}

export interface ExplanationJson {
  readonly window: { readonly start: string | null; readonly end: string; readonly rows: number; readonly suppressed: boolean; readonly versions: Readonly<Record<string, number>> };
  readonly trigger: { readonly rows: number; readonly operator: string; readonly threshold: number };
  readonly read_as_of: string;
  readonly notes: readonly string[];
  readonly sources?: readonly SourceRows[];
  readonly measured?: readonly (Condition & { readonly let: string | null; readonly values: readonly Row[] })[];
  readonly lookups?: readonly { readonly provider: string; readonly answers: readonly Row[] }[];
  readonly baselines?: readonly Baseline[];
  readonly unreached?: readonly string[];
}

export function explanationOf(result: unknown): ExplanationJson | null {
  if (typeof result !== "object" || result === null || !("window" in result)) return null;
  return result as ExplanationJson;
}

function count(number: number, what: string): string {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}

function said(row: Row | undefined): string {
  return Object.entries(row ?? {})
    .map(([name, value]) => `${name} = ${cellText(value) || "null"}`)
    .join(", ");
}

function behind(source: SourceRows): string {
  if (source.exact) return source.rows_behind === 1 ? "this row" : `these ${count(source.rows_behind, "row")}`;
  return `rows among these ${count(source.rows_behind, "row")}`;
}

function Step({ title, children }: { title: ComponentChildren; children?: ComponentChildren }): JSX.Element {
  return (
    <li>
      <h3>{title}</h3>
      {children}
    </li>
  );
}

function Notes({ notes }: { notes: readonly string[] }): JSX.Element {
  return (
    <>
      {notes.map((note) => (
        <p key={note} class="warning">
          <Inert text={note} />
        </p>
      ))}
    </>
  );
}

function Grid({ label, rows, columns }: { label: string; rows: readonly Row[]; columns?: readonly string[] }): JSX.Element | null {
  if (rows.length === 0) return null;
  const names = columns ?? Object.keys(rows[0] ?? {});
  return <RowsTable label={label} columns={names} rows={rows.map((row) => names.map((name) => row[name]))} />;
}

function Sources({ source }: { source: SourceRows }): JSX.Element {
  const [isWhole, change] = useState(false);
  const every = Object.keys(source.rows[0] ?? {});
  const used = every.filter((name) => source.used_columns.includes(name));
  const hidden = every.length - used.length;
  const more = source.rows_behind - source.rows.length;
  return (
    <Step
      title={
        <>
          It comes from {behind(source)} of <Inert text={source.table} />
        </>
      }
    >
      <Notes notes={source.notes} />
      <Grid label={`Evidence events of ${source.table}`} rows={source.rows} columns={isWhole || used.length === 0 ? every : used} />
      <p class="quiet">
        {more > 0 && `${count(more, "more row")} not shown. `}
        {hidden > 0 && used.length > 0 && (
          <label>
            <input type="checkbox" checked={isWhole} onChange={() => change(!isWhole)} /> show the {count(hidden, "column")} that the rule
            does not look at
          </label>
        )}
      </p>
    </Step>
  );
}

function Limit({ condition }: { condition: Condition }): JSX.Element | null {
  const limit = cellText(condition.limit ?? null);
  if (limit === "" || condition.condition.includes(limit)) return null;
  return <span class="quiet"> (held to <Inert text={limit} />)</span>;
}

function Compared({ baseline }: { baseline: Baseline }): JSX.Element {
  return (
    <Step
      title={
        <>
          Compared with <Inert text={baseline.name || "the other side"} />: the row is {baseline.relation}{" "}
          {baseline.relation === "joined with" && !baseline.own_passes ? "nothing of it" : "it"}
        </>
      }
    >
      <dl class="compared">
        <dt>own key</dt>
        <dd class="mono">
          <Inert text={said(baseline.keys[0]) || "none"} />
        </dd>
        {baseline.conditions.map((one) => (
          <>
            <dt>asked</dt>
            <dd>
              <code>
                <Inert text={one.condition} />
              </code>
              <Limit condition={one} />
            </dd>
          </>
        ))}
        <dt>own group</dt>
        <dd class="mono">
          <Inert text={said(baseline.own[0]) || "none"} />
          {baseline.own.length > 0 && !baseline.own_passes && <span class="chip warn">not what was asked</span>}
        </dd>
      </dl>
      {baseline.nearest.length > 0 && <p class="quiet">The nearest of its {count(baseline.groups, "group")}:</p>}
      <Grid label={`Nearest groups of ${baseline.name || "the other side"}`} rows={baseline.nearest} />
      {baseline.nearest.length === 0 && <p class="quiet">It has no groups.</p>}
    </Step>
  );
}

export function Explanation({ result }: { result: unknown }): JSX.Element {
  const found = explanationOf(result);
  const account = accountOf(result);
  if (found === null) return <p class="quiet">The server told nothing of it.</p>;
  const { window, trigger } = found;
  return (
    <div class="explanation">
      <Notes notes={found.notes} />
      <ol aria-label="Why this fired">
        <Step
          title={
            <>
              The window {window.start && <Time at={window.start} />} to <Time at={window.end} /> gave {count(window.rows, "row")}; an
              alert needs {thresholdText({ operator: trigger.operator, value: trigger.threshold })}
            </>
          }
        >
          <p class="quiet">
            {window.suppressed && "The window is suppressed. "}
            {Object.entries(window.versions).map(([table, version]) => `${table} was read at version ${version}. `)}
            {found.read_as_of === "versions" && "The rule was run once more over what it read then."}
          </p>
        </Step>
        {(found.sources ?? []).map((source) => (
          <Sources key={source.table} source={source} />
        ))}
        {(found.unreached ?? []).map((name) => (
          <Step key={name} title={<>Not followed through <Inert text={name} /></>} />
        ))}
        {(found.measured ?? []).length > 0 && (
          <Step title="What was measured">
            <ul class="measured">
              {(found.measured ?? []).flatMap((one, index) =>
                one.values.map((row, at) => (
                  <li key={`${index} ${at}`}>
                    <code>
                      <Inert text={one.condition} />
                    </code>
                    <strong class="mono">
                      <Inert text={said(row)} />
                    </strong>
                    <Limit condition={one} />
                    {one.let && <span class="quiet"> in <Inert text={one.let} /></span>}
                  </li>
                )),
              )}
            </ul>
          </Step>
        )}
        {(found.lookups ?? []).map((one) => (
          <Step key={one.provider} title={<><Inert text={one.provider} /> said</>}>
            <Grid label={`Answers of ${one.provider}`} rows={one.answers} />
          </Step>
        ))}
        {[...(found.baselines ?? [])]
          .sort((one, other) => Number(one.own_passes) - Number(other.own_passes))
          .map((one, index) => (
            <Compared key={index} baseline={one} />
          ))}
      </ol>
      {account !== null && <Account account={account} />}
    </div>
  );
}
