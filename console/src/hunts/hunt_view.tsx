/** One hunt: its words and its queries in their order, each with what it gave; run, edited, promoted. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { readHunt, runHunt, type HuntCell, type WholeHunt } from "../api/hunts";
import { mayChange } from "../api/session";
import { Refused } from "../parts/empty";
import { Facts } from "../parts/facts";
import { problemText, useLoaded } from "../parts/loaded";
import { Techniques } from "../parts/techniques";
import { address } from "../shell/router";
import { inert, Inert } from "../text/inert";
import { HuntEditor } from "./hunt_editor";
import { Markdown } from "./markdown_view";
import { PromoteDialog } from "./promote_dialog";
import { QueryCell } from "./query_cell";

/** Which cell runs: its id, "*" for all of them, null for none. */
type Running = string | null;

interface Props {
  name: string;
  onChanged: () => Promise<void>;
}

export function HuntView({ name, onChanged }: Props): JSX.Element {
  const loaded = useLoaded(() => readHunt(name), name);
  const [ran, show] = useState<WholeHunt | null>(null);
  const [running, start] = useState<Running>(null);
  const [error, tell] = useState<string | null>(null);
  const [isEditing, edit] = useState(false);
  const [promoted, promote] = useState<HuntCell | null>(null);
  const hunt = ran ?? loaded.value;

  const run = async (cell?: string): Promise<void> => {
    start(cell ?? "*");
    try {
      show(await runHunt(name, cell));
      tell(null);
      await onChanged();
    } catch (problem) {
      tell(problemText(problem));
    } finally {
      start(null);
    }
  };
  useEffect(() => {
    const toRun = (): void => {
      if (running === null && mayChange()) void run();
    };
    addEventListener("bluetick:run", toRun);
    return () => removeEventListener("bluetick:run", toRun);
  }, [name, running]);

  if (loaded.error !== null && hunt === null) {
    return (
      <article class="detail" aria-label="Hunt">
        <Refused error={loaded.error} again={() => void loaded.reload()} />
      </article>
    );
  }
  const queries = (hunt?.cells ?? []).filter((cell) => cell.kind === "kql");
  return (
    <article class="detail hunt" aria-label="Hunt">
      {hunt !== null && (
        <>
          <header class="head">
            <div class="line">
              <h1>
                <Inert text={hunt.title || hunt.name} />
              </h1>
              <a class="button plain away" href={address("hunts")} aria-label="Back to the list" title="Escape">
                ✕
              </a>
            </div>
            <p class="quiet mono">
              <Inert text={`${hunt.name}.md`} />
            </p>
            {mayChange() && (
              <div class="actions">
                <button class="primary" disabled={running !== null || queries.length === 0} onClick={() => void run()} title="Shift+R">
                  {running === "*" ? "Running …" : "Run all"}
                </button>
                <button onClick={() => edit(!isEditing)} aria-pressed={isEditing}>
                  {isEditing ? "Leave the text" : "Edit the text"}
                </button>
              </div>
            )}
            {error !== null && <Refused error={error} />}
            {(hunt.problems ?? []).map((problem) => (
              <p key={problem} class="warning">
                <Inert text={problem} lines />
              </p>
            ))}
            <HuntFacts hunt={hunt} />
          </header>
          <div class="body">
            {isEditing ? (
              <HuntEditor
                hunt={hunt}
                onSaved={async () => {
                  await loaded.reload();
                  show(null);
                  edit(false);
                  await onChanged();
                }}
              />
            ) : (
              withoutTitle(hunt).map((cell) =>
                cell.kind === "markdown" ? (
                  <Markdown key={cell.id} text={cell.text} />
                ) : (
                  <QueryCell
                    key={cell.id}
                    cell={cell}
                    title={hunt.title || hunt.name}
                    isRunning={running === "*" || running === cell.id}
                    isBusy={running !== null}
                    onRun={() => void run(cell.id)}
                    onPromote={() => promote(cell)}
                  />
                ),
              )
            )}
          </div>
          {promoted !== null && <PromoteDialog hunt={hunt} cell={promoted} onClose={() => promote(null)} />}
        </>
      )}
    </article>
  );
}

function HuntFacts({ hunt }: { hunt: WholeHunt }): JSX.Element | null {
  const { tags = [], tactics = [], techniques = [] } = hunt;
  if (tags.length + tactics.length + techniques.length === 0) return null;
  return (
    <Facts
      facts={[
        ...(tags.length > 0 ? [["Tags", tags.map((tag) => inert(tag)).join(", ")] as const] : []),
        ...(tactics.length + techniques.length > 0 ? [["Techniques", <Techniques tactics={tactics} techniques={techniques} />] as const] : []),
      ]}
    />
  );
}

/** Its cells; the first heading, which the page has above, is left out. */
function withoutTitle(hunt: WholeHunt): readonly HuntCell[] {
  const [first, ...rest] = hunt.cells;
  if (first?.kind !== "markdown") return hunt.cells;
  return [{ ...first, text: first.text.replace(/^\s*# [^\n]*\n?/, "") }, ...rest];
}
