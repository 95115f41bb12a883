/** Durations as rules have them: `5m`, `1h`, `14d`. */
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds, or null where the text is no duration above zero. */
export function readDuration(text: string): number | null {
  const found = /^\s*(\d{1,6}(?:\.\d+)?)\s*([smhd])\s*$/i.exec(text);
  if (found === null) return null;
  const seconds = Number(found[1]) * (UNITS[(found[2] ?? "").toLowerCase()] ?? Number.NaN);
  return seconds > 0 ? seconds : null;
}

export const COMMON_DURATIONS = ["5m", "15m", "1h", "4h", "12h", "1d", "7d", "14d"] as const;
