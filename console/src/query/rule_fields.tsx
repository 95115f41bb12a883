/** The fields that a rule and its backtest share: how often, how far back, from how many rows on. */
import type { JSX } from "preact";
import { Field } from "../parts/field";
import { COMMON_DURATIONS, readDuration } from "./durations";

export interface Schedule {
  readonly frequency: string;
  readonly period: string;
  readonly operator: string;
  readonly value: string;
}

export const HOURLY: Schedule = { frequency: "1h", period: "1h", operator: "gt", value: "0" };

const OPERATORS: readonly (readonly [string, string])[] = [
  ["gt", "more than"],
  ["lt", "fewer than"],
  ["eq", "exactly"],
  ["ne", "any number but"],
];

/** What is wrong with each field; none where all are well. */
export function scheduleErrors({ frequency, period, value }: Schedule): Record<string, string> {
  const found: Record<string, string> = {};
  if (readDuration(frequency) === null) found["frequency"] = "A duration such as 5m, 1h or 1d.";
  if (readDuration(period) === null) found["period"] = "A duration such as 5m, 1h or 14d.";
  if (!/^\d{1,9}$/.test(value.trim())) found["threshold"] = "A whole number of rows.";
  return found;
}

/** As the server wants it; only for fields without errors. */
export function scheduleBody(schedule: Schedule): Record<string, unknown> {
  return {
    frequency: readDuration(schedule.frequency),
    period: readDuration(schedule.period),
    threshold: { operator: schedule.operator, value: Number(schedule.value) },
  };
}

interface Props {
  schedule: Schedule;
  errors: Readonly<Record<string, string>>;
  onChange: (schedule: Schedule) => void;
}

export function ScheduleFields({ schedule, errors, onChange }: Props): JSX.Element {
  const set = (name: keyof Schedule) => (event: JSX.TargetedEvent<HTMLInputElement | HTMLSelectElement>) =>
    onChange({ ...schedule, [name]: event.currentTarget.value });
  return (
    <>
      <Field label="Runs every" error={errors["frequency"] ?? null}>
        <input list="durations" value={schedule.frequency} aria-label="Frequency" aria-invalid={"frequency" in errors} onInput={set("frequency")} />
      </Field>
      <Field label="Looks back" error={errors["period"] ?? null}>
        <input list="durations" value={schedule.period} aria-label="Period" aria-invalid={"period" in errors} onInput={set("period")} />
      </Field>
      <Field label="Alerts on">
        <select aria-label="Operator of the threshold" value={schedule.operator} onChange={set("operator")}>
          {OPERATORS.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </Field>
      <Field label="Rows" error={errors["threshold"] ?? null}>
        <input inputMode="numeric" value={schedule.value} aria-label="Threshold" aria-invalid={"threshold" in errors} onInput={set("value")} />
      </Field>
      <datalist id="durations">
        {COMMON_DURATIONS.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
    </>
  );
}
