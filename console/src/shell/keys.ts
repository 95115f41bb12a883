/** Keys that work everywhere, unless somebody is typing. */
import { helpOpen } from "./help";
import { go } from "./router";
import { toggleTheme } from "./theme";

const PAGES: Readonly<Record<string, string>> = {
  q: "query",
  h: "hunts",
  r: "rules",
  a: "alerts",
  i: "incidents",
  c: "coverage",
  e: "health",
};

/** Whether keys go into a text now. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

let isGoing = false;

export function listenToKeys(): void {
  addEventListener("keydown", (event) => {
    if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = PAGES[event.key];
    if (isGoing && page !== undefined) go(page);
    else if (event.key === "t" && !isGoing) toggleTheme();
    else if (event.key === "?") helpOpen.value = true;
    isGoing = event.key === "g";
  });
}
