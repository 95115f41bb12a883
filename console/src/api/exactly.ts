/** JSON with integers of any size. */

/** Reads JSON as it is written: integers beyond 2^53 become bigint, where JSON.parse alone would round them. */
export function parseExactly(text: string): unknown {
  return /\d{16}/.test(text) ? JSON.parse(text, exactly as Parameters<typeof JSON.parse>[1]) : JSON.parse(text);
}

function exactly(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || !Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  if (source === undefined) {
    const message = "This browser would show large integers wrong. Chromium 114, Firefox 135 and Safari 18.4 do not.";
    throw new RangeError(message);
  }
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}
