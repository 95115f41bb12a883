/** What a rule of this query would have said over a span of the past. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { BacktestChart } from "../parts/backtest_chart";
import { Field } from "../parts/field";
import { JobProgress, useJob } from "../parts/job";
import { newest } from "../schema/tables";
import { Dialog } from "../shell/dialog";
import { Inert } from "../text/inert";
import { readDuration } from "./durations";
import { HOURLY, scheduleBody, scheduleErrors, ScheduleFields } from "./rule_fields";
import { readTime, shownTime } from "./time";

const WEEK_MS = 7 * 86_400_000;
const MINUTE_MS = 60_000;

interface Props {
  query: string;
  onClose: () => void;
}

/** The instant to the minute, at or after it. */
function minute(milliseconds: number): string {
  return shownTime(new Date(Math.ceil(milliseconds / MINUTE_MS) * MINUTE_MS).toISOString()).slice(0, 16);
}

function runsText(from: string, to: string, every: number | null): string {
  const span = (Date.parse(to) - Date.parse(from)) / 1000;
  if (every === null || !(span > 0)) return "";
  const count = Math.floor(span / every);
  return `${count.toLocaleString("en")} ${count === 1 ? "run" : "runs"}`;
}

export function BacktestDialog({ query, onClose }: Props): JSX.Element {
  const end = Date.parse(newest() ?? "") || Date.now();
  const [schedule, changeSchedule] = useState(HOURLY);
  const [from, changeFrom] = useState(minute(end - WEEK_MS));
  const [to, changeTo] = useState(minute(end));
  const [errors, tell] = useState<Readonly<Record<string, string>>>({});
  const work = useJob();
  const span = { from: readTime(from), to: readTime(to) };

  const begin = (event: Event): void => {
    event.preventDefault();
    const found = scheduleErrors(schedule);
    if (span.from === null) found["from"] = "A time such as 2026-11-01 00:00.";
    if (span.to === null) found["to"] = "A time such as 2026-11-08 00:00.";
    if (span.from !== null && span.to !== null && Date.parse(span.from) >= Date.parse(span.to)) found["to"] = "It is not behind the start.";
    tell(found);
    if (Object.keys(found).length === 0) work.begin("backtests", { query, ...scheduleBody(schedule), ...span });
  };
  const runs = span.from && span.to ? runsText(span.from, span.to, readDuration(schedule.frequency)) : "";
  return (
    <Dialog title="Backtest" onClose={onClose}>
      <form class="form backtest" onSubmit={begin}>
        <ScheduleFields schedule={schedule} errors={errors} onChange={changeSchedule} />
        <Field label="From (UTC)" error={errors["from"] ?? null}>
          <input value={from} aria-label="From" aria-invalid={"from" in errors} onInput={(event) => changeFrom(event.currentTarget.value)} />
        </Field>
        <Field label="To (UTC)" error={errors["to"] ?? null}>
          <input value={to} aria-label="To" aria-invalid={"to" in errors} onInput={(event) => changeTo(event.currentTarget.value)} />
        </Field>
        <div class="buttons">
          <span class="quiet">{runs}</span>
          <button type="button" onClick={onClose}>
            Close
          </button>
          <button class="primary" type="submit" disabled={work.isRunning}>
            Run the backtest
          </button>
        </div>
        <details class="wide">
          <summary class="quiet">The query</summary>
          <pre class="asked">
            <Inert text={query} lines />
          </pre>
        </details>
      </form>
      <JobProgress work={work} what="Running the rule over the span" />
      {work.job?.state === "done" && <BacktestChart result={work.job.result} />}
    </Dialog>
  );
}
