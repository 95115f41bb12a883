/** A link that holds the tab's query, to copy. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Dialog } from "../shell/dialog";
import { linkTo } from "./share";
import { activeTab } from "./tabs";

export function ShareDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const [link, change] = useState("");
  const [isCopied, copied] = useState(false);
  const element = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const tab = activeTab();
    void linkTo(tab.text, tab.title, tab.time).then(change);
  }, []);
  useEffect(() => element.current?.select(), [link]);
  const copy = (): void => {
    element.current?.select();
    navigator.clipboard.writeText(link).then(
      () => copied(true),
      // Not every browser lets a page copy: the text is selected for the keys that do.
      () => undefined,
    );
  };
  return (
    <Dialog title="Link to this query" onClose={onClose}>
      <p class="quiet">It holds the text and its times. Whoever opens it sees the query; it runs when they say so.</p>
      <input ref={element} class="link mono" aria-label="Link" readOnly value={link} />
      <div class="buttons">
        <span class="good">{isCopied ? "Copied." : ""}</span>
        <button onClick={onClose}>Close</button>
        <button class="primary" onClick={copy}>
          Copy
        </button>
      </div>
    </Dialog>
  );
}
