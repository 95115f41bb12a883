/** Over which span a rule is backtested. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { WholeRule } from "../api/detections";
import { session } from "../api/session";
import { durationText } from "../parts/time";
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

/** As an input for a date and a time has it, in UTC. */
function inputText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 16);
}

export function BacktestDialog({ rule, onClose, onBegin }: Props): JSX.Element {
  // The data ends where the rule's windows do; without one, now.
  const end = Date.parse(rule.lastWindow ?? session.value?.now ?? "") || Date.now();
  const [from, changeFrom] = useState(inputText(end - 7 * DAY_MS));
  const [to, changeTo] = useState(inputText(end));
  const span = Date.parse(`${to}Z`) - Date.parse(`${from}Z`);
  const runs = rule.frequency ? Math.floor(span / 1000 / rule.frequency) : null;
  const isWrong = !(span > 0);
  const begin = (event: Event): void => {
    event.preventDefault();
    if (!isWrong) onBegin({ rule: rule.id, from: `${from}:00Z`, to: `${to}:00Z` });
  };
  return (
    <Dialog title="Backtest" onClose={onClose}>
      <form class="backtest-span" onSubmit={begin}>
        <p class="quiet">
          What <Inert text={rule.name} /> would have said, run as of every instant at which it is due, on the data that is there now.
        </p>
        <div class="choice" role="group" aria-label="Span">
          {SPANS.map((days) => (
            <button type="button" key={days} aria-pressed={span === days * DAY_MS} onClick={() => changeFrom(inputText(Date.parse(`${to}Z`) - days * DAY_MS))}>
              {days === 1 ? "1 day" : `${days} days`}
            </button>
          ))}
        </div>
        <div class="fields">
          <label for="backtest-from">From (UTC)</label>
          <input id="backtest-from" type="datetime-local" required value={from} onInput={(event) => changeFrom(event.currentTarget.value)} />
          <label for="backtest-to">To (UTC)</label>
          <input id="backtest-to" type="datetime-local" required value={to} onInput={(event) => changeTo(event.currentTarget.value)} />
        </div>
        <p class={isWrong ? "error" : "quiet"} role="status">
          {isWrong
            ? "The span ends before it begins."
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
