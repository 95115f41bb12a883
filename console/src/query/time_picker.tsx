/** Which times of the data the query sees. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { newest } from "../schema/tables";
import { ALL, readTime, rangeOf, shownTime, SPANS, timeText, type TimeChoice } from "./time";

interface Props {
  choice: TimeChoice;
  onChange: (choice: TimeChoice) => void;
}

function Custom({ choice, onChange }: Props): JSX.Element {
  const now = rangeOf(choice, newest());
  const [from, changeFrom] = useState(now.from === null ? "" : shownTime(now.from));
  const [to, changeTo] = useState(now.to === null ? "" : shownTime(now.to));
  const read = { from: from.trim() === "" ? null : readTime(from), to: to.trim() === "" ? null : readTime(to) };
  const wrong = (text: string, time: string | null): boolean => text.trim() !== "" && time === null;
  const isTurned = read.from !== null && read.to !== null && Date.parse(read.from) >= Date.parse(read.to);
  const isWrong = wrong(from, read.from) || wrong(to, read.to) || isTurned;
  const apply = (event: Event): void => {
    event.preventDefault();
    if (!isWrong) onChange(read.from === null && read.to === null ? ALL : { kind: "between", ...read });
  };
  return (
    <form class="custom" onSubmit={apply}>
      <label>
        From
        <input value={from} placeholder="YYYY-MM-DD HH:MM" aria-invalid={wrong(from, read.from)} onInput={(event) => changeFrom(event.currentTarget.value)} />
      </label>
      <label>
        To
        <input value={to} placeholder="YYYY-MM-DD HH:MM" aria-invalid={wrong(to, read.to)} onInput={(event) => changeTo(event.currentTarget.value)} />
      </label>
      <p class={isWrong ? "error" : "quiet"}>
        {isTurned ? "The end is not behind the start." : "UTC. The start is within, the end is not."}
      </p>
      <button class="primary" type="submit" disabled={isWrong}>
        Apply
      </button>
    </form>
  );
}

export function TimePicker({ choice, onChange }: Props): JSX.Element {
  const [isOpen, open] = useState(false);
  const element = useRef<HTMLDivElement>(null);
  const last = newest();
  const [upTo, changeUpTo] = useState<"now" | "newest">(choice.kind === "last" ? choice.upTo : "newest");

  useEffect(() => {
    if (!isOpen) return undefined;
    const leave = (event: Event): void => {
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !element.current?.contains(event.target as Node)) open(false);
    };
    addEventListener("pointerdown", leave);
    addEventListener("keydown", leave);
    return () => {
      removeEventListener("pointerdown", leave);
      removeEventListener("keydown", leave);
    };
  }, [isOpen]);

  const pick = (next: TimeChoice): void => {
    onChange(next);
    open(false);
  };
  const turn = (next: "now" | "newest"): void => {
    changeUpTo(next);
    if (choice.kind === "last") onChange({ ...choice, upTo: next });
  };
  return (
    <div class="time-picker" ref={element}>
      <button aria-haspopup="dialog" aria-expanded={isOpen} aria-label={`Time range: ${timeText(choice)}`} title="Which times of the tables the query sees" onClick={() => open(!isOpen)}>
        <span aria-hidden="true" class="clock" />
        {timeText(choice)} <span class="quiet">▾</span>
      </button>
      {isOpen && (
        <div class="popover" role="dialog" aria-label="Time range">
          <div class="choices">
            <button class={choice.kind === "all" ? "plain on" : "plain"} onClick={() => pick(ALL)}>
              All times
            </button>
            {SPANS.map(({ name, seconds }) => (
              <button
                key={name}
                class={choice.kind === "last" && choice.seconds === seconds ? "plain on" : "plain"}
                onClick={() => pick({ kind: "last", seconds, upTo })}
              >
                {name}
              </button>
            ))}
            <fieldset>
              <legend class="quiet">counted back from</legend>
              <label>
                <input type="radio" name="up-to" checked={upTo === "newest"} onChange={() => turn("newest")} />
                <span>
                  the newest row
                  {last !== null && <small class="quiet">{shownTime(last).slice(0, 19)}</small>}
                </span>
              </label>
              <label>
                <input type="radio" name="up-to" checked={upTo === "now"} onChange={() => turn("now")} />
                <span>now</span>
              </label>
            </fieldset>
          </div>
          <Custom key={timeText(choice)} choice={choice} onChange={pick} />
        </div>
      )}
    </div>
  );
}
