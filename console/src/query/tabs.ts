/** The tabs of the query room, with their texts: kept in the browser. */
import { effect, signal } from "@preact/signals";
import { go, place } from "../shell/router";
import { ALL, choiceOf, type TimeChoice } from "./time";

const KEPT = "bluetick.query.tabs";
const PAUSE_MS = 300;

export interface Tab {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly time: TimeChoice;
}

interface Stored {
  tabs: Tab[];
  active: string;
}

let count = 0;

function newId(): string {
  count += 1;
  return `${Date.now().toString(36)}-${count}`;
}

function tabOf(given: unknown): Tab[] {
  if (typeof given !== "object" || given === null) return [];
  const { id, title, text, time } = given as Record<string, unknown>;
  if (typeof id !== "string" || typeof title !== "string" || typeof text !== "string") return [];
  return [{ id, title, text, time: choiceOf(time) }];
}

function stored(): Stored {
  try {
    const given = JSON.parse(localStorage.getItem(KEPT) ?? "{}") as { tabs?: unknown; active?: unknown };
    const found = Array.isArray(given.tabs) ? given.tabs.flatMap(tabOf) : [];
    const first = found[0];
    if (first !== undefined) {
      return { tabs: found, active: found.find((tab) => tab.id === given.active)?.id ?? first.id };
    }
  } catch {
    // Nothing of ours: a first visit, as it were.
  }
  const id = newId();
  return { tabs: [{ id, title: "Query 1", text: "", time: ALL }], active: id };
}

const before = stored();
export const tabs = signal<readonly Tab[]>(before.tabs);
export const activeId = signal(before.active);
/** A run that a page asked for together with a tab: the query room starts it. */
export const wantsRun = signal<string | null>(null);

let timer = 0;

function keep(): void {
  clearTimeout(timer);
  timer = 0;
  try {
    localStorage.setItem(KEPT, JSON.stringify({ tabs: tabs.value, active: activeId.value }));
  } catch {
    // The store is full or forbidden: tabs last as long as the page then.
  }
}

effect(() => {
  void tabs.value;
  void activeId.value;
  if (timer === 0) timer = window.setTimeout(keep, PAUSE_MS);
});
addEventListener("pagehide", keep);

export function activeTab(): Tab {
  return tabs.value.find((tab) => tab.id === activeId.value) ?? (tabs.value[0] as Tab);
}

export function changeTab(id: string, change: Partial<Omit<Tab, "id">>): void {
  tabs.value = tabs.value.map((tab) => (tab.id === id ? { ...tab, ...change } : tab));
}

function freeTitle(): string {
  const taken = new Set(tabs.value.map((tab) => tab.title));
  let number = 1;
  while (taken.has(`Query ${number}`)) number += 1;
  return `Query ${number}`;
}

export function addTab(text = "", title = "", time: TimeChoice = ALL): string {
  const id = newId();
  tabs.value = [...tabs.value, { id, title: title.trim().slice(0, 80) || freeTitle(), text, time }];
  activeId.value = id;
  return id;
}

/** Closes a tab; the last one leaves an empty one behind. */
export function closeTab(id: string): void {
  const at = tabs.value.findIndex((tab) => tab.id === id);
  if (at < 0) return;
  const rest = tabs.value.filter((tab) => tab.id !== id);
  const next = rest[Math.min(at, rest.length - 1)];
  tabs.value = rest;
  if (next === undefined) addTab();
  else if (activeId.value === id) activeId.value = next.id;
}

/** Puts a tab into the place of another. */
export function moveTab(id: string, to: string): void {
  const tab = tabs.value.find((one) => one.id === id);
  const at = tabs.value.findIndex((one) => one.id === to);
  if (tab === undefined || at < 0 || id === to) return;
  const rest = tabs.value.filter((one) => one.id !== id);
  tabs.value = [...rest.slice(0, at), tab, ...rest.slice(at)];
}

export interface OpenOptions {
  readonly time?: TimeChoice;
  /** Runs it at once: for what the user asked to run, never for what came by a link. */
  readonly run?: boolean;
}

/** Opens a query in a tab of its own, from any page. */
export function openQuery(text: string, title: string, options: OpenOptions = {}): void {
  const id = addTab(text, title, options.time ?? ALL);
  if (options.run) wantsRun.value = id;
  if (place.value.page !== "query") go("query");
}
