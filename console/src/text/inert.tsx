/** Text that others wrote, made harmless to read: what a screen does not show, or what turns text around, is shown as a mark. */
import type { JSX } from "preact";

// Control characters (but line feed and tab where they may stand), zero-width ones, bidirectional marks, tags, separators.
const HIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e0fff}]|[\ud800-\udfff]/gu;

const NAMES: Readonly<Record<number, string>> = {
  0x09: "⇥",
  0x0a: "⏎",
  0x0d: "␍",
  0x00: "␀",
  0x1b: "␛",
  0x7f: "␡",
};

function mark(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const name = NAMES[code];
  return name ?? `‹U+${code.toString(16).toUpperCase().padStart(4, "0")}›`;
}

/** The text with marks in the place of what would not be seen. `lines` leaves line feeds and tabs as they are. */
export function inert(text: string, lines = false): string {
  return text.replace(HIDDEN, (found) => (lines && (found === "\n" || found === "\t") ? found : mark(found)));
}

/** The pieces of a text in order: as they stand, or the marks of what would not be seen. */
function* pieces(text: string, lines: boolean): Generator<{ text: string; isMark: boolean }> {
  let at = 0;
  for (const found of text.matchAll(HIDDEN)) {
    const character = found[0];
    if (lines && (character === "\n" || character === "\t")) continue;
    if (found.index > at) yield { text: text.slice(at, found.index), isMark: false };
    yield { text: mark(character), isMark: true };
    at = found.index + character.length;
  }
  if (at < text.length) yield { text: text.slice(at), isMark: false };
}

/** Text of others as a node: marks stand out, and its direction stays within it. */
export function Inert({ text, lines = false }: { text: string; lines?: boolean }): JSX.Element {
  const parts = Array.from(pieces(text, lines), (piece) => (piece.isMark ? <span class="mark">{piece.text}</span> : piece.text));
  return <bdi class={lines ? "inert lines" : "inert"}>{parts}</bdi>;
}

/** The same as one line in the DOM's own nodes, for libraries that take those. */
export function inertNode(text: string): HTMLElement {
  const node = document.createElement("bdi");
  for (const piece of pieces(text, false)) {
    if (piece.isMark) {
      const marked = document.createElement("span");
      marked.className = "mark";
      marked.textContent = piece.text;
      node.append(marked);
    } else node.append(piece.text);
  }
  return node;
}
