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
