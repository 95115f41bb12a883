/** The queries of an editor's text: blank lines part them, as in Kusto's explorer. */

export interface Piece {
  /** UTF-16 offsets within the whole text. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const FENCES = ["```", "~~~"] as const;

/** The fence of a text of several lines that is open at the line's end, or null. */
function fenceAfter(line: string, open: string | null): string | null {
  let fence = open;
  let at = 0;
  while (at < line.length) {
    if (fence !== null) {
      const close = line.indexOf(fence, at);
      if (close < 0) return fence;
      at = close + fence.length;
      fence = null;
      continue;
    }
    if (line.startsWith("//", at)) return null;
    const character = line[at];
    const opened = FENCES.find((one) => line.startsWith(one, at));
    if (opened !== undefined) {
      fence = opened;
      at += opened.length;
    } else if (character === '"' || character === "'") {
      at = behindString(line, at);
    } else {
      at += 1;
    }
  }
  return fence;
}

function behindString(line: string, start: number): number {
  const quote = line[start];
  const isVerbatim = line[start - 1] === "@";
  let at = start + 1;
  while (at < line.length && line[at] !== quote) at += line[at] === "\\" && !isVerbatim ? 2 : 1;
  return at + 1;
}

function withoutComments(text: string): string {
  return text.replace(/^\s*\/\/.*$/gm, "").trim();
}

/** Whether what follows a blank line belongs to what stands before it: rules are often written with their `let` statements set apart. */
function goesOn(before: string, after: string): boolean {
  const bare = withoutComments(before);
  return bare === "" || /;\s*(\/\/[^\n]*)?$/.test(before) || bare.endsWith("|") || withoutComments(after).startsWith("|");
}

/** All pieces of a text, comments and all. `text` has line feeds alone between its lines. */
export function pieces(text: string): Piece[] {
  const found: { start: number; end: number }[] = [];
  let fence: string | null = null;
  let at = 0;
  let isNew = true;
  for (const line of text.split("\n")) {
    const isBlank = fence === null && line.trim() === "";
    const last = found.at(-1);
    if (isBlank) isNew = true;
    else if (isNew || last === undefined) found.push({ start: at, end: at + line.length });
    else last.end = at + line.length;
    if (!isBlank) isNew = false;
    fence = fenceAfter(line, fence);
    at += line.length + 1;
  }
  const joined: { start: number; end: number }[] = [];
  for (const one of found) {
    const last = joined.at(-1);
    if (last !== undefined && goesOn(text.slice(last.start, last.end), text.slice(one.start, one.end))) last.end = one.end;
    else joined.push(one);
  }
  return joined.map(({ start, end }) => ({ start, end, text: text.slice(start, end) }));
}

/** The pieces that ask something: those that are comments alone are left out. */
export function queries(text: string): Piece[] {
  return pieces(text).filter((piece) => withoutComments(piece.text) !== "");
}

/** The query at an offset, else the one that ends before it, else the first. */
export function queryAt(text: string, offset: number): Piece | undefined {
  const all = queries(text);
  return all.find((one) => one.start <= offset && offset <= one.end) ?? all.filter((one) => one.end < offset).at(-1) ?? all[0];
}

/** An offset that counts characters as one that counts UTF-16 units. */
export function unitsOf(text: string, characters: number): number {
  let units = 0;
  let count = 0;
  for (const character of text) {
    if (count >= characters) break;
    units += character.length;
    count += 1;
  }
  return units;
}

/** The offset in UTF-16 units of a line and a column that count characters from 1. */
export function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let number = 1; number < line; number += 1) {
    const end = text.indexOf("\n", start);
    if (end < 0) break;
    start = end + 1;
  }
  return start + unitsOf(text.slice(start), column - 1);
}
