/** Where else a value stands: every table with its hits, each opened by a click. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Cell, KqlType, TimeRange } from "../api/query";
import { Inert } from "../text/inert";
import { hits, questions, type Question } from "./pivot";
import { Bar } from "./statistics_panel";
import { cellText, isNothing } from "./values";

interface Props {
  readonly cell: Cell;
  readonly type: KqlType;
  readonly range: TimeRange | null;
  readonly onNewTab: (query: string, title: string) => void;
}

interface Found {
  readonly question: Question;
  /** Rows, an error's words, or null: not known yet. */
  readonly hits: number | string | null;
}

const AT_ONCE = 2;

function words(error: unknown): string {
  return error instanceof Error ? error.message : "failed";
}

export function PivotPanel({ cell, type, range, onNewTab }: Props): JSX.Element {
  const [found, show] = useState<readonly Found[] | null>(null);
  const [failed, fail] = useState<string | null>(null);
  const text = cellText(cell);
  useEffect(() => {
    if (isNothing(cell)) return undefined;
    const stop = new AbortController();
    show(null);
    fail(null);
    const ask = async (): Promise<void> => {
      const asked = await questions(cell, type, stop.signal);
      show(asked.map((question) => ({ question, hits: null })));
      const waiting = [...asked.entries()];
      const work = async (): Promise<void> => {
        for (let next = waiting.shift(); next !== undefined && !stop.signal.aborted; next = waiting.shift()) {
          const [index, question] = next;
          const answer = await hits(question, range, stop.signal).catch(words);
          if (!stop.signal.aborted) show((before) => before?.map((one, at) => (at === index ? { question, hits: answer } : one)) ?? null);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    };
    ask().catch((error: unknown) => {
      if (!stop.signal.aborted) fail(words(error));
    });
    return () => stop.abort();
  }, [text, type, range]);
  if (isNothing(cell)) return <p class="quiet">Choose a cell that has a value.</p>;
  const count = (one: Found): number => (typeof one.hits === "number" ? one.hits : 0);
  const most = Math.max(1, ...(found ?? []).map(count));
  const isDone = found?.every((one) => one.hits !== null) ?? false;
  const shown = [...(found ?? [])].sort((left, right) => count(right) - count(left));
  return (
    <>
      <p class="what">
        <span class="mono wide"><Inert text={text.slice(0, 200)} /></span>
      </p>
      {failed && <p class="error">{failed}</p>}
      {found === null && !failed && <p class="quiet">Looking for tables …</p>}
      <ol class="top" aria-label="Tables with this value" aria-busy={!isDone}>
        {shown.map((one) => (
          <li key={one.question.table}>
            <button class="plain value" disabled={count(one) === 0} onClick={() => onNewTab(one.question.query, one.question.table)}>
              <Bar share={count(one) / most} />
              <span class="text"><Inert text={one.question.table} /></span>
              {typeof one.hits === "string" ? (
                <span class="error" title={one.hits}>failed</span>
              ) : (
                <span class="number">{one.hits === null ? "…" : one.hits.toLocaleString("en")}</span>
              )}
            </button>
          </li>
        ))}
      </ol>
      {found && (
        <p class="quiet">
          {isDone ? `${found.filter((one) => count(one) > 0).length} of ${found.length} tables have it` : "Looking …"}
          {range?.from || range?.to ? ", within the time chosen" : ""}.
        </p>
      )}
    </>
  );
}
