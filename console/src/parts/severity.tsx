/** A severity as a colour, a number of bars and a word, so that none of them is needed alone. */
import type { JSX } from "preact";
import { inert } from "../text/inert";

const BARS: Readonly<Record<string, number>> = { informational: 1, low: 2, medium: 3, high: 4, critical: 4 };

/** The higher the more severe; 0 for what is no severity. */
export function severityRank(severity: string | null): number {
  return BARS[(severity ?? "").toLowerCase()] ?? 0;
}

export function Severity({ of, brief = false }: { of: string | null; brief?: boolean }): JSX.Element {
  if (of === null || of === "") return <span class="quiet">–</span>;
  const rank = severityRank(of);
  return (
    <span class={`severity ${rank ? of.toLowerCase() : ""}`} title={brief ? inert(of) : undefined}>
      <svg viewBox="0 0 15 12" width="15" height="12" aria-hidden="true">
        {[1, 2, 3, 4].map((bar) => (
          <rect
            key={bar}
            x={(bar - 1) * 4}
            y={12 - bar * 3}
            width="3"
            height={bar * 3}
            rx="0.6"
            fill="currentColor"
            opacity={bar <= rank ? 1 : 0.22}
          />
        ))}
      </svg>
      <span class={brief ? "unseen" : ""}>{inert(of)}</span>
    </span>
  );
}
