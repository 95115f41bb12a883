/** How instants lie in time: bars of how many, over the span that they have. */
import type { JSX } from "preact";
import { timeText } from "./time";

const BARS = 72;

interface Props {
  label: string;
  /** ISO texts, in any order. */
  instants: readonly string[];
  /** What one of them is: "row", "alert". */
  what: string;
  /** The span, where it is wider than that of the instants. */
  from?: string;
  to?: string;
}

interface Bar {
  readonly from: number;
  count: number;
}

function iso(milliseconds: number): string {
  return timeText(new Date(milliseconds).toISOString());
}

export function TimeStrip({ label, instants, what, from, to }: Props): JSX.Element | null {
  const times = instants.map((at) => Date.parse(at)).filter((at) => !Number.isNaN(at));
  if (times.length === 0) return null;
  const first = Math.min(...times, ...(from ? [Date.parse(from)] : []));
  const last = Math.max(...times, ...(to ? [Date.parse(to)] : []));
  const wide = Math.max(1, last - first);
  const bars: Bar[] = Array.from({ length: BARS }, (_, index) => ({ from: first + (wide * index) / BARS, count: 0 }));
  for (const at of times) {
    const bar = bars[Math.min(BARS - 1, Math.floor((BARS * (at - first)) / wide))];
    if (bar) bar.count += 1;
  }
  const most = Math.max(...bars.map((bar) => bar.count));
  return (
    <figure class="strip" role="img" aria-label={`${label}: ${times.length} from ${iso(first)} to ${iso(last)}`}>
      <div class="bars">
        {bars.map((bar) => (
          <span key={bar.from} title={`${iso(bar.from)}: ${bar.count} ${what}${bar.count === 1 ? "" : "s"}`}>
            {bar.count > 0 && <i style={{ height: `${Math.max(12, (100 * bar.count) / most)}%` }} />}
          </span>
        ))}
      </div>
      <figcaption>
        <span>{iso(first)}</span>
        <span>{iso(last)}</span>
      </figcaption>
    </figure>
  );
}
