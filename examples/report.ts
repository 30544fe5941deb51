import { LineChart } from "echarts/charts";
import { GridComponent, LegendComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([LineChart, GridComponent, LegendComponent, SVGRenderer]);

/** Steps that the smooth line is the mean of. */
const WINDOW = 10;

/** The losses of the steps, and their running mean, as SVG. */
export function lossCurve(losses: readonly number[]): string {
  const mean = (xs: readonly number[]) => xs.reduce((sum, x) => sum + x, 0) / xs.length;
  const smooth = losses.map((_, i) => mean(losses.slice(Math.max(0, i + 1 - WINDOW), i + 1)));
  const line = (name: string, data: readonly number[], width: number, color: string) => ({
    name,
    type: "line" as const,
    data: data.map((loss, i) => [i + 1, loss]),
    showSymbol: false,
    lineStyle: { width, color },
    itemStyle: { color },
  });
  const axis = { nameLocation: "middle" as const, nameGap: 28 };
  const chart = init(null, null, { renderer: "svg", ssr: true, width: 720, height: 360 });
  chart.setOption({
    animation: false,
    grid: { left: 60, right: 20, top: 40, bottom: 50 },
    legend: { top: 5 },
    xAxis: { ...axis, type: "value", name: "step", min: 1, max: losses.length },
    yAxis: { ...axis, type: "value", name: "loss", nameGap: 38 },
    series: [line("loss", losses, 1, "#9db7d5"), line(`mean of ${WINDOW} steps`, smooth, 2, "#1f5fa8")],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** What the model says of a text, before and after it was adapted. */
export interface Prediction {
  readonly text: string;
  readonly topic: string;
  readonly before: string;
  readonly after: string;
}
/** What a run came to; `--json` writes it. */
export interface Results {
  readonly accuracyBefore: number;
  readonly accuracyAfter: number;
  readonly trainable: number;
  readonly total: number;
  readonly msPerStep: number;
  readonly seconds: number;
  readonly backend: string;
  readonly threads: number;
  readonly peakBytes: number;
}
export interface Report {
  readonly results: Results;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly curve: string;
  readonly shown: readonly Prediction[];
  /** Texts that were tested. */
  readonly tests: number;
}

export const english = (x: number): string => x.toLocaleString("en-US");
/** A share of `n`, with its standard error. */
export const withError = (share: number, n: number): string =>
  `${(100 * share).toFixed(1)} % ± ${(100 * Math.sqrt((share * (1 - share)) / n)).toFixed(1)}`;

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)!};`);
const row = (cells: readonly string[], kind = "td"): string =>
  `<tr>${cells.map((cell) => `<${kind}>${cell}</${kind}>`).join("")}</tr>`;
const table = (head: readonly string[], rows: readonly (readonly unknown[])[]): string =>
  `<table>${row(head, "th")}${rows.map((cells) => row(cells.map((cell) => escaped(String(cell))))).join("")}</table>`;

/** The run as one page of HTML that needs nothing else. */
export function page({ results, settings, curve, shown, tests }: Report): string {
  const { accuracyBefore, accuracyAfter, trainable, total, msPerStep, seconds, peakBytes } = results;
  const rows = [
    ["parameters", `${english(trainable)} of ${english(total)} trained`],
    ["a step", `${msPerStep.toFixed(0)} ms`],
    ["the whole run", `${seconds.toFixed(1)} s`],
    ["memory", `at most ${(peakBytes / 2 ** 20).toFixed(0)} MiB`],
    ["computed by", `${results.backend}, threads: ${results.threads}`],
  ];
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>MiniLM, adapted by LoRA</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
  table { border-collapse: collapse; margin: 1rem 0; } th, td { text-align: left; padding: 0.2rem 1rem 0.2rem 0; border-bottom: 1px solid #ddd; }
  svg { max-width: 100%; height: auto; }
</style>
<h1>MiniLM, adapted by LoRA</h1>
<p>Of ${tests} definitions, ${withError(accuracyBefore, tests)} had the right topic before and ${withError(accuracyAfter, tests)} after.</p>
${curve}
${table(["", ""], rows)}
<h2>Some definitions</h2>
${table(
  ["definition", "topic", "before", "after"],
  shown.map(({ text, topic, before, after }) => [text, topic, before, after]),
)}
<h2>Settings</h2>
${table(["", ""], given)}
</html>
`;
}
