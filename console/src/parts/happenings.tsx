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

export function Happenings({ events, label }: { events: readonly Happening[]; label: string }): JSX.Element {
  if (events.length === 0) return <p class="quiet">Nothing yet.</p>;
  return (
    <ol class="happenings" aria-label={label}>
      {events.map((event, index) => (
        <li key={index} class={TONES[event.kind] ?? ""}>
          <Time at={event.at} />
          <span class="kind">{inert(event.kind)}</span>
          <span class="said">
            <Inert text={event.text} lines />
            {event.ref && (
              <>
                {" "}
                <a href={address("alerts", event.ref)}>open</a>
              </>
            )}
          </span>
        </li>
      ))}
    </ol>
  );
}
