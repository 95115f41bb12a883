/** Where queries are written. The page stands before the editor is there; what it is goes into `handle`. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { session } from "../api/session";
import { loadTables, shownSchema } from "../schema/tables";
import type { EditorEvents, EditorHandle } from "./create_editor";
import { activeId, activeTab, tabs } from "./tabs";

/** The editor that is open, or null until it is there. */
export const handle = signal<EditorHandle | null>(null);

// Asked for with the page's first lines, not when the element is there: it is the longest load.
const code = import("./create_editor");

/** Tells the language service what tables there are. Without them (no token yet) it goes on waiting. */
async function feed(): Promise<void> {
  const { startLanguage } = await code;
  await startLanguage(await shownSchema(), session.value?.database ?? "");
}

/** Starts what is heavy when the browser has nothing better to do: typing goes before completion. */
function whenIdle(then: () => void): void {
  if ("requestIdleCallback" in window) requestIdleCallback(then, { timeout: 1500 });
  else setTimeout(then, 300);
}

export function Editor(events: EditorEvents): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const latest = useRef(events);
  latest.current = events;

  useEffect(() => {
    let isGone = false;
    const start = (): void => {
      void loadTables().then(feed).catch(() => undefined);
    };
    addEventListener("bluetick:token", start);
    void code.then(({ createEditor }) => {
      if (isGone || element.current === null) return;
      const editor = createEditor(element.current, {
        onEdit: (tab, text) => latest.current.onEdit(tab, text),
        onRunAll: () => latest.current.onRunAll(),
        onRunCurrent: () => latest.current.onRunCurrent(),
      });
      const tab = activeTab();
      editor.show(tab.id, tab.text);
      editor.focus();
      handle.value = editor;
      whenIdle(start);
    });
    return () => {
      isGone = true;
      removeEventListener("bluetick:token", start);
      handle.value?.dispose();
      handle.value = null;
    };
  }, []);

  const shown = activeId.value;
  useEffect(() => {
    const tab = activeTab();
    handle.value?.show(tab.id, tab.text);
  }, [shown]);
  return <div ref={element} class="editor" data-tabs={tabs.value.length} />;
}
