/** A small part of Markdown read into blocks; what is none of it stays the text that it is. */

export type Inline =
  | { readonly kind: "text" | "code" | "strong" | "emphasis"; readonly text: string }
  | { readonly kind: "link"; readonly text: string; readonly to: string };

export type Block =
  | { readonly kind: "heading"; readonly level: number; readonly inlines: readonly Inline[] }
  | { readonly kind: "paragraph" | "quote"; readonly inlines: readonly Inline[] }
  | { readonly kind: "list"; readonly isOrdered: boolean; readonly items: readonly (readonly Inline[])[] }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "rule" };

const INLINE =
  /(`+)(?<code>[^`]|[^`].*?[^`])\1(?!`)|(\*\*|__)(?<strong>\S(?:.*?\S)?)\3|\*(?<emphasis>[^\s*](?:[^*]*[^\s*])?)\*|!?\[(?<label>[^\]]*)\]\((?<to>[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)/s;

/** Code, strong, emphasis and links of a text. An image is told as a link: nothing is fetched. */
export function inlines(text: string): Inline[] {
  const found: Inline[] = [];
  let rest = text;
  for (let match = INLINE.exec(rest); match !== null; match = INLINE.exec(rest)) {
    if (match.index > 0) found.push({ kind: "text", text: rest.slice(0, match.index) });
    const { code, strong, emphasis, label, to } = match.groups ?? {};
    if (code !== undefined) found.push({ kind: "code", text: code.trim() });
    else if (strong !== undefined) found.push({ kind: "strong", text: strong });
    else if (emphasis !== undefined) found.push({ kind: "emphasis", text: emphasis });
    else found.push({ kind: "link", text: label ?? "", to: to ?? "" });
    rest = rest.slice(match.index + match[0].length);
  }
  if (rest !== "") found.push({ kind: "text", text: rest });
  return found;
}

const HEADING = /^ {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const ITEM = /^\s{0,7}(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/;
const RULE = /^ {0,3}(?:-{3,}|\*{3,}|_{3,})\s*$/;
const QUOTE = /^ {0,3}>\s?(.*)$/;

function begins(line: string): boolean {
  return line.trim() === "" || HEADING.test(line) || FENCE.test(line) || ITEM.test(line) || RULE.test(line) || QUOTE.test(line);
}

/** Reads lines one after another, each block taking as many as are of it. */
class Reader {
  private at = 0;

  constructor(private readonly lines: readonly string[]) {}

  blocks(): Block[] {
    const found: Block[] = [];
    while (this.at < this.lines.length) {
      const block = this.block(this.lines[this.at] ?? "");
      if (block !== null) found.push(block);
    }
    return found;
  }

  private block(line: string): Block | null {
    if (line.trim() === "") {
      this.at += 1;
      return null;
    }
    const heading = HEADING.exec(line);
    if (heading !== null) {
      this.at += 1;
      return { kind: "heading", level: (heading[1] ?? "#").length, inlines: inlines(heading[2] ?? "") };
    }
    if (RULE.test(line)) {
      this.at += 1;
      return { kind: "rule" };
    }
    const fence = FENCE.exec(line);
    if (fence !== null) return this.code(fence[1] ?? "```");
    if (QUOTE.test(line)) return { kind: "quote", inlines: inlines(flowing(this.while((one) => QUOTE.exec(one)?.[1] ?? null))) };
    const item = ITEM.exec(line);
    return item === null ? this.paragraph() : this.list(item[2] !== undefined);
  }

  private while(part: (line: string) => string | null): string[] {
    const found: string[] = [];
    for (; this.at < this.lines.length; this.at += 1) {
      const said = part(this.lines[this.at] ?? "");
      if (said === null) break;
      found.push(said);
    }
    return found;
  }

  private code(fence: string): Block {
    this.at += 1;
    const lines = this.while((line) => (line.trim().startsWith(fence) && line.trim().replaceAll(fence.charAt(0), "") === "" ? null : line));
    this.at += 1;
    return { kind: "code", text: lines.join("\n") };
  }

  private list(isOrdered: boolean): Block {
    const items: string[] = [];
    this.while((line) => {
      const item = ITEM.exec(line);
      if (item !== null && (item[2] !== undefined) === isOrdered) items.push(item[3] ?? "");
      else if (item === null && items.length > 0 && line.trim() !== "" && /^\s{2,}/.test(line)) items.push(`${items.pop()} ${line.trim()}`);
      else return null;
      return line;
    });
    return { kind: "list", isOrdered, items: items.map(inlines) };
  }

  private paragraph(): Block {
    const first = this.lines[this.at] ?? "";
    this.at += 1;
    const rest = this.while((line) => (begins(line) ? null : line));
    return { kind: "paragraph", inlines: inlines(flowing([first, ...rest])) };
  }
}

/** Lines of one paragraph: only two spaces or a backslash at a line's end break it. */
function flowing(lines: readonly string[]): string {
  const breaks = (line: string): boolean => line.endsWith("  ") || line.endsWith("\\");
  return lines
    .map((line, index) => {
      if (index === lines.length - 1) return line;
      return breaks(line) ? `${(line.endsWith("\\") ? line.slice(0, -1) : line).trimEnd()}\n` : `${line.trimEnd()} `;
    })
    .join("");
}

export function readMarkdown(text: string): Block[] {
  return new Reader(text.split(/\r?\n/)).blocks();
}
