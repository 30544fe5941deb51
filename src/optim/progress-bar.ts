import { host } from "#host";
import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import type { Progress } from "./fit.ts";

export interface ProgressBarOptions {
  /** What stands before the bar. Default `"training"`. */
  readonly title?: string | undefined;
  /** Is given the text of each step, such as for an element of a page, in place of what is the default. */
  readonly write?: ((text: string) => void) | undefined;
}
const names = ["title", "write"] as const;

/** Characters of the bar, and how many lines there are where there is no terminal. */
const [WIDTH, LINES] = [24, 10];
/** Returns to the begin of the line, and clears it behind what was written. */
const [BEGIN, CLEAR] = ["\r", "\u001b[K"];

const duration = (seconds: number): string =>
  seconds < 100 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} min`;

/**
 * For the `progress` of {@link fit}: a bar on the terminal with what was measured last, the time of a step and that which is left.
 * Where there is no terminal, some lines on `console.log`.
 *
 * @throws ArgumentError on unknown options, or ones of another type.
 * @example
 * await optim.fit(model, batchAt, { optimiser, loss, steps: 500, progress: optim.progressBar() });
 */
export function progressBar(options: ProgressBarOptions = {}): (at: Progress) => void {
  const { title = "training", write } = readOptions<ProgressBarOptions>("optim.progressBar", names, [
    options,
  ]);
  for (const [name, value, type] of [
    ["title", title, "string"],
    ["write", write ?? (() => {}), "function"],
  ] as const)
    if (typeof value !== type)
      throw new ArgumentError(
        "optim/progress",
        `optim.progressBar: ${name} is a ${type}, got ${describe(value)}`,
      );
  const { terminal } = host;
  return (at) => {
    if (write) return write(`${title} ${textOf(at)}`);
    if (terminal) return terminal(`${BEGIN}${title} ${textOf(at)}${CLEAR}${at.isLast ? "\n" : ""}`);
    if (at.isLast || at.step % Math.ceil(at.steps / LINES) === 0) console.log(`${title} ${textOf(at)}`);
  };
}

function textOf({ step, steps, latest, msPerStep }: Progress): string {
  const done = Math.round((WIDTH * step) / steps);
  const numbers = Object.entries(latest).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
  const left = `${duration((msPerStep * (steps - step)) / 1000)} left`;
  const bar = `${"█".repeat(done)}${"░".repeat(WIDTH - done)} ${step}/${steps}`;
  return [
    bar,
    ...numbers,
    `${msPerStep.toFixed(msPerStep < 10 ? 1 : 0)} ms/step`,
    ...(step < steps ? [left] : []),
  ].join("  ");
}
