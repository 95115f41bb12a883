/** The whole text of a hunt, to be written. Where somebody else wrote it meanwhile, both are shown. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ApiError } from "../api/client";
import { readHunt, saveHunt, type WholeHunt } from "../api/hunts";
import { problemText } from "../parts/loaded";

interface Props {
  hunt: WholeHunt;
  onSaved: () => Promise<void>;
}

export function HuntEditor({ hunt, onSaved }: Props): JSX.Element {
  const [text, change] = useState(hunt.text);
  const [base, rebase] = useState(hunt.etag);
  const [theirs, meet] = useState<string | null>(null);
  const [error, tell] = useState<string | null>(null);
  const save = async (): Promise<void> => {
    try {
      await saveHunt(hunt.name, text, base);
      await onSaved();
    } catch (problem) {
      tell(problemText(problem));
      if (!(problem instanceof ApiError) || problem.status !== 409) return;
      const now = await readHunt(hunt.name).catch(() => null);
      if (now === null) return;
      meet(now.text);
      rebase(now.etag);
    }
  };
  return (
    <section class="hunt-editor" aria-label="Text of the hunt">
      <div class={theirs === null ? "" : "both"}>
        <label>
          {theirs !== null && <h3>Yours</h3>}
          <textarea
            class="mono"
            aria-label="Your text"
            spellcheck={false}
            value={text}
            onInput={(event) => change(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
              event.preventDefault();
              void save();
            }}
          />
        </label>
        {theirs !== null && (
          <label>
            <h3>In the file now</h3>
            <textarea class="mono" aria-label="Text in the file" readOnly value={theirs} />
          </label>
        )}
      </div>
      {error !== null && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      <div class="buttons">
        {theirs !== null && (
          <button
            onClick={() => {
              change(theirs);
              meet(null);
              tell(null);
            }}
          >
            Take the file's
          </button>
        )}
        <button class="primary" disabled={text === hunt.text && theirs === null} onClick={() => void save()} title="Ctrl+S">
          {theirs === null ? "Save" : "Save yours in its place"}
        </button>
      </div>
    </section>
  );
}
