/** Events over time: a drag over the bars gives a span. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { ResultTable, TimeRange } from "../api/query";
import { theme } from "../shell/theme";
import { Inert } from "../text/inert";
import { stepText, timeBins, type TimeBins } from "./time_bins";

interface Props {
  readonly table: ResultTable;
  readonly onRange: (range: TimeRange) => void;
}

const HEIGHT = 84;
const LEAST_DRAG = 3;

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** A time on the axis: the day where one begins, else the time of day, as fine as the bars are. */
function axisText(time: number, bins: TimeBins): string {
  const text = iso(time);
  if (time % 86_400_000 === 0) return text.slice(5, 10);
  return bins.step >= 60_000 ? text.slice(11, 16) : text.slice(11, 19);
}

function plot(element: HTMLElement, bins: TimeBins, tell: (text: string) => void, onRange: (range: TimeRange) => void): uPlot {
  const axis = { stroke: colour("--quiet"), grid: { show: false }, ticks: { show: false }, font: "11px system-ui" };
  const bars = uPlot.paths.bars?.({ size: [0.86, 60], align: 1, gap: 1 });
  const chart = new uPlot(
    {
      width: element.clientWidth,
      height: HEIGHT,
      padding: [6, 8, 0, 0],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), "Etc/UTC"),
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: LEAST_DRAG } },
      scales: {
        x: { range: (_, least, most) => [least, most + bins.step / 1e3] },
        y: { range: (_, __, most) => [0, Math.max(1, most)] },
      },
      axes: [
        { ...axis, size: 20, gap: 2, space: 84, values: (_, splits) => splits.map((seconds) => axisText(seconds * 1e3, bins)) },
        { ...axis, size: 52, gap: 2, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6], space: 24 },
      ],
      series: [{}, { fill: colour("--accent"), stroke: colour("--accent"), width: 0, points: { show: false }, ...(bars ? { paths: bars } : {}) }],
      hooks: {
        setCursor: [
          (self) => {
            const at = self.cursor.idx;
            const start = at === null || at === undefined ? undefined : bins.starts[at];
            tell(start === undefined ? "" : `${iso(start).slice(0, 19).replace("T", " ")} · ${bins.counts[at ?? 0]?.toLocaleString("en")} rows`);
          },
        ],
        setSelect: [
          (self) => {
            if (self.select.width < LEAST_DRAG) return;
            const from = self.posToVal(self.select.left, "x") * 1e3;
            const to = self.posToVal(self.select.left + self.select.width, "x") * 1e3;
            self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            onRange({ from: iso(Math.floor(from)), to: iso(Math.ceil(to)) });
          },
        ],
      },
    },
    [bins.starts.map((start) => start / 1e3), [...bins.counts]],
    element,
  );
  return chart;
}

export function Histogram({ table, onRange }: Props): JSX.Element | null {
  const element = useRef<HTMLDivElement>(null);
  const under = useRef<HTMLSpanElement>(null);
  const newest = useRef(onRange);
  newest.current = onRange;
  const bins = useMemo(() => timeBins(table), [table]);
  useEffect(() => {
    const node = element.current;
    if (node === null || bins === null) return undefined;
    const tell = (text: string): void => {
      if (under.current) under.current.textContent = text;
    };
    const chart = plot(node, bins, tell, (range) => newest.current(range));
    const watch = new ResizeObserver(() => chart.setSize({ width: node.clientWidth, height: HEIGHT }));
    watch.observe(node);
    return () => {
      watch.disconnect();
      chart.destroy();
    };
  }, [bins, theme.value]);
  if (bins === null) return null;
  return (
    <section class="histogram" aria-label="Events over time">
      <p class="quiet">
        Rows by <Inert text={table.columns[bins.column]?.name ?? ""} />, a bar {stepText(bins.step)} · drag to choose a span
        <span ref={under} class="under" />
      </p>
      <div ref={element} />
    </section>
  );
}
