/** Keys of a page: j and k through its list, Enter, and letters for what can be done. */
import { useEffect, useRef } from "preact/hooks";
import { isTyping } from "../shell/keys";
import { tellShortcuts, type Shortcut } from "../shell/help";

export interface PageKey extends Shortcut {
  /** The key as the event names it, such as "j" or "Enter". */
  readonly key: string;
  readonly run: () => void;
}

/** Listens while the page is there: not while somebody types, nor under a dialog, nor after `g`. */
export function usePageKeys(page: string, keys: readonly PageKey[]): void {
  const now = useRef(keys);
  now.current = keys;
  useEffect(() => {
    tellShortcuts(page, keys);
    let isGoing = false;
    const listen = (event: KeyboardEvent): void => {
      const wasGoing = isGoing;
      isGoing = event.key === "g";
      if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || wasGoing) return;
      if (document.querySelector("dialog[open]") !== null) return;
      const target = event.target;
      // Enter on a button or a link is that button's or link's.
      if (event.key === "Enter" && target instanceof HTMLElement && /^(A|BUTTON|SUMMARY)$/.test(target.tagName)) return;
      const found = now.current.find((one) => one.key === event.key);
      if (found === undefined) return;
      event.preventDefault();
      found.run();
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, [page]);
}

/** j and k: one further, or back, within a list of so many. */
export function step(at: number, by: number, count: number): number {
  return Math.max(0, Math.min(count - 1, at + by));
}
