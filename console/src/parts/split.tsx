/** Two panes with a bar between them that can be drawn, and is moved by arrow keys; its place is kept. */
import type { ComponentChildren, JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import "./split.css";

interface Props {
  /** Under which name the size is kept. */
  name: string;
  label: string;
  direction: "row" | "column";
  /** The first pane's size, in pixels: at first, and at least. */
  initial: number;
  least: number;
  /** What the second pane keeps at least. */
  leaves: number;
  children: [ComponentChildren, ComponentChildren];
}

const STEP = 24;

export function Split({ name, label, direction, initial, least, leaves, children }: Props): JSX.Element {
  const key = `bluetick.size.${name}`;
  const whole = useRef<HTMLDivElement>(null);
  const [size, change] = useState(() => Number(localStorage.getItem(key)) || initial);
  const isRow = direction === "row";

  const set = (wanted: number): void => {
    const room = isRow ? whole.current?.clientWidth : whole.current?.clientHeight;
    const next = Math.round(Math.max(least, Math.min(wanted, (room ?? Infinity) - leaves)));
    change(next);
    localStorage.setItem(key, String(next));
  };
  const drag = (event: PointerEvent): void => {
    const bar = event.currentTarget as HTMLElement;
    bar.setPointerCapture(event.pointerId);
    const from = (isRow ? event.clientX : event.clientY) - size;
    const move = (moved: PointerEvent): void => set((isRow ? moved.clientX : moved.clientY) - from);
    bar.addEventListener("pointermove", move);
    bar.addEventListener("lostpointercapture", () => bar.removeEventListener("pointermove", move), { once: true });
  };
  const press = (event: KeyboardEvent): void => {
    const by = { ArrowLeft: -STEP, ArrowUp: -STEP, ArrowRight: STEP, ArrowDown: STEP }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    set(size + by);
  };
  const tracks = `minmax(${least}px, min(${size}px, calc(100% - ${leaves}px))) 5px minmax(0, 1fr)`;
  return (
    <div ref={whole} class={`split ${direction}`} style={isRow ? { gridTemplateColumns: tracks } : { gridTemplateRows: tracks }}>
      <div class="pane">{children[0]}</div>
      <div
        class="bar"
        role="separator"
        tabIndex={0}
        aria-label={label}
        aria-orientation={isRow ? "vertical" : "horizontal"}
        aria-valuenow={size}
        aria-valuemin={least}
        onPointerDown={drag}
        onKeyDown={press}
        onDblClick={() => set(initial)}
      />
      <div class="pane">{children[1]}</div>
    </div>
  );
}
