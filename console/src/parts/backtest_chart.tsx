/** A backtest: alerts a day, rows of each run beside the threshold, who makes the noise, what another threshold would have done. */
import type { JSX } from "preact";
import { Inert } from "../text/inert";
import "./backtest_chart.css";
import { backtestOf, buckets, labelsText, thresholdText, type Backtest } from "./backtest";
import { Empty } from "./empty";
import { Facts } from "./facts";
import { durationText, Time, timeText } from "./time";

const DRAWN_RUNS = 400;
const DRAWN_ENTITIES = 8;

function count(number: number): string {
  return number.toLocaleString("en");
}

function plural(number: number, what: string): string {
  return `${count(number)} ${what}${number === 1 ? "" : "s"}`;
}

/** The next of 1, 2, 5, 10, 20 ... that is not below: the top of an axis. */
function roundUp(value: number): number {
  const size = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  const step = [1, 2, 5, 10].find((one) => one * size >= value) ?? 10;
  return step * size;
}

function Days({ found }: { found: Backtest }): JSX.Element {
  const days = Object.entries(found.alerts_by_day);
  const top = roundUp(Math.max(1, ...days.map(([, alerts]) => alerts)));
  const every = Math.ceil(days.length / 8);
  return (
    <figure>
      <figcaption>Alerts a day</figcaption>
      <div class="plot">
        <div class="axis" aria-hidden="true">
          <span>{count(top)}</span>
          <span>0</span>
        </div>
        <ol class="bars" aria-label="Alerts a day">
          {days.map(([day, alerts]) => (
            <li key={day} title={`${day}: ${plural(alerts, "alert")}`}>
              {alerts > 0 && days.length <= 31 && <span class="number">{count(alerts)}</span>}
              <span class="bar" style={{ height: `${(100 * alerts) / top}%` }} />
              <span class="unseen">{`${day}: ${plural(alerts, "alert")}`}</span>
            </li>
          ))}
        </ol>
      </div>
      <div class="days" aria-hidden="true">
        {days.map(([day], index) => (
          <span key={day}>{index % every === 0 ? day.slice(5) : ""}</span>
        ))}
      </div>
    </figure>
  );
}

function Runs({ found }: { found: Backtest }): JSX.Element {
  const drawn = buckets(found.windows, DRAWN_RUNS);
  const limit = found.threshold.value;
  const top = roundUp(Math.max(1, limit, ...drawn.map((one) => one.most)));
  const wide = Math.max(1, drawn.length);
  const level = 100 - (100 * limit) / top;
  return (
    <figure>
      <figcaption>
        Rows a run <span class="quiet">(an alert needs {thresholdText(found.threshold)})</span>
      </figcaption>
      <div class="plot">
        <div class="axis" aria-hidden="true">
          <span>{count(top)}</span>
          <span>0</span>
        </div>
        <svg class="runs" viewBox={`0 0 ${wide} 100`} preserveAspectRatio="none" role="img" aria-label="Rows a run">
          {drawn.map((one, index) => (
            <rect
              key={index}
              class={one.failed > 0 ? "failed" : one.alerts > 0 ? "alerting" : ""}
              x={index + 0.08}
              width={0.84}
              y={one.failed > 0 ? 0 : 100 - (100 * one.most) / top}
              height={one.failed > 0 ? 100 : Math.max(one.most > 0 ? 1.5 : 0.6, (100 * one.most) / top)}
            >
              <title>
                {`${timeText(one.first.now)}${one.runs > 1 ? ` and ${one.runs - 1} more` : ""}: ${plural(one.most, "row")}, ${plural(one.alerts, "alert")}${one.failed ? `, ${one.failed} failed` : ""}`}
              </title>
            </rect>
          ))}
          <line class="threshold" x1="0" x2={wide} y1={level} y2={level} />
        </svg>
      </div>
      <div class="ends" aria-hidden="true">
        <span>{timeText(found.from)}</span>
        <span>{drawn.length < found.windows.length ? `each bar the largest of ${Math.ceil(found.windows.length / drawn.length)} runs` : ""}</span>
        <span>{timeText(found.to)}</span>
      </div>
    </figure>
  );
}

function Noise({ found }: { found: Backtest }): JSX.Element | null {
  const counts = found.entities.counts.slice(0, DRAWN_ENTITIES);
  if (counts.length === 0) return null;
  const most = Math.max(1, ...counts.map((one) => one.alerts));
  const share = found.entities.top_share;
  return (
    <section>
      <h3>Who makes the alerts</h3>
      <p class="quiet">
        {share !== null && `${Math.round(share * 100)} % of the alerting runs have one of the first ${found.entities.top}. `}
        {found.entities.guessed && "The rule maps no entities: these are columns with well-known names."}
      </p>
      <table class="noise">
        <tbody>
          {counts.map((one) => (
            <tr key={`${one.kind} ${one.value}`}>
              <td class="quiet">{one.kind}</td>
              <td class="mono">
                <Inert text={one.value} />
              </td>
              <td class="share">
                <span class="bar" style={{ width: `${(100 * one.alerts) / most}%` }} />
              </td>
              <td class="number">{count(one.alerts)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Thresholds({ found }: { found: Backtest }): JSX.Element | null {
  if (found.thresholds.length < 2) return null;
  const isScored = found.thresholds.some((one) => one.recall !== null);
  return (
    <section>
      <h3>With another threshold</h3>
      <table class="thresholds">
        <thead>
          <tr>
            <th>rows</th>
            <th class="number">alerts</th>
            <th class="number">runs</th>
            {isScored && <th class="number">found</th>}
          </tr>
        </thead>
        <tbody>
          {found.thresholds.map((one) => (
            <tr key={one.value} class={one.value === found.threshold.value ? "own" : ""}>
              <td>
                {thresholdText({ ...found.threshold, value: one.value })}
                {one.value === found.threshold.value && <span class="quiet"> (now)</span>}
              </td>
              <td class="number">{count(one.alerts)}</td>
              <td class="number">{count(one.runs)}</td>
              {isScored && <td class="number">{one.recall === null ? "–" : `${Math.round(one.recall * 100)} %`}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Failures({ found }: { found: Backtest }): JSX.Element | null {
  const first = found.windows.find((one) => one.error !== undefined);
  if (first === undefined) return null;
  return (
    <p class="error">
      {plural(found.failed, "run")} failed; the first at <Time at={first.now} />: <Inert text={first.error ?? ""} lines />
    </p>
  );
}

/** `result` is a backtest job's: the JSON of `bluetick backtest`. */
export function BacktestChart({ result }: { result: unknown }): JSX.Element {
  const found = backtestOf(result);
  if (found === null) return <Empty title="The backtest gave nothing to show." />;
  const days = Math.max(1 / 24, (Date.parse(found.to) - Date.parse(found.from)) / 86_400_000);
  const perDay = found.alerts / days;
  return (
    <div class="backtest">
      <Facts
        facts={[
          ["Alerts", <strong>{count(found.alerts)}</strong>],
          ["A day", perDay.toLocaleString("en", { maximumFractionDigits: 2 })],
          ["Runs", `${count(found.runs)}, every ${durationText(found.every)}`],
          ["Rows a run", found.rows ? `median ${count(found.rows.median)}, 95 % up to ${count(found.rows.p95)}, most ${count(found.rows.max)}` : "–"],
          ...(labelsText(found) ? [["Labels, of closed alerts", labelsText(found)] as const] : []),
          ...(found.suppressed ? [["Suppressed", plural(found.suppressed, "run")] as const] : []),
          ...(found.incomplete ? [["Cold start", `${plural(found.incomplete, "run")} looked back to before the first row`] as const] : []),
        ]}
      />
      <Failures found={found} />
      <div class="charts">
        <Days found={found} />
        <Runs found={found} />
      </div>
      <div class="charts">
        <Noise found={found} />
        <Thresholds found={found} />
      </div>
    </div>
  );
}
