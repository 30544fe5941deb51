import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([LineChart, ScatterChart, GridComponent, LegendComponent, SVGRenderer]);

type Point = readonly [x: number, y: number];
/** A line through points, or the points. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  readonly kind?: "line" | "points";
  readonly width?: number;
}
interface Axes {
  readonly x: string;
  readonly y: string;
  /** The axes do not begin at 0 but where the points do. */
  readonly tight?: boolean;
}

const colors = ["#1f5fa8", "#c8553d", "#5a9367", "#8e6bbf", "#d9a441", "#7a7a7a"];

/** Series on two axes, as SVG. */
export function chart(axes: Axes, series: readonly Series[]): string {
  const axis = (name: string, nameGap: number) => ({
    type: "value" as const,
    name,
    nameGap,
    nameLocation: "middle" as const,
    scale: axes.tight ?? false,
  });
  const drawn = series.map(({ name, points, kind = "line", width = 2 }) =>
    kind === "line"
      ? {
          name,
          type: "line" as const,
          data: points.map(([x, y]) => [x, y]),
          showSymbol: false,
          lineStyle: { width },
        }
      : { name, type: "scatter" as const, data: points.map(([x, y]) => [x, y]), symbolSize: 2 * width },
  );
  const canvas = init(null, null, { renderer: "svg", ssr: true, width: 720, height: 420 });
  canvas.setOption({
    animation: false,
    color: colors,
    grid: { left: 70, right: 20, top: 40, bottom: 50 },
    legend: { top: 5, itemGap: 26 },
    xAxis: axis(axes.x, 28),
    yAxis: axis(axes.y, 48),
    series: drawn,
  });
  const svg = canvas.renderToSVGString();
  canvas.dispose();
  return svg;
}

/** Points whose coordinates are in two lists. */
export const pointsOf = (xs: readonly number[], ys: readonly number[]): Point[] =>
  xs.map((x, i) => [x, ys[i]!]);

/** Steps that the smooth line is the mean of. */
const WINDOW = 10;

/** The losses of the steps, and their running mean. */
export function lossSeries(losses: readonly number[]): Series[] {
  const mean = (xs: readonly number[]) => xs.reduce((sum, x) => sum + x, 0) / xs.length;
  const smooth = losses.map((_, i) => mean(losses.slice(Math.max(0, i + 1 - WINDOW), i + 1)));
  const points = (ys: readonly number[]) => ys.map((y, i): Point => [i + 1, y]);
  return [
    { name: `mean of ${WINDOW} steps`, points: points(smooth) },
    { name: "loss", points: points(losses), width: 0.5 },
  ];
}

/** Writes a picture, and says where. */
export function writeChart(file: string, svg: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, svg);
  console.log(`see ${file}`);
}
