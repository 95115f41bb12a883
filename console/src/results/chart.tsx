/** The chart that `render` asked for. */
import type { ECharts } from "echarts/core";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { ResultTable } from "../api/query";
import { theme } from "../shell/theme";
import { Inert } from "../text/inert";
import { cardFields, chartData, type Wanted } from "./chart_data";
import { chartOptions, type Colours } from "./chart_options";

function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  return { text: of("--text"), quiet: of("--quiet"), line: of("--line"), panel: of("--panel"), bad: of("--bad") };
}

export function Chart({ table, want }: { table: ResultTable; want: Wanted }): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const data = useMemo(() => (want.kind === "card" ? "" : chartData(table, want)), [table, want]);
  useEffect(() => {
    const node = element.current;
    if (node === null || typeof data === "string") return undefined;
    let chart: ECharts | null = null;
    let isGone = false;
    const watch = new ResizeObserver(() => chart?.resize());
    void import("./chart_engine").then(({ init }) => {
      if (isGone) return;
      chart = init(node);
      chart.setOption(chartOptions(want, data, colours()));
      watch.observe(node);
    });
    return () => {
      isGone = true;
      watch.disconnect();
      chart?.dispose();
    };
  }, [data, want, theme.value]);
  if (want.kind === "card") return <Card table={table} />;
  if (typeof data === "string") return <p class="quiet pad">No chart: {data}</p>;
  return (
    <div class="chart">
      {data.left && <p class="quiet pad">{data.left}</p>}
      <div ref={element} class="canvas" role="img" aria-label={want.title || want.kind} />
    </div>
  );
}

function Card({ table }: { table: ResultTable }): JSX.Element {
  return (
    <dl class="cards">
      {cardFields(table).map((field, index) => (
        <div key={index} class="panel">
          <dt>
            <Inert text={field.name} />
          </dt>
          <dd>
            <Inert text={field.text} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
