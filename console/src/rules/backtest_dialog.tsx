/** Over which span a rule is backtested. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { WholeRule } from "../api/detections";
import { session } from "../api/session";
import { durationText } from "../parts/time";
import { readTime, shownTime } from "../query/time";
import { Dialog } from "../shell/dialog";
import { Inert } from "../text/inert";

const DAY_MS = 86_400_000;
const SPANS = [1, 7, 14, 30];
const MANY_RUNS = 5_000;

interface Props {
  rule: Pick<WholeRule, "id" | "name" | "frequency" | "lastWindow">;
  onClose: () => void;
  onBegin: (body: unknown) => void;
}

function inputText(milliseconds: number): string {
  return shownTime(new Date(milliseconds).toISOString());
}

export function BacktestDialog({ rule, onClose, onBegin }: Props): JSX.Element {
  // The data ends where the rule's windows do; without one, now.
  const end = Date.parse(rule.lastWindow ?? session.value?.now ?? "") || Date.now();
  const [from, changeFrom] = useState(inputText(end - 7 * DAY_MS));
  const [to, changeTo] = useState(inputText(end));
  const [first, last] = [readTime(from), readTime(to)];
  const span = first === null || last === null ? NaN : Date.parse(last) - Date.parse(first);
  const runs = rule.frequency ? Math.floor(span / 1000 / rule.frequency) : null;
  const isWrong = !(span > 0);
  const begin = (event: Event): void => {
    event.preventDefault();
    if (!isWrong) onBegin({ rule: rule.id, from: first, to: last });
  };
  return (
    <Dialog title="Backtest" onClose={onClose}>
      <form class="backtest-span" onSubmit={begin}>
        <p class="quiet">
          What <Inert text={rule.name} /> would have said, run as of every instant at which it is due, on the data that is there now.
        </p>
        <div class="choice" role="group" aria-label="Span">
          {SPANS.map((days) => (
            <button type="button" key={days} aria-pressed={span === days * DAY_MS} onClick={() => changeFrom(inputText((last === null ? end : Date.parse(last)) - days * DAY_MS))}>
              {days === 1 ? "1 day" : `${days} days`}
            </button>
          ))}
        </div>
        <div class="fields">
          <label for="backtest-from">From (UTC)</label>
          <input id="backtest-from" class="mono" required value={from} onInput={(event) => changeFrom(event.currentTarget.value)} />
          <label for="backtest-to">To (UTC)</label>
          <input id="backtest-to" class="mono" required value={to} onInput={(event) => changeTo(event.currentTarget.value)} />
        </div>
        <p class={isWrong ? "error" : "quiet"} role="status">
          {isWrong
            ? Number.isNaN(span)
              ? "A time is written as 2026-11-23 14:05:00."
              : "The span ends before it begins."
            : runs === null
              ? `${durationText(span / 1000)}`
              : `${runs.toLocaleString("en")} run${runs === 1 ? "" : "s"}, every ${durationText(rule.frequency ?? 0)}${runs > MANY_RUNS ? ": that takes a while; it can be cancelled" : ""}`}
        </p>
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button class="primary" type="submit" disabled={isWrong}>
            Run the backtest
          </button>
        </div>
      </form>
    </Dialog>
  );
}
