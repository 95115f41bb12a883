/** Which times of the data a query sees. */
import type { TimeRange } from "../api/query";

export type TimeChoice =
  | { readonly kind: "all" }
  | { readonly kind: "last"; readonly seconds: number; readonly upTo: "now" | "newest" }
  | { readonly kind: "between"; readonly from: string | null; readonly to: string | null };

export const ALL: TimeChoice = { kind: "all" };

export const SPANS: readonly { readonly name: string; readonly seconds: number }[] = [
  { name: "Last hour", seconds: 3600 },
  { name: "Last 24 hours", seconds: 86_400 },
  { name: "Last 7 days", seconds: 7 * 86_400 },
  { name: "Last 30 days", seconds: 30 * 86_400 },
];

/** `2026-11-23 14:05:00` of an ISO text: to the second, and with what stands behind it where that is not zero. */
export function shownTime(iso: string): string {
  const [date = "", time = ""] = iso.replace(/Z$/, "").split("T");
  return `${date} ${(time || "00:00:00").replace(/\.0+$/, "")}`;
}

/** ISO text of what somebody typed in UTC, or null where that is no time. */
export function readTime(text: string): string | null {
  const found = /^\s*(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,7})?)?)?\s*Z?\s*$/.exec(text);
  if (found === null) return null;
  const iso = `${found[1]}T${found[2] ?? "00:00"}${found[3] ?? ":00"}Z`;
  const at = Date.parse(iso);
  // A day that its month does not have moves on to the next month when it is parsed: that is no time either.
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== found[1] ? null : iso;
}

/** The span, at the instant of a run. `newest` is the time of the newest row; it is within the span. */
export function rangeOf(choice: TimeChoice, newest: string | null): TimeRange {
  switch (choice.kind) {
    case "all":
      return { from: null, to: null };
    case "between":
      return { from: choice.from, to: choice.to };
    case "last": {
      const isNow = choice.upTo === "now" || newest === null;
      // The end is not within a span, and this clock knows milliseconds alone.
      const end = isNow ? Date.now() : Date.parse(newest) + 1;
      const from = new Date(end - choice.seconds * 1000).toISOString();
      return { from, to: isNow ? null : new Date(end).toISOString() };
    }
  }
}

/** A choice in words. */
export function timeText(choice: TimeChoice): string {
  switch (choice.kind) {
    case "all":
      return "All times";
    case "last": {
      const name = SPANS.find((span) => span.seconds === choice.seconds)?.name ?? `Last ${choice.seconds} s`;
      return choice.upTo === "newest" ? `${name} of the data` : name;
    }
    case "between":
      return `${choice.from ? shownTime(choice.from) : "…"} – ${choice.to ? shownTime(choice.to) : "…"}`;
  }
}

/** What a link or the store held, or all times where it is nothing of ours. */
export function choiceOf(given: unknown): TimeChoice {
  if (typeof given !== "object" || given === null) return ALL;
  const { kind, seconds, upTo, from, to } = given as Record<string, unknown>;
  if (kind === "last" && typeof seconds === "number" && seconds > 0 && (upTo === "now" || upTo === "newest")) {
    return { kind, seconds, upTo };
  }
  const time = (value: unknown): string | null => (typeof value === "string" ? readTime(value) : null);
  if (kind === "between") return { kind, from: time(from), to: time(to) };
  return ALL;
}
