/** What happened, in its order: when, what, and to whom. */
import type { JSX } from "preact";
import type { Happening } from "../api/detections";
import { address } from "../shell/router";
import { inert, Inert } from "../text/inert";
import { Time } from "./time";

const TONES: Readonly<Record<string, string>> = {
  raised: "warn",
  restored: "warn",
  alert: "warn",
  retracted: "quiet",
  closed: "good",
  comment: "accent",
};

const WORDS: Readonly<Record<string, string>> = {
  window: "found by a window",
  revised: "its rows changed",
  created: "made of its first alert",
  alert: "",
  comment: "",
};

export function Happenings({ events, label }: { events: readonly Happening[]; label: string }): JSX.Element {
  if (events.length === 0) return <p class="quiet">Nothing yet.</p>;
  return (
    <ol class="happenings" aria-label={label}>
      {events.map((event, index) => (
        <li key={index} class={TONES[event.kind] ?? ""}>
          <Time at={event.at} />
          <span class="said">
            <strong>{inert(WORDS[event.kind] ?? event.kind)}</strong> <Said event={event} />
          </span>
        </li>
      ))}
    </ol>
  );
}

function Said({ event }: { event: Happening }): JSX.Element {
  const text = <Inert text={event.text} lines />;
  return event.ref ? <a href={address("alerts", event.ref)}>{text}</a> : text;
}
