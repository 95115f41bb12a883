/** What a text or a number may mean besides: base64, URL and hex encodings, times, addresses, hashes. */
import { parseExactly } from "../api/exactly";
import type { Cell, KqlType } from "../api/query";

export interface Decoding {
  readonly name: string;
  readonly text: string;
}

const BASE64_RUN = /[A-Za-z0-9+/_-]{16,}={0,2}/g;
const MOST_RUNS = 5;
const MOST_DECODED = 200_000;

/** The share of characters that a reader can read. */
function readable(text: string): number {
  if (text === "") return 0;
  const good = text.match(/[\p{L}\p{N}\p{P}\p{S}\p{Zs}\r\n\t]/gu)?.length ?? 0;
  return good / Array.from(text).length;
}

function bytesOf(base64: string): Uint8Array | null {
  const plain = base64.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  if (plain.length % 4 === 1) return null;
  try {
    return Uint8Array.from(atob(plain), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

/** Text of bytes: UTF-16LE where every other byte is zero as in Latin text, else UTF-8; null where it is neither. */
function textOfBytes(bytes: Uint8Array): { name: string; text: string } | null {
  const zeros = bytes.reduce((sum, byte, index) => sum + (index % 2 === 1 && byte === 0 ? 1 : 0), 0);
  const isWide = bytes.length >= 4 && bytes.length % 2 === 0 && zeros > bytes.length * 0.35;
  try {
    const text = new TextDecoder(isWide ? "utf-16le" : "utf-8", { fatal: true }).decode(bytes);
    return readable(text) > 0.9 ? { name: isWide ? "UTF-16LE" : "UTF-8", text } : null;
  } catch {
    return null;
  }
}

const MAGIC: readonly [string, string][] = [
  ["4d5a", "a Windows program"],
  ["1f8b", "gzip"],
  ["504b0304", "a ZIP archive"],
  ["25504446", "a PDF"],
  ["7f454c46", "an ELF program"],
];

/** Bytes in hexadecimal, sixteen a line. */
export function hexText(bytes: Uint8Array, most = 1024): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, most); at += 16) {
    const part = [...bytes.slice(at, at + 16)];
    const letters = part.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    const digits = part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    lines.push(`${at.toString(16).padStart(4, "0")}  ${digits.padEnd(47)}  ${letters}`);
  }
  if (bytes.length > most) lines.push(`… ${bytes.length - most} more bytes`);
  return lines.join("\n");
}

function base64(run: string, isWhole: boolean): Decoding | null {
  const bytes = bytesOf(run);
  if (bytes === null || bytes.length === 0) return null;
  const found = textOfBytes(bytes);
  if (found) return { name: `base64, ${found.name}`, text: found.text };
  const digits = [...bytes.slice(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const kind = MAGIC.find(([magic]) => digits.startsWith(magic))?.[1];
  // What decodes to no text is most often no base64 but a word: padding or a known beginning speak for it.
  const isLikely = kind !== undefined || (isWhole && run.endsWith("=")) || run.length >= 64;
  return isLikely ? { name: `base64, ${kind ?? "bytes"}`, text: hexText(bytes) } : null;
}

function base64s(text: string): Decoding[] {
  const whole = text.trim();
  if (/^[A-Za-z0-9+/_-]{8,}={0,2}$/.test(whole) && !/^[0-9a-fA-F]+$/.test(whole)) {
    const found = base64(whole, true);
    return found ? [found] : [];
  }
  const runs = [...text.matchAll(BASE64_RUN)].map((match) => match[0]);
  return runs
    .filter((run) => !/^[0-9a-fA-F-]+$/.test(run) && /[A-Z]/.test(run) && /[a-z]/.test(run) && !/^[/A-Z]?[a-z/_-]+$/.test(run))
    .slice(0, MOST_RUNS)
    .map((run) => base64(run, false))
    .filter((found) => found !== null);
}

function url(text: string): Decoding[] {
  if (!/%[0-9a-fA-F]{2}/.test(text)) return [];
  try {
    return [{ name: "URL decoded", text: decodeURIComponent(text) }];
  } catch {
    return [];
  }
}

const HASHES: Readonly<Record<number, string>> = { 32: "MD5", 40: "SHA-1", 64: "SHA-256", 96: "SHA-384", 128: "SHA-512" };

function hex(text: string): Decoding[] {
  const digits = /^\s*(?:0x)?((?:[0-9a-fA-F]{2}[\s:]?){4,})\s*$/.exec(text)?.[1]?.replace(/[\s:]/g, "");
  if (digits === undefined || /^\d+$/.test(digits)) return [];
  const bytes = Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const found = textOfBytes(bytes);
  return found ? [{ name: `hexadecimal, ${found.name}`, text: found.text }] : [];
}

/** Named ranges of numbers that are read as times: how many of them a millisecond has, and where they begin. */
const CLOCKS: readonly { name: string; least: number; most: number; milliseconds: (value: number) => number }[] = [
  { name: "Unix time, seconds", least: 8e8, most: 4.2e9, milliseconds: (value) => value * 1e3 },
  { name: "Unix time, milliseconds", least: 8e11, most: 4.2e12, milliseconds: (value) => value },
  { name: "Unix time, microseconds", least: 8e14, most: 4.2e15, milliseconds: (value) => value / 1e3 },
  { name: "FILETIME", least: 1.15e17, most: 1.6e17, milliseconds: (value) => value / 1e4 - 11_644_473_600_000 },
  { name: "ticks of .NET", least: 6.2e17, most: 6.6e17, milliseconds: (value) => value / 1e4 - 62_135_596_800_000 },
  { name: "Unix time, nanoseconds", least: 8e17, most: 4.2e18, milliseconds: (value) => value / 1e6 },
];

function times(text: string): Decoding[] {
  if (!/^\d{9,19}(?:\.\d+)?$/.test(text)) return [];
  const value = Number(text);
  const clock = CLOCKS.find((one) => value >= one.least && value <= one.most);
  if (clock === undefined) return [];
  return [{ name: clock.name, text: new Date(clock.milliseconds(value)).toISOString().replace("T", " ").replace("Z", " UTC") }];
}

/** JSON that a cell holds: a dynamic value, or a string that is the text of an object or an array. */
export function jsonOf(cell: Cell, type: KqlType): unknown {
  if (cell !== null && typeof cell === "object") return cell;
  if ((type !== "string" && type !== "dynamic") || typeof cell !== "string" || !/^\s*[[{]/.test(cell)) return undefined;
  try {
    return parseExactly(cell);
  } catch {
    return undefined;
  }
}

/** All that a text may mean, the likeliest first. */
export function decodings(text: string): Decoding[] {
  if (text.length > MOST_DECODED) return [];
  return [...times(text), ...base64s(text), ...hex(text), ...url(text)].filter((found) => found.text !== text);
}

const RANGES: readonly [RegExp, string][] = [
  [/^127\./, "loopback address"],
  [/^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/, "private address"],
  [/^169\.254\./, "link-local address"],
  [/^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./, "carrier's shared address"],
  [/^(?:192\.0\.2|198\.51\.100|203\.0\.113)\./, "address for documentation"],
  [/^(?:22[4-9]|23\d)\./, "multicast address"],
  [/^(?:0\.|255\.255\.255\.255)/, "address of no machine"],
];
const RANGES_6: readonly [RegExp, string][] = [
  [/^::1$/, "loopback address"],
  [/^fe[89ab]/i, "link-local address"],
  [/^f[cd]/i, "private address"],
  [/^ff/i, "multicast address"],
  [/^2001:db8:/i, "address for documentation"],
];

/** What kind of thing a text is: an address, a hash, an identifier; null where nothing is known of it. */
export function kindOf(text: string): string | null {
  const four = /^(?:\d{1,3}\.){3}\d{1,3}$/.test(text) && text.split(".").every((part) => Number(part) < 256);
  if (four) return `IPv4, ${RANGES.find(([range]) => range.test(text))?.[1] ?? "public address"}`;
  if (/^[0-9a-fA-F:]*:[0-9a-fA-F:.]*$/.test(text) && text.split(":").length > 2) {
    return `IPv6, ${RANGES_6.find(([range]) => range.test(text))?.[1] ?? "public address"}`;
  }
  if (/^[0-9a-fA-F]+$/.test(text) && /[a-fA-F]/.test(text)) {
    const hash = HASHES[text.length];
    if (hash) return `${hash}, by its length`;
  }
  if (/^S-1-\d+(?:-\d+)+$/.test(text)) return "Windows security identifier";
  if (/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text)) return "GUID";
  return null;
}
