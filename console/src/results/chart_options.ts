/** The chart library's options for what `render` asked for. */
import type { EChartsCoreOption } from "echarts/core";
import { inert } from "../text/inert";
import type { ChartData, Series, Wanted } from "./chart_data";
import { magnitude, shownText } from "./values";

export interface Colours {
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly panel: string;
  readonly bad: string;
}

const PALETTE = ["#4c82f7", "#f2994a", "#33b07a", "#c65bcf", "#e0b322", "#2fb5c9", "#ee6a75", "#8b7ff0", "#8fb84a", "#b08968"];
const MOST_SLICES = 40;
// Where a line has more points than pixels, the library keeps those that shape it.
const MANY_POINTS = 4_000;
const LONG_LABEL = 60;
const MANY_NAMES = 40;

function label(text: string): string {
  const shown = inert(text);
  return shown.length > LONG_LABEL ? `${shown.slice(0, LONG_LABEL)}…` : shown;
}

function isStacked(want: Wanted): boolean {
  return want.kind === "stackedareachart" || want.way === "stacked" || want.way === "stacked100";
}

type Pair = [number, number | null];

/** Where a value of x stands: its magnitude, or its place among the names (which may look alike when they are cut). */
interface Scale {
  readonly at: (cell: unknown) => number;
  readonly names: readonly string[];
}

function scaleOf(data: ChartData): Scale {
  if (data.isMeasured) return { at: (cell) => magnitude(cell, data.x.type), names: [] };
  const places = new Map<string, number>();
  const at = (cell: unknown): number => {
    const text = shownText(cell, data.x.type);
    const place = places.get(text) ?? places.size;
    places.set(text, place);
    return place;
  };
  for (const series of data.series) for (const point of series.points) at(point.x);
  return { at, names: Array.from(places.keys(), label) };
}

/** All places of x in order, for series that are stacked: the library adds up points by their number. */
function allPlaces(data: ChartData, scale: Scale): number[] {
  const places = new Set(data.series.flatMap((series) => series.points.map((point) => scale.at(point.x))));
  return [...places].sort((left, right) => left - right);
}

/** The points with a zero at each place where the series has none. */
function filled(pairs: readonly Pair[], places: readonly number[]): Pair[] {
  const known = new Map(pairs);
  return places.map((place) => [place, known.get(place) ?? 0]);
}

function points(series: Series, scale: Scale, totals: ReadonlyMap<number, number> | null): Pair[] {
  return series.points.map((point) => {
    const x = scale.at(point.x);
    const total = totals?.get(x);
    const y = total === undefined ? point.y : total === 0 ? 0 : (100 * point.y) / total;
    return [x, Number.isNaN(y) ? null : y];
  });
}

/** The sum of all series at each x, to draw shares of it. */
function totalsOf(data: ChartData, scale: Scale): Map<number, number> {
  const totals = new Map<number, number>();
  for (const series of data.series) {
    for (const point of series.points) {
      const x = scale.at(point.x);
      totals.set(x, (totals.get(x) ?? 0) + (Number.isNaN(point.y) ? 0 : point.y));
    }
  }
  return totals;
}

function base(want: Wanted, data: ChartData, colours: Colours): EChartsCoreOption {
  return {
    animation: false,
    useUTC: true,
    color: PALETTE,
    textStyle: { fontFamily: "system-ui, sans-serif", color: colours.text },
    ...(want.title ? { title: { text: label(want.title), left: 12, top: 6, textStyle: { fontSize: 14, color: colours.text } } } : {}),
    legend: {
      show: want.hasLegend && (data.series.length > 1 || want.kind === "piechart"),
      type: "scroll",
      bottom: 4,
      icon: "roundRect",
      itemWidth: 12,
      itemHeight: 8,
      textStyle: { color: colours.text },
      pageTextStyle: { color: colours.quiet },
    },
  };
}

const TOOLTIP = { renderMode: "richText", confine: true } as const;

export function chartOptions(want: Wanted, data: ChartData, colours: Colours): EChartsCoreOption {
  return want.kind === "piechart" ? pie(want, data, colours) : plane(want, data, colours);
}

function pie(want: Wanted, data: ChartData, colours: Colours): EChartsCoreOption {
  const sums = new Map<string, number>();
  for (const series of data.series) {
    for (const point of series.points) {
      // Several columns of names give a slice each; a series' name says which.
      const name = data.series.length > 1 ? `${shownText(point.x, data.x.type)}, ${series.name}` : shownText(point.x, data.x.type);
      if (!Number.isNaN(point.y)) sums.set(name, (sums.get(name) ?? 0) + point.y);
    }
  }
  const slices = [...sums].sort((left, right) => right[1] - left[1]);
  const rest = slices.slice(MOST_SLICES).reduce((sum, [, value]) => sum + value, 0);
  const shown = slices.slice(0, MOST_SLICES).map(([name, value]) => ({ name: label(name) || "(empty)", value }));
  if (slices.length > MOST_SLICES) shown.push({ name: `${slices.length - MOST_SLICES} others`, value: rest });
  return {
    ...base(want, data, colours),
    tooltip: { ...TOOLTIP, trigger: "item", ...tooltipColours(colours) },
    series: [
      {
        type: "pie",
        radius: want.way === "donut" ? ["38%", "68%"] : "68%",
        center: ["50%", "48%"],
        label: { color: colours.text, formatter: "{b}: {d} %" },
        minShowLabelAngle: 8,
        itemStyle: { borderColor: colours.panel, borderWidth: 1 },
        data: shown,
      },
    ],
  };
}

function tooltipColours(colours: Colours): object {
  return { backgroundColor: colours.panel, borderColor: colours.line, textStyle: { color: colours.text, fontSize: 12 } };
}

function plane(want: Wanted, data: ChartData, colours: Colours): EChartsCoreOption {
  const isBar = want.kind === "barchart";
  const scale = scaleOf(data);
  const totals = want.way === "stacked100" ? totalsOf(data, scale) : null;
  const columns = [...new Set(data.series.map((series) => series.column))];
  const isSplit = want.split !== "none" && columns.length > 1 && !isBar;
  const x = xAxis(want, data, scale, colours, isBar);
  const y = (isSplit ? columns.slice(0, 4) : [null]).map((name, index) => yAxis(want, colours, name, index, isBar, totals !== null));
  const places = isStacked(want) ? allPlaces(data, scale) : null;
  const pairs = (one: Series): Pair[] => {
    const own = points(one, scale, totals);
    return places ? filled(own, places) : own;
  };
  const series = data.series.map((one) => ({
    ...form(want),
    name: label(one.name) || "(empty)",
    data: pairs(one).map((pair) => (isBar ? [pair[1], pair[0]] : pair)),
    ...(isStacked(want) ? { stack: "all" } : {}),
    ...(isSplit ? { yAxisIndex: Math.min(3, columns.indexOf(one.column)) } : {}),
  }));
  return {
    ...base(want, data, colours),
    grid: { left: 16, right: 40, top: want.title ? 44 : 24, bottom: 42, containLabel: true },
    tooltip: { ...TOOLTIP, trigger: want.kind === "scatterchart" ? "item" : "axis", ...tooltipColours(colours), order: "valueDesc" },
    xAxis: isBar ? y : x,
    yAxis: isBar ? x : y,
    series: [...series, ...marks(data, scale, colours)],
    ...(data.isMeasured ? { dataZoom: [{ type: "inside", filterMode: "none" }] } : {}),
  };
}

/** The points that an anomaly chart marks. */
function marks(data: ChartData, scale: Scale, colours: Colours): object[] {
  if (data.anomalies.length === 0) return [];
  const found = data.anomalies.map((one) => [scale.at(one.x), one.y]);
  return [{ type: "scatter", name: "anomalies", data: found, symbolSize: 9, itemStyle: { color: colours.bad }, z: 5 }];
}

function form(want: Wanted): object {
  const line = { type: "line", showSymbol: false, lineStyle: { width: 1.6 }, sampling: "lttb", large: true };
  switch (want.kind) {
    case "areachart":
    case "stackedareachart":
      return { ...line, areaStyle: { opacity: isStacked(want) ? 0.75 : 0.25 } };
    case "columnchart":
    case "barchart":
      return { type: "bar", barMaxWidth: 48, large: true };
    case "scatterchart":
      return { type: "scatter", symbolSize: 6, large: true, largeThreshold: MANY_POINTS };
    default:
      return line;
  }
}

function xAxis(want: Wanted, data: ChartData, scale: Scale, colours: Colours, isUpright: boolean): object {
  const isTime = data.x.type === "datetime" && data.isMeasured;
  return {
    type: isTime ? "time" : data.isMeasured ? (want.isLogX ? "log" : "value") : "category",
    name: label(want.xTitle),
    nameLocation: "middle",
    nameGap: 28,
    ...(isUpright ? { inverse: true } : {}),
    ...(data.isMeasured && !isTime ? { scale: true } : {}),
    ...(data.isMeasured ? {} : { data: [...scale.names] }),
    axisLine: { lineStyle: { color: colours.line } },
    axisLabel: { color: colours.quiet, ...(data.isMeasured ? { hideOverlap: true } : nameLabels(scale.names.length, isUpright)) },
    splitLine: { show: false },
  };
}

/** Names stand slanting where they are many, and each is shown as long as there is room. */
function nameLabels(count: number, isUpright: boolean): object {
  const every = count <= MANY_NAMES ? { interval: 0 } : {};
  if (isUpright) return { width: 240, overflow: "truncate", ...every };
  return { width: 130, overflow: "truncate", ...every, ...(count > 8 ? { rotate: 32 } : {}) };
}

function yAxis(want: Wanted, colours: Colours, name: string | null, index: number, isLying: boolean, isShare: boolean): object {
  return {
    type: want.isLogY ? "log" : "value",
    name: label(name ?? want.yTitle),
    nameTextStyle: { color: colours.quiet, align: index === 0 ? "left" : "right" },
    ...(index > 0 ? { position: "right", offset: (index - 1) * 56 } : {}),
    ...(isLying ? { nameLocation: "middle", nameGap: 28 } : {}),
    ...(want.least === null ? {} : { min: want.least }),
    ...(want.most === null ? (isShare ? { max: 100 } : {}) : { max: want.most }),
    axisLabel: { color: colours.quiet, ...(isShare ? { formatter: "{value} %" } : {}) },
    splitLine: { show: index === 0, lineStyle: { color: colours.line } },
  };
}
