/** A job of the server as a page has it: begun, asked for less and less often, shown, cancelled when nobody looks any more. */
import type { JSX } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { beginJob, cancelJob, readJob, type Job, type JobKind } from "../api/jobs";
import { ErrorText } from "./error_text";
import { problemText } from "./loaded";

const FIRST_MS = 120;
const SLOWER = 1.5;
const MOST_MS = 2_000;

export interface Work {
  /** What the server said last; null before, and after `forget`. */
  readonly job: Job | null;
  readonly isRunning: boolean;
  /** Why it could not be begun, or did not end well. */
  readonly error: string | null;
  readonly begin: (kind: JobKind, body: unknown) => void;
  /** Looks after a job that others look after too: leaving it does not end it. */
  readonly watch: (job: string) => void;
  readonly cancel: () => void;
  readonly forget: () => void;
}

interface Watched {
  readonly abort: AbortController;
  id: string | null;
  /** Whether it was begun here: then it ends when it is left. */
  readonly isOwn: boolean;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}

/** Asks for the job until it ends. */
async function follow(id: string, signal: AbortSignal, show: (job: Job) => void): Promise<void> {
  for (let wait = FIRST_MS; !signal.aborted; wait = Math.min(MOST_MS, wait * SLOWER)) {
    const job = await readJob(id, signal);
    if (signal.aborted) return;
    show(job);
    if (job.state !== "running") return;
    await pause(wait);
  }
}

export function useJob(): Work {
  const [job, show] = useState<Job | null>(null);
  const [isBegun, change] = useState(false);
  const [error, tell] = useState<string | null>(null);
  const watched = useRef<Watched | null>(null);

  const end = useCallback((isAsked: boolean): void => {
    const left = watched.current;
    watched.current = null;
    left?.abort.abort();
    if (left?.id && (left.isOwn || isAsked)) void cancelJob(left.id).catch(() => undefined);
  }, []);
  const leave = useCallback((): void => end(false), []);

  const look = useCallback((find: Promise<string>, isOwn: boolean): void => {
    leave();
    const mine: Watched = { abort: new AbortController(), id: null, isOwn };
    watched.current = mine;
    show(null);
    tell(null);
    change(true);
    const run = async (): Promise<void> => {
      mine.id = await find;
      if (!mine.abort.signal.aborted) await follow(mine.id, mine.abort.signal, show);
      else if (isOwn) await cancelJob(mine.id);
    };
    run()
      .catch((problem: unknown) => {
        if (!mine.abort.signal.aborted) tell(problemText(problem));
      })
      .finally(() => {
        if (watched.current !== mine) return;
        watched.current = null;
        change(false);
      });
  }, []);

  const begin = useCallback((kind: JobKind, body: unknown): void => look(beginJob(kind, body), true), []);
  const watch = useCallback((id: string): void => look(Promise.resolve(id), false), []);

  const cancel = useCallback((): void => {
    end(true);
    change(false);
    show((before) => before && { ...before, state: "cancelled" });
  }, []);

  const forget = useCallback((): void => {
    leave();
    change(false);
    show(null);
    tell(null);
  }, []);

  useEffect(() => leave, []);
  const failed = job?.state === "failed" ? (job.error?.message ?? "It did not end well.") : null;
  return { job, isRunning: isBegun, error: error ?? failed, begin, watch, cancel, forget };
}

interface Props {
  work: Work;
  /** What is done, as "Running the rule". */
  what: string;
}

/** How far it is, with a button that ends it; why it failed; nothing once it is done. */
export function JobProgress({ work, what }: Props): JSX.Element | null {
  if (work.isRunning) {
    const progress = work.job?.progress ?? null;
    return (
      <div class="job" role="status">
        <span>{work.job?.waiting ? "Waiting for others to end" : what} …</span>
        {progress === null ? <progress aria-label={what} /> : <progress aria-label={what} value={progress} max={1} />}
        <span class="quiet">{progress === null ? "" : `${Math.round(progress * 100)} %`}</span>
        <button onClick={work.cancel}>Cancel</button>
      </div>
    );
  }
  if (work.error !== null) {
    return (
      <div role="alert">
        <ErrorText text={work.error} />
      </div>
    );
  }
  if (work.job?.state === "cancelled") return <p class="quiet">Cancelled.</p>;
  return null;
}
