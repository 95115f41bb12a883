/** KQL as text: where its statements and operators stand, and how values are written in it. */
import type { Cell, Column } from "../api/query";
import { cellText, jsonText } from "./values";

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

// Strings (plain, verbatim, of many lines; `h` hides them) and literals with round brackets are one token each, so that no
// bracket, bar, semicolon or comment within them counts. Comments, directives and white space are skipped.
const TOKEN =
  /(?<skipped>[\s\u200b\u180e\ufeff]+|\/\/[^\r\n\u2028\u2029]*|^[ \t]*#[^\r\n]*)|(?<string>[hH]?(?:"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\\\r\n]|\\[^\r\n])*'|@"(?:[^"\r\n]|"")*"|@'(?:[^'\r\n]|'')*'|```[^]*?```|~~~[^]*?~~~))|(?<unclosed>[hH]?(?:@?["']|```|~~~))|(?<typed>(?:bool|boolean|int|int32|long|int64|real|double|decimal|date|datetime|time|timespan|guid|uuid|uniqueid)[ \t]*\([^()\r\n]*\))|[$]?[\p{L}\p{N}_]+|[^]/gmu;

/** The tokens of a text, or null where a string has no end. */
function tokens(text: string): Token[] | null {
  const found: Token[] = [];
  for (const match of text.matchAll(TOKEN)) {
    if (match.groups?.["unclosed"] !== undefined) return null;
    if (match.groups?.["skipped"] === undefined) {
      found.push({ text: match[0], start: match.index, end: match.index + match[0].length });
    }
  }
  return found;
}

/** A statement that gives rows: its first and last token, and the bars that stand in no bracket. */
interface Statement {
  readonly start: number;
  readonly end: number;
  /** Each bar that is in no bracket, and the operator's name behind it. */
  readonly bars: readonly { at: number; before: number; operator: string }[];
}

const DEPTH: Readonly<Record<string, number>> = { "(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1 };
const NO_ROWS = /^(?:let|set|declare|alias|restrict|pattern)$/;
const MANY_RESULTS = new Set(["fork", "facet"]);

/** The statements of a query that give rows, or null where the text is not whole. */
function statements(text: string): Statement[] | null {
  const all = tokens(text);
  if (all === null) return null;
  const found: Statement[] = [];
  let own: Token[] = [];
  let depth = 0;
  const close = (): void => {
    const [first, second] = own;
    const last = own.at(-1);
    // A table may be called like a statement; then nothing or an operator follows.
    const isSetting = first && NO_ROWS.test(first.text) && second && second.text !== "|";
    if (first && last && !isSetting) found.push({ start: first.start, end: last.end, bars: bars(own) });
    own = [];
  };
  for (const token of all) {
    depth += DEPTH[token.text] ?? 0;
    if (depth < 0) return null;
    if (token.text === ";" && depth === 0) close();
    else own.push(token);
  }
  close();
  return depth === 0 ? found : null;
}

function bars(own: readonly Token[]): { at: number; before: number; operator: string }[] {
  const found: { at: number; before: number; operator: string }[] = [];
  let depth = 0;
  own.forEach((token, index) => {
    depth += DEPTH[token.text] ?? 0;
    const before = own[index - 1];
    if (token.text === "|" && depth === 0 && before !== undefined) {
      found.push({ at: token.start, before: before.end, operator: own[index + 1]?.text ?? "" });
    }
  });
  return found;
}

/** The statement of a result, or null where it cannot be told. */
function statementOf(query: string, result: number): Statement | null {
  const found = query.trimStart().startsWith(".") ? null : statements(query);
  if (found === null || found.some((one) => one.bars.some((bar) => MANY_RESULTS.has(bar.operator)))) return null;
  return found[result] ?? null;
}

/**
 * The query with one more operator ("where A == 1") behind the statement that gives result number `result`, before its
 * `render`. Null where the place cannot be told: the text is no whole query, or an operator gives several results.
 */
export function withOperator(query: string, operator: string, result: number): string | null {
  const statement = statementOf(query, result);
  if (statement === null) return null;
  const render = statement.bars.find((bar) => bar.operator === "render");
  if (render === undefined) return `${query.slice(0, statement.end)}\n| ${operator}${query.slice(statement.end)}`;
  const between = query.slice(render.before, render.at);
  const apart = /[\r\n]/.test(between) ? between : `${between.trimEnd()}\n`;
  return `${query.slice(0, render.before)}\n| ${operator}${apart}${query.slice(render.at)}`;
}

/** The query without the statements that give other results, or null where they cannot be told apart. */
export function onlyResult(query: string, result: number): string | null {
  const own = statementOf(query, result);
  const all = statements(query);
  if (own === null || all === null) return null;
  let text = query;
  for (const other of [...all].reverse()) {
    if (other.start === own.start) continue;
    const rest = text.slice(other.end);
    const semicolon = /^(?:\s|\/\/[^\r\n]*)*;/.exec(rest);
    text = text.slice(0, other.start) + rest.slice(semicolon?.[0].length ?? 0);
  }
  return text;
}

// What no screen shows, turns text around or has no pair: written as an escape, so that the query can be read.
const HIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff]|\udb40[\udc00-\udfff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function visible(text: string): string {
  return text.replace(HIDDEN, (found) => SHORT[found] ?? unicode(found));
}

function unicode(text: string): string {
  return Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, "0")}`).join("");
}

/** A string literal that holds exactly this text. */
export function stringLiteral(text: string): string {
  return `"${visible(text.replace(/["\\]/g, "\\$&"))}"`;
}

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
// Words that KQL reads as something else at the beginning of an expression.
const WORDS = new Set(
  "and or not between in has contains startswith endswith matches true false null by on with of to from where let set declare bool boolean int int32 long int64 real double decimal date datetime time timespan guid uuid uniqueid dynamic string typeof toscalar totable materialize view pattern restrict access alias database cluster table print range datatable externaldata find search union evaluate invoke".split(
    " ",
  ),
);

/** A column's name as an expression reads it. */
export function columnName(name: string): string {
  return PLAIN_NAME.test(name) && !WORDS.has(name.toLowerCase()) ? name : `[${stringLiteral(name)}]`;
}

/** A value as a literal of its column's type. Throws where a null is given: it has conditions of its own. */
export function literal(cell: Cell, type: Column["type"]): string {
  const text = cellText(cell);
  if (cell === null || cell === undefined) throw new Error("a null is no literal");
  switch (type) {
    case "string":
      return stringLiteral(text);
    case "bool":
      return text;
    case "int":
    case "long":
      return text.startsWith("-") ? `${type}(${text})` : text;
    case "real":
      return `real(${text === "Infinity" ? "+inf" : text === "-Infinity" ? "-inf" : text})`;
    case "dynamic":
      return `dynamic(${visible(jsonText(cell))})`;
    default:
      return `${type}(${text})`;
  }
}

export type Comparison = "==" | "!=" | "has";

/** What `where` asks for the rows that have this value in this column (`!=`: that have it not). */
export function condition(column: Column, cell: Cell, comparison: Comparison): string {
  const name = columnName(column.name);
  const isWanted = comparison !== "!=";
  if (cell === null || cell === undefined) return `${isWanted ? "isnull" : "isnotnull"}(${name})`;
  if (cell === "" && column.type === "string") return `${isWanted ? "isempty" : "isnotempty"}(${name})`;
  if (cell === "NaN" && column.type === "real") return isWanted ? `isnan(${name})` : `not(isnan(${name}))`;
  if (column.type !== "dynamic") return `${name} ${comparison} ${literal(cell, column.type)}`;
  // Bags and arrays compare as text, written by the same function on both sides.
  const value = typeof cell === "object" ? `tostring(${literal(cell, "dynamic")})` : stringLiteral(cellText(cell));
  return `tostring(${name}) ${comparison} ${value}`;
}
