/** The account of a run: what each table gave, what each step let through, what nearly was a result. */
import type { JSX } from "preact";
import { Inert } from "../text/inert";
import { RowsTable } from "./rows_table";
import { Time } from "./time";

interface FilterCount {
  readonly text: string;
  readonly before: number;
  readonly after: number;
  readonly missing: number;
}

interface Stage {
  readonly let: string | null;
  readonly label: string;
  readonly rows: number;
  readonly filters: readonly FilterCount[];
}

interface TableCount {
  readonly name: string;
  readonly rows: number;
  readonly in_scope: number;
  readonly first: string | null;
  readonly last: string | null;
  readonly version?: number;
}

interface NearMiss {
  readonly let: string | null;
  readonly condition: string;
  readonly distance: number | null;
  readonly row: Readonly<Record<string, unknown>>;
}

export interface AccountJson {
  readonly verdict: string;
  readonly warnings: readonly string[];
  readonly tables: readonly TableCount[];
  readonly stages: readonly Stage[];
  readonly providers: readonly { readonly name: string; readonly note?: string; readonly states: Readonly<Record<string, number>> }[];
  readonly near_misses?: readonly NearMiss[];
}

/** The account in the result of a job; null where there is none. */
export function accountOf(result: unknown): AccountJson | null {
  if (typeof result !== "object" || result === null) return null;
  const found = "account" in result ? (result as { account: unknown }).account : result;
  if (typeof found !== "object" || found === null || !("stages" in found)) return null;
  return found as AccountJson;
}

function count(number: number): string {
  return number.toLocaleString("en");
}

/** A bar on the scale of powers of ten: a step that leaves 3 of a million rows is still seen. */
function Bar({ rows, most }: { rows: number; most: number }): JSX.Element {
  const width = rows === 0 ? 0 : (100 * Math.log10(rows + 1)) / Math.log10(most + 1);
  return (
    <span class="bar" aria-hidden="true">
      <i style={{ width: `${width}%` }} />
    </span>
  );
}

function Filter({ filter, most }: { filter: FilterCount; most: number }): JSX.Element {
  const removed = filter.before - filter.after;
  const isLast = filter.before > 0 && filter.after === 0;
  return (
    <li class={`filter ${isLast ? "last" : ""}`}>
      <span class="number">{count(filter.after)}</span>
      <Bar rows={filter.after} most={most} />
      <code>
        <Inert text={filter.text} />
      </code>
      <span class="quiet">
        {removed === 0 ? "removed none" : `removed ${count(removed)} of ${count(filter.before)}`}
        {filter.missing > 0 && `, ${count(filter.missing)} for a missing value`}
      </span>
      {isLast && <span class="chip bad">took the last rows</span>}
    </li>
  );
}

function Steps({ account }: { account: AccountJson }): JSX.Element {
  const most = Math.max(1, ...account.tables.map((table) => table.rows), ...account.stages.map((stage) => stage.rows));
  let binding: string | null | undefined;
  return (
    <ol class="steps" aria-label="Steps">
      {account.tables.map((table) => (
        <li key={`table ${table.name}`} class="table">
          <span class="number">{count(table.in_scope)}</span>
          <Bar rows={table.in_scope} most={most} />
          <strong>
            <Inert text={table.name} />
          </strong>
          <span class="quiet">
            {table.in_scope < table.rows ? `in the window, of ${count(table.rows)} rows` : "rows, all in the window"}
            {table.first !== null && table.last !== null && (
              <>
                , <Time at={table.first} /> to <Time at={table.last} />
              </>
            )}
          </span>
        </li>
      ))}
      {account.stages.map((stage, index) => {
        const isNew = binding !== stage.let;
        binding = stage.let;
        return (
          <li key={index} class="stage">
            {isNew && stage.let !== null && (
              <div class="let">
                let <Inert text={stage.let} />
              </div>
            )}
            <ol>
              <li class="filter stage">
                <span class="number">{count(stage.rows)}</span>
                <Bar rows={stage.rows} most={most} />
                <strong>
                  <Inert text={stage.label} />
                </strong>
                <span />
              </li>
              {stage.filters.map((filter, at) => (
                <Filter key={at} filter={filter} most={most} />
              ))}
            </ol>
          </li>
        );
      })}
    </ol>
  );
}

function NearMisses({ misses }: { misses: readonly NearMiss[] }): JSX.Element {
  const groups = new Map<string, NearMiss[]>();
  for (const miss of misses) groups.set(miss.condition, [...(groups.get(miss.condition) ?? []), miss]);
  return (
    <section aria-label="Near misses">
      <h3>Near misses</h3>
      {groups.size === 0 && <p class="quiet">No row failed exactly one condition.</p>}
      {[...groups].map(([condition, rows]) => {
        const names = Object.keys(rows[0]?.row ?? {});
        const hasDistance = rows.some((miss) => miss.distance !== null);
        return (
          <div key={condition}>
            <p>
              {count(rows.length)} row{rows.length === 1 ? "" : "s"} failed only{" "}
              <code>
                <Inert text={condition} />
              </code>
            </p>
            <RowsTable
              label={`Near misses of ${condition}`}
              columns={hasDistance ? ["off by", ...names] : names}
              rows={rows.map((miss) => [...(hasDistance ? [miss.distance] : []), ...names.map((name) => miss.row[name])])}
            />
          </div>
        );
      })}
    </section>
  );
}

export function Account({ account }: { account: AccountJson }): JSX.Element {
  return (
    <div class="account">
      <p class="verdict">
        <Inert text={account.verdict} />
      </p>
      {account.warnings.map((warning) => (
        <p key={warning} class="warning">
          <Inert text={warning} />
        </p>
      ))}
      <Steps account={account} />
      {account.providers.map((provider) => (
        <p key={provider.name} class="quiet">
          <Inert text={provider.name} />: {Object.entries(provider.states).map(([state, number]) => `${count(number)} ${state}`).join(", ")}
        </p>
      ))}
      {account.near_misses !== undefined && <NearMisses misses={account.near_misses} />}
    </div>
  );
}
