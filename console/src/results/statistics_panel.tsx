/** What a column holds: counts, its most frequent values, and the spread of numbers and times. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Cell, ResultTable } from "../api/query";
import { Inert } from "../text/inert";
import type { Comparison } from "./kql_text";
import { statistics, type Measures, type Statistics } from "./statistics";
import { isNumber, shownText } from "./values";

interface Props {
  readonly table: ResultTable;
  readonly column: number;
  readonly onColumn: (column: number) => void;
  readonly onFilter: (column: number, cell: Cell, comparison: Comparison) => void;
}

export function percent(part: number, whole: number): string {
  if (whole === 0) return "0 %";
  const share = (100 * part) / whole;
  return `${share > 0 && share < 0.1 ? "<0.1" : share.toFixed(share < 10 ? 1 : 0)} %`;
}

function rounded(value: number): string {
  return Number(value.toPrecision(8)).toString();
}

export function StatisticsPanel({ table, column, onColumn, onFilter }: Props): JSX.Element {
  const [found, show] = useState<Statistics | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    show(null);
    void statistics(table, column, stop.signal).then((counted) => counted && show(counted));
    return () => stop.abort();
  }, [table, column]);
  const type = table.columns[column]?.type ?? "string";
  return (
    <>
      <p class="what">
        <select aria-label="Column" value={column} onChange={(event) => onColumn(Number(event.currentTarget.value))}>
          {table.columns.map((one, index) => (
            <option key={index} value={index}>
              {one.name}
            </option>
          ))}
        </select>
        <span class="type">{type}</span>
      </p>
      {found === null ? (
        <p class="quiet">Counting …</p>
      ) : (
        <>
          <dl class="counts" aria-label="Counts">
            <Count name="Rows" value={found.rows.toLocaleString("en")} />
            <Count name="Distinct" value={found.distinct.toLocaleString("en")} />
            {type === "string" ? (
              <Count name="Empty" value={`${found.empty.toLocaleString("en")} · ${percent(found.empty, found.rows)}`} />
            ) : (
              <Count name="Null" value={`${found.nulls.toLocaleString("en")} · ${percent(found.nulls, found.rows)}`} />
            )}
          </dl>
          {found.measures && <Spread measures={found.measures} type={type} />}
          <h3>Most frequent</h3>
          <ol class="top" aria-label="Most frequent values">
            {found.top.map((value, index) => (
              <li key={index}>
                <button
                  class="plain value"
                  title="Only rows with this value (with Shift: without it)"
                  onClick={(event) => onFilter(column, value.cell, event.shiftKey ? "!=" : "==")}
                >
                  <Bar share={value.count / (found.top[0]?.count ?? 1)} />
                  <span class="text">
                    {value.cell === "" ? <span class="no-value">empty</span> : <Inert text={shownText(value.cell, type).slice(0, 200)} />}
                  </span>
                  <span class="number">{value.count.toLocaleString("en")}</span>
                  <span class="number quiet">{percent(value.count, found.rows)}</span>
                </button>
              </li>
            ))}
          </ol>
          {found.distinct > found.top.length && <p class="quiet">{(found.distinct - found.top.length).toLocaleString("en")} more values</p>}
        </>
      )}
    </>
  );
}

function Count({ name, value }: { name: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

export function Bar({ share }: { share: number }): JSX.Element {
  return (
    <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect width={Math.max(0.5, 100 * share)} height="10" />
    </svg>
  );
}

function Spread({ measures, type }: { measures: Measures; type: Parameters<typeof isNumber>[0] }): JSX.Element {
  const unit = type === "timespan" ? " s" : "";
  return (
    <>
      <h3>Spread</h3>
      <dl class="counts" aria-label="Spread">
        <Count name="Least" value={shownText(measures.least, type)} />
        {measures.percentiles.map(([rank, cell]) => (
          <Count key={rank} name={rank === 50 ? "Median" : `${rank} %`} value={shownText(cell, type)} />
        ))}
        <Count name="Most" value={shownText(measures.most, type)} />
        {measures.mean !== null && <Count name="Mean" value={rounded(measures.mean) + unit} />}
        {measures.sum !== null && <Count name="Sum" value={rounded(measures.sum) + unit} />}
      </dl>
    </>
  );
}
