/** A menu at a place of the page: arrows move, Enter acts, Escape closes, and the focus goes back to where it was. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

export interface MenuItem {
  readonly label: string | JSX.Element;
  readonly hint?: string;
  readonly act: () => void;
  readonly isDisabled?: boolean;
  /** A line before it. */
  readonly isApart?: boolean;
}

export interface MenuPlace {
  readonly x: number;
  readonly y: number;
  readonly name: string;
  readonly items: readonly MenuItem[];
}

export function Menu({ menu, onClose }: { menu: MenuPlace; onClose: () => void }): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const node = element.current;
    if (node === null) return undefined;
    const before = document.activeElement;
    const { width, height } = node.getBoundingClientRect();
    node.style.left = `${Math.max(4, Math.min(menu.x, innerWidth - width - 8))}px`;
    node.style.top = `${Math.max(4, Math.min(menu.y, innerHeight - height - 8))}px`;
    node.querySelector<HTMLElement>("[role=menuitem]:not(:disabled)")?.focus();
    const outside = (event: Event): void => {
      if (!node.contains(event.target as Node)) onClose();
    };
    addEventListener("mousedown", outside, true);
    addEventListener("blur", onClose);
    return () => {
      removeEventListener("mousedown", outside, true);
      removeEventListener("blur", onClose);
      if (before instanceof HTMLElement && (document.activeElement === document.body || node.contains(document.activeElement))) before.focus();
    };
  }, [menu]);
  const key = (event: KeyboardEvent): void => {
    const items = [...(element.current?.querySelectorAll<HTMLElement>("[role=menuitem]:not(:disabled)") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const steps: Readonly<Record<string, number>> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    const next = steps[event.key];
    if (event.key === "Escape" || event.key === "Tab") onClose();
    else if (next !== undefined) items.at(next % items.length)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={element} class="cell-menu" role="menu" aria-label={menu.name} onKeyDown={key}>
      {menu.items.map((item, index) => (
        <button
          key={index}
          role="menuitem"
          class={item.isApart ? "apart" : ""}
          disabled={item.isDisabled ?? false}
          onClick={() => {
            onClose();
            item.act();
          }}
        >
          <span class="label">{item.label}</span>
          {item.hint && <kbd>{item.hint}</kbd>}
        </button>
      ))}
    </div>
  );
}
