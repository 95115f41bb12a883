/** The chart library, with the parts that are needed. Loaded when a chart is. */
import { BarChart, LineChart, PieChart, ScatterChart } from "echarts/charts";
import { DataZoomInsideComponent, GridComponent, LegendScrollComponent, TitleComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([
  ...[BarChart, LineChart, PieChart, ScatterChart],
  ...[DataZoomInsideComponent, GridComponent, LegendScrollComponent, TitleComponent, TooltipComponent],
  CanvasRenderer,
]);

export { init };
