/** What the server was asked for: not there yet, there, or refused. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../api/client";

export interface Loaded<T> {
  readonly value: T | null;
  readonly error: string | null;
  /** HTTP's status of the refusal; 0 where no answer came. */
  readonly status: number | null;
  /** Asks again; what is there stays until the answer comes, and stays where none comes. */
  readonly reload: () => Promise<void>;
}

interface State<T> {
  value: T | null;
  error: string | null;
  status: number | null;
}

export function problemText(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem);
}

/** Asks when `key` changes, and when a token was entered. An answer that was overtaken by a later question is dropped. */
export function useLoaded<T>(load: () => Promise<T>, key: unknown): Loaded<T> {
  const [state, change] = useState<State<T>>({ value: null, error: null, status: null });
  const asked = useRef(0);
  const ask = useRef(load);
  ask.current = load;
  const reload = useCallback(async (): Promise<void> => {
    const number = ++asked.current;
    try {
      const value = await ask.current();
      if (number === asked.current) change({ value, error: null, status: 200 });
    } catch (problem) {
      const status = problem instanceof ApiError ? problem.status : null;
      if (number === asked.current) change((before) => ({ value: before.value, error: problemText(problem), status }));
    }
  }, []);
  useEffect(() => {
    change({ value: null, error: null, status: null });
    void reload();
    const again = (): void => void reload();
    addEventListener("bluetick:token", again);
    return () => {
      asked.current += 1;
      removeEventListener("bluetick:token", again);
    };
  }, [key]);
  return { ...state, reload };
}

const AGAIN_MS = 30_000;

/** Asks again every half a minute, while somebody may look. */
export function useReloading(loaded: { readonly reload: () => Promise<void> }): void {
  useEffect(() => {
    const timer = setInterval(() => void (document.hidden ? undefined : loaded.reload()), AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
}
