/** Closing an alert or an incident: as what, and why. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { close, type Concern, type Verdict } from "../api/detections";
import { Dialog } from "../shell/dialog";
import { problemText } from "./loaded";

const VERDICTS: readonly (readonly [Verdict, string, string])[] = [
  ["tp", "True positive", "It happened, and somebody meant harm."],
  ["fp", "False positive", "The rule is wrong: this is not what it says."],
  ["benign", "Benign positive", "It happened, and it is allowed: a test, an audit."],
  ["undetermined", "Undetermined", "There is no telling."],
];

export function verdictText(verdict: string | null): string {
  return VERDICTS.find(([value]) => value === verdict)?.[1] ?? verdict ?? "";
}

interface Props {
  what: Concern;
  id: string;
  /** What else is closed with it. */
  note?: string;
  onClose: () => void;
  onClosed: () => Promise<void>;
}

export function CloseDialog({ what, id, note, onClose, onClosed }: Props): JSX.Element {
  const [verdict, choose] = useState<Verdict | null>(null);
  const [reason, change] = useState("");
  const [error, tell] = useState<string | null>(null);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (verdict === null || reason.trim() === "") return;
    try {
      await close(what, id, verdict, reason.trim());
      await onClosed();
      onClose();
    } catch (problem) {
      tell(problemText(problem));
    }
  };
  return (
    <Dialog title={what === "alerts" ? "Close the alert" : "Close the incident"} onClose={onClose}>
      <form class="closing" onSubmit={(event) => void send(event)}>
        <fieldset>
          <legend class="unseen">Verdict</legend>
          {VERDICTS.map(([value, name, means], index) => (
            <label key={value}>
              <input
                type="radio"
                name="verdict"
                checked={verdict === value}
                autofocus={index === 0}
                onChange={() => choose(value)}
              />
              <span>
                {name}
                <small class="quiet">{means}</small>
              </span>
            </label>
          ))}
        </fieldset>
        <label class="reason">
          Reason
          <textarea
            rows={3}
            required
            value={reason}
            placeholder="It stays with it, and is a label for the rule's next backtest."
            onInput={(event) => change(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send(event);
            }}
          />
        </label>
        {note && <p class="quiet">{note}</p>}
        {error !== null && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button class="primary" type="submit" disabled={verdict === null || reason.trim() === ""} title="Ctrl+Enter">
            Close as {verdict === null ? "…" : verdictText(verdict).toLowerCase()}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
