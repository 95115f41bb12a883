/** An instant in UTC; its title has the weekday and how long ago it was. */
import type { JSX } from "preact";

const SPANS: readonly (readonly [number, string])[] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

/** `2026-11-23T00:10:00Z` as `2026-11-23 00:10:00`. */
export function timeText(at: string): string {
  const found = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)/.exec(at);
  return found === null ? at : `${found[1]} ${found[2]}`;
}

/** Seconds in the largest units that leave little: `90` is "1 min 30 s", `3600` is "1 h". */
export function durationText(seconds: number): string {
  if (seconds < 1) return seconds === 0 ? "0 s" : `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  let rest = Math.round(seconds);
  const said: string[] = [];
  for (const [size, name] of SPANS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) said.push(`${count} ${name}`);
  }
  return said.slice(0, 2).join(" ");
}

/** "3 h ago", "in 5 min". */
export function relativeText(at: string, now: number = Date.now()): string {
  const seconds = (now - Date.parse(at)) / 1000;
  if (Number.isNaN(seconds)) return "";
  const unit = SPANS.find(([size]) => Math.abs(seconds) >= size);
  if (unit === undefined) return "now";
  const said = `${Math.floor(Math.abs(seconds) / unit[0])} ${unit[1]}`;
  return seconds > 0 ? `${said} ago` : `in ${said}`;
}

interface Props {
  at: string | null | undefined;
  /** Only how long ago; the title has the instant. */
  relative?: boolean;
}

export function Time({ at, relative = false }: Props): JSX.Element {
  if (!at) return <span class="quiet">–</span>;
  const weekday = new Intl.DateTimeFormat("en", { weekday: "long", timeZone: "UTC" });
  const moment = new Date(at);
  const day = Number.isNaN(moment.getTime()) ? "" : weekday.format(moment);
  const title = relative ? `${timeText(at)} UTC, ${day}` : `${day}, ${relativeText(at)}`;
  return (
    <time dateTime={at} title={title} class="instant">
      {relative ? relativeText(at) : timeText(at)}
    </time>
  );
}
