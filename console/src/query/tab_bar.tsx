/** The tabs: a click shows one, a double click renames it, dragging moves it. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Inert } from "../text/inert";
import { handle } from "./editor";
import { forgetRun, runState } from "./running";
import { activeId, addTab, changeTab, closeTab, moveTab, tabs, type Tab } from "./tabs";

function close(id: string): void {
  forgetRun(id);
  closeTab(id);
  handle.value?.forget(id);
}

function Rename({ tab, onEnd }: { tab: Tab; onEnd: () => void }): JSX.Element {
  const element = useRef<HTMLInputElement>(null);
  useEffect(() => element.current?.select(), []);
  const end = (text: string): void => {
    if (text.trim() !== "") changeTab(tab.id, { title: text.trim().slice(0, 80) });
    onEnd();
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key === "Enter") end((event.currentTarget as HTMLInputElement).value);
    else if (event.key === "Escape") onEnd();
    event.stopPropagation();
  };
  return (
    <input
      ref={element}
      aria-label="Name of the tab"
      value={tab.title}
      maxLength={80}
      onKeyDown={press}
      onBlur={(event) => end(event.currentTarget.value)}
    />
  );
}

export function TabBar(): JSX.Element {
  const [renamed, rename] = useState<string | null>(null);
  const [dragged, drag] = useState<string | null>(null);
  const press = (event: KeyboardEvent, id: string): void => {
    const at = tabs.value.findIndex((tab) => tab.id === id);
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const next = by === undefined ? undefined : tabs.value[at + by];
    if (next !== undefined) {
      activeId.value = next.id;
      const row = (event.currentTarget as HTMLElement).closest("[role=tablist]");
      requestAnimationFrame(() => row?.querySelector<HTMLElement>("[aria-selected=true]")?.focus());
    } else if (event.key === "F2") rename(id);
    else if (event.key === "Delete") close(id);
    else if (event.key === "Enter") handle.value?.focus();
  };
  return (
    <div class="query-tabs">
      <div role="tablist" aria-label="Queries">
        {tabs.value.map((tab) => {
          const isActive = tab.id === activeId.value;
          return (
            <div
              key={tab.id}
              class={isActive ? "tab active" : "tab"}
              draggable={renamed === null}
              onDragStart={() => drag(tab.id)}
              onDragOver={(event) => event.preventDefault()}
              onDrop={() => dragged !== null && moveTab(dragged, tab.id)}
              onAuxClick={(event) => event.button === 1 && close(tab.id)}
            >
              {renamed === tab.id ? (
                <Rename tab={tab} onEnd={() => rename(null)} />
              ) : (
                <button
                  class="plain title"
                  role="tab"
                  aria-selected={isActive}
                  tabIndex={isActive ? 0 : -1}
                  title="Double click or F2 renames it"
                  onClick={() => (activeId.value = tab.id)}
                  onDblClick={() => rename(tab.id)}
                  onKeyDown={(event) => press(event, tab.id)}
                >
                  {runState(tab.id).value.isRunning && <span class="spin" aria-label="runs" />}
                  <Inert text={tab.title} />
                </button>
              )}
              <button class="plain close" aria-label={`Close ${tab.title}`} title="Close" tabIndex={-1} onClick={() => close(tab.id)}>
                ×
              </button>
            </div>
          );
        })}
      </div>
      <button class="plain add" aria-label="New tab" title="New tab" onClick={() => addTab()}>
        +
      </button>
    </div>
  );
}
