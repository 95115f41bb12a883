/** Who works on an alert or an incident, and a way to say so. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { update, type Concern } from "../api/detections";
import { mayChange, session } from "../api/session";
import { Inert } from "../text/inert";
import { problemText } from "./loaded";

interface Props {
  what: Concern;
  id: string;
  owner: string;
  onChanged: () => Promise<void>;
}

export function Owner({ what, id, owner, onChanged }: Props): JSX.Element {
  const [draft, change] = useState<string | null>(null);
  const [error, tell] = useState<string | null>(null);
  const me = session.value?.caller.name ?? "";
  const assign = async (name: string): Promise<void> => {
    try {
      await update(what, id, { owner: name });
      change(null);
      tell(null);
      await onChanged();
    } catch (problem) {
      tell(problemText(problem));
    }
  };
  if (draft !== null) {
    return (
      <form
        class="owner"
        onSubmit={(event) => {
          event.preventDefault();
          void assign(draft.trim());
        }}
      >
        <input
          aria-label="Owner"
          autofocus
          value={draft}
          placeholder="nobody"
          onInput={(event) => change(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") change(null);
          }}
        />
        <button type="submit">Assign</button>
        {error !== null && <span class="error">{error}</span>}
      </form>
    );
  }
  return (
    <span class="owner">
      {owner === "" ? <span class="quiet">nobody</span> : <Inert text={owner} />}
      {mayChange() && (
        <>
          <button class="plain small" aria-label="Assign to somebody" title="Assign to somebody" onClick={() => change(owner)}>
            ✎
          </button>
          {me !== "" && owner !== me && (
            <button class="plain small" title="Take it yourself" onClick={() => void assign(me)}>
              take
            </button>
          )}
        </>
      )}
      {error !== null && <span class="error">{error}</span>}
    </span>
  );
}
