/** Hunts: what somebody suspects, how it is looked for, and what was found. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { listHunts, saveHunt, type Hunt } from "../api/hunts";
import { mayChange, session } from "../api/session";
import { Empty, Refused } from "../parts/empty";
import "../parts/list.css";
import { step, usePageKeys } from "../parts/list_keys";
import { problemText, useLoaded } from "../parts/loaded";
import { Time } from "../parts/time";
import { Dialog } from "../shell/dialog";
import { address, go, place } from "../shell/router";
import { inert, Inert } from "../text/inert";
import { HuntView } from "./hunt_view";
import "./hunts.css";
import { inlines } from "./markdown";

export function HuntsPage(): JSX.Element {
  const id = place.value.id;
  const loaded = useLoaded(listHunts, "hunts");
  const [cursor, move] = useState(0);
  const [isNew, begin] = useState(false);
  const hunts = loaded.value ?? [];
  const own = hunts.findIndex((hunt) => hunt.name === id);
  useEffect(() => {
    if (own >= 0) move(own);
  }, [own]);
  const walk = (by: number): void => {
    const at = step(cursor, by, hunts.length);
    move(at);
    if (id !== "" && hunts[at]) go("hunts", hunts[at].name);
  };
  usePageKeys("hunts", [
    { key: "j", keys: "j", does: "Next hunt", run: () => walk(1) },
    { key: "k", keys: "k", does: "Hunt before", run: () => walk(-1) },
    { key: "Enter", keys: "Enter", does: "Open it", run: () => hunts[cursor] && go("hunts", hunts[cursor].name) },
    { key: "Escape", keys: "Escape", does: "Back to the list", run: () => go("hunts") },
    { key: "R", keys: "Shift+R", does: "Run all of its queries", run: () => dispatchEvent(new Event("bluetick:run")) },
  ]);
  return (
    <div class={`split ${id === "" ? "" : "two"} hunts`}>
      <section class="queue" aria-label="List">
        <header>
          <h1>Hunts</h1>
          <span class="quiet" role="status">
            {loaded.value !== null && hunts.length.toLocaleString("en")}
          </span>
          <div class="filters">
            {mayChange() && session.value?.hunts && <button onClick={() => begin(true)}>New hunt …</button>}
          </div>
        </header>
        {loaded.error !== null && <Refused error={loaded.error} again={() => void loaded.reload()} />}
        {hunts.length > 0 && <List hunts={hunts} cursor={cursor} opened={id} />}
        {loaded.value !== null && hunts.length === 0 && <NoHunts />}
      </section>
      {id !== "" && <HuntView key={id} name={id} onChanged={loaded.reload} />}
      {isNew && <NewHunt onClose={() => begin(false)} onMade={loaded.reload} />}
    </div>
  );
}

function NoHunts(): JSX.Element {
  if (session.value !== null && !session.value.hunts) {
    return (
      <Empty title="The server was given no hunts" command="bluetick serve --lake lake/ --hunts hunts/">
        A hunt is a Markdown file: a hypothesis, and queries between lines of ```kql. Its results stay with it, and the next run marks
        what is new.
      </Empty>
    );
  }
  return (
    <Empty title="No hunt yet">
      A hunt is a Markdown file in the folder: a hypothesis, and queries between lines of ```kql. Save a query as a hunt, or begin one
      here.
    </Empty>
  );
}

function List({ hunts, cursor, opened }: { hunts: readonly Hunt[]; cursor: number; opened: string }): JSX.Element {
  const at = useRef<HTMLTableRowElement>(null);
  useEffect(() => at.current?.scrollIntoView({ block: "nearest" }), [cursor]);
  const isNarrow = opened !== "";
  return (
    <div class="scroll">
      <table class={`list ${isNarrow ? "narrow" : ""}`} aria-label="Hunts">
        <thead>
          <tr>
            <th>Hunt</th>
            {!isNarrow && <th>Tags</th>}
            {!isNarrow && <th class="number">Queries</th>}
            <th>Last run</th>
            <th class="number">New rows</th>
          </tr>
        </thead>
        <tbody>
          {hunts.map((hunt, index) => (
            <tr
              key={hunt.name}
              ref={index === cursor ? at : undefined}
              class={index === cursor ? "cursor" : ""}
              aria-current={hunt.name === opened ? "true" : undefined}
              onClick={() => go("hunts", hunt.name)}
            >
              <td class="title">
                <a href={address("hunts", hunt.name)}>
                  <Inert text={hunt.title || hunt.name} />
                </a>
                <span class={hunt.error ? "error" : "quiet"}>
                  <Inert text={hunt.error ?? inlines(hunt.hypothesis).map((one) => one.text).join("")} />
                </span>
              </td>
              {!isNarrow && (
                <td>
                  {hunt.tags.map((tag) => (
                    <span key={tag} class="chip">
                      {inert(tag)}
                    </span>
                  ))}
                </td>
              )}
              {!isNarrow && <td class="number">{hunt.cells}</td>}
              <td>{hunt.lastRun === null ? <span class="quiet">never</span> : <Time at={hunt.lastRun} relative={isNarrow} />}</td>
              <td class="number">
                {hunt.newRows ? <span class="chip accent">{hunt.newRows.toLocaleString("en")}</span> : <span class="quiet">{hunt.newRows ?? "–"}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const BEGINNING = "Hypothesis: \n\n```kql\n\n```\n";

function NewHunt({ onClose, onMade }: { onClose: () => void; onMade: () => Promise<void> }): JSX.Element {
  const [title, change] = useState("");
  const [error, tell] = useState<string | null>(null);
  const name = title.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 60);
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (name === "") return;
    try {
      await saveHunt(name, `# ${title.trim()}\n\n${BEGINNING}`, null);
      await onMade();
      onClose();
      go("hunts", name);
    } catch (problem) {
      tell(problemText(problem));
    }
  };
  return (
    <Dialog title="New hunt" onClose={onClose}>
      <form onSubmit={(event) => void make(event)}>
        <div class="fields">
          <label for="hunt-title">Title</label>
          <input id="hunt-title" autofocus required value={title} placeholder="Who speaks with few?" onInput={(event) => change(event.currentTarget.value)} />
        </div>
        <p class="quiet">{name === "" ? "Its file gets its name from the title." : `The file is ${name}.md`}</p>
        {error !== null && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button class="primary" type="submit" disabled={name === ""}>
            Begin
          </button>
        </div>
      </form>
    </Dialog>
  );
}
