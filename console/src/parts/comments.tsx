/** What people wrote of an alert or an incident, and a place to write more. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { comment, type Comment, type Concern } from "../api/detections";
import { mayChange } from "../api/session";
import { inert, Inert } from "../text/inert";
import { problemText } from "./loaded";
import { Time } from "./time";

interface Props {
  what: Concern;
  id: string;
  comments: readonly Comment[];
  onChanged: () => Promise<void>;
}

export function Comments({ what, id, comments, onChanged }: Props): JSX.Element {
  const [text, change] = useState("");
  const [error, tell] = useState<string | null>(null);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (text.trim() === "") return;
    try {
      await comment(what, id, text.trim());
      change("");
      tell(null);
      await onChanged();
    } catch (problem) {
      tell(problemText(problem));
    }
  };
  return (
    <div class="comments">
      <ol aria-label="Comments">
        {comments.map((one, index) => (
          <li key={index}>
            <header>
              <strong>{inert(one.author)}</strong> <Time at={one.time} relative />
            </header>
            <Inert text={one.text} lines />
          </li>
        ))}
      </ol>
      {comments.length === 0 && <p class="quiet">No comment yet.</p>}
      {mayChange() && (
        <form onSubmit={(event) => void send(event)}>
          <textarea
            aria-label="Comment"
            placeholder="What was seen, who was asked"
            rows={2}
            value={text}
            onInput={(event) => change(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send(event);
            }}
          />
          <button type="submit" disabled={text.trim() === ""} title="Ctrl+Enter">
            Add comment
          </button>
        </form>
      )}
      {error !== null && <p class="error">{error}</p>}
    </div>
  );
}
