/** The keys, in one list. A page adds its own to `shortcuts`. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { Dialog } from "./dialog";

export interface Shortcut {
  readonly keys: string;
  readonly does: string;
}

export const helpOpen = signal(false);

const everywhere: readonly Shortcut[] = [
  { keys: "g then q h r a i c e", does: "Go to query, hunts, rules, alerts, incidents, coverage, health" },
  { keys: "t", does: "Dark or light" },
  { keys: "?", does: "This help" },
  { keys: "Escape", does: "Close what is open" },
];

const added = new Map<string, readonly Shortcut[]>();

/** Tells the keys of a page, by its name. */
export function tellShortcuts(page: string, shortcuts: readonly Shortcut[]): void {
  added.set(page, shortcuts);
}

export function Help(): JSX.Element | null {
  if (!helpOpen.value) return null;
  const groups: [string, readonly Shortcut[]][] = [["everywhere", everywhere], ...added];
  return (
    <Dialog title="Keys" onClose={() => (helpOpen.value = false)}>
      {groups.map(([name, shortcuts]) => (
        <section key={name}>
          <h2>{name}</h2>
          <dl class="fields">
            {shortcuts.map((one) => (
              <>
                <dt>
                  <kbd>{one.keys}</kbd>
                </dt>
                <dd>{one.does}</dd>
              </>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
