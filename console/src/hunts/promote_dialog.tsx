/** A query of a hunt becomes a rule. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { promoteCell, type HuntCell, type WholeHunt } from "../api/hunts";
import { problemText } from "../parts/loaded";
import { durationText } from "../parts/time";
import { Dialog } from "../shell/dialog";
import { address } from "../shell/router";
import { Inert } from "../text/inert";

const SEVERITIES = ["Informational", "Low", "Medium", "High"];
const HOUR = 3600;
const FREQUENCIES = [300, 900, HOUR, 6 * HOUR, 24 * HOUR];
const PERIODS = [300, 900, HOUR, 6 * HOUR, 24 * HOUR, 7 * 24 * HOUR, 14 * 24 * HOUR];

interface Props {
  hunt: WholeHunt;
  cell: HuntCell;
  onClose: () => void;
}

function Durations({ id, value, values, onChange }: { id: string; value: number; values: readonly number[]; onChange: (to: number) => void }): JSX.Element {
  return (
    <select id={id} value={String(value)} onChange={(event) => onChange(Number(event.currentTarget.value))}>
      {values.map((one) => (
        <option key={one} value={String(one)}>
          {durationText(one)}
        </option>
      ))}
    </select>
  );
}

export function PromoteDialog({ hunt, cell, onClose }: Props): JSX.Element {
  const [name, rename] = useState(hunt.title || hunt.name);
  const [severity, grade] = useState("Medium");
  const [frequency, often] = useState(HOUR);
  const [period, look] = useState(24 * HOUR);
  const [error, tell] = useState<string | null>(null);
  const [made, show] = useState<{ file: string; id: string } | null>(null);
  const isShort = period < frequency;
  const promote = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      show(await promoteCell(hunt.name, { cell: cell.id, name: name.trim(), frequency, period, severity }));
      tell(null);
    } catch (problem) {
      tell(problemText(problem));
    }
  };
  return (
    <Dialog title="Promote to a rule" onClose={onClose}>
      {made === null ? (
        <form onSubmit={(event) => void promote(event)}>
          <div class="fields">
            <label for="promote-name">Name</label>
            <input id="promote-name" required autofocus value={name} onInput={(event) => rename(event.currentTarget.value)} />
            <label for="promote-severity">Severity</label>
            <select id="promote-severity" value={severity} onChange={(event) => grade(event.currentTarget.value)}>
              {SEVERITIES.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
            <label for="promote-frequency">Runs every</label>
            <Durations id="promote-frequency" value={frequency} values={FREQUENCIES} onChange={often} />
            <label for="promote-period">Looks back</label>
            <Durations id="promote-period" value={period} values={PERIODS} onChange={look} />
          </div>
          {isShort && <p class="error">A rule must look back at least as far as it runs often, or times between its runs are never seen.</p>}
          {error !== null && (
            <p class="error" role="alert">
              <Inert text={error} lines />
            </p>
          )}
          <div class="buttons">
            <button type="button" onClick={onClose}>
              Cancel
            </button>
            <button class="primary" type="submit" disabled={name.trim() === "" || isShort}>
              Make the rule
            </button>
          </div>
        </form>
      ) : (
        <div>
          <p role="status">
            The rule is in <code>{<Inert text={made.file} />}</code>. A service that is given the folder runs it from its next start on.
          </p>
          <div class="buttons">
            <button onClick={onClose}>Stay here</button>
            <a class="button" href={address("rules", made.id)}>
              Open the rule
            </a>
          </div>
        </div>
      )}
    </Dialog>
  );
}
