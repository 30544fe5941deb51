import * as z from "zod/mini";
import { flattenWithPath } from "../tree/index.ts";
import { ArgumentError, FileError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Operand } from "../core/value.ts";
import { loadSafetensors, openSafetensors, saveSafetensors, tensorName } from "../files/index.ts";
import { fileExists } from "../files/source.ts";
import { cast } from "../numpy/promotion.ts";

/** Numbers by name: losses, accuracies. An array has no axes. */
export type Measured = Readonly<Record<string, Operand>>;
/** Numbers by name, each with the number of steps taken before it. */
export type Metrics = Readonly<Record<string, readonly (readonly [step: number, value: number])[]>>;

export interface RunOptions<State> {
  /** Save after every so many steps. Default 100. */
  readonly saveEvery?: number | undefined;
  /** What is measured now and then; where it returns a pair, the state to go on with is the second of it. */
  readonly evaluate?: ((state: State, step: number) => Measured | readonly [Measured, State]) | undefined;
  /** After how many steps. Default: as often as is saved. */
  readonly evaluateEvery?: number | undefined;
}

/**
 * A training run that survives the end of its process. What it needs to go on is a tree of arrays, its state: parameters, state of
 * the optimiser, a key. That, the number of steps and all that was measured are in one file, and are replaced there at once.
 *
 * Where the file exists the run goes on from it, to the bit as if it had never ended, if each step is a function of the state and
 * the number of steps: see {@link batches}.
 * @example
 * const run = new optim.Run("run.safetensors", { params, moments: optimiser.init(params) }, { saveEvery: 50 });
 * while (run.step < 300) {
 *   const [next, loss] = step(run.state, batchAt(run.step));
 *   run.advance(next, { loss });
 * }
 * run.save();
 */
export class Run<State> {
  private current: State;
  private steps = 0;
  private measured: Record<string, (readonly [number, number])[]> = {};
  private readonly saveEvery: number;
  private readonly evaluateEvery: number;
  private readonly evaluate: RunOptions<State>["evaluate"];

  /**
   * `state` is what the run starts with, or what the state of the file is like. A new run is saved at once, so that a path which
   * cannot be written is known before there is something to lose. Without a file, nothing is saved.
   *
   * @throws FileError when the file is no run, or one with another state, or cannot be written; ArgumentError when a leaf is no array.
   */
  constructor(
    readonly file: string | null,
    state: State,
    options: RunOptions<State> = {},
  ) {
    const names = ["saveEvery", "evaluate", "evaluateEvery"] as const;
    const given = readOptions<RunOptions<State>>("optim.Run", names, [options]);
    this.saveEvery = checkCount(given.saveEvery ?? 100, "optim.Run", "saveEvery");
    this.evaluateEvery = checkCount(given.evaluateEvery ?? this.saveEvery, "optim.Run", "evaluateEvery");
    this.evaluate = given.evaluate;
    this.current = state;
    if (file !== null && fileExists(file, "optim.Run")) this.resume(file);
    else this.save();
  }

  /** Steps taken. */
  get step(): number {
    return this.steps;
  }
  get state(): State {
    return this.current;
  }
  get metrics(): Metrics {
    return this.measured;
  }

  /**
   * Says that a step was taken, and what was measured in it. Evaluates, and saves, if it is time to.
   *
   * @throws ArgumentError when what was measured is no number; FileError when the file cannot be written.
   */
  advance(state: State, measured: Measured = {}): void {
    this.record(measured);
    this.current = state;
    this.steps++;
    if (this.evaluate && this.steps % this.evaluateEvery === 0) {
      const found = this.evaluate(state, this.steps);
      const [numbers, next] = Array.isArray(found)
        ? (found as [Measured, State])
        : [found as Measured, state];
      this.record(numbers);
      this.current = next;
    }
    if (this.steps % this.saveEvery === 0) this.save();
  }

  /** Saves now. Whatever happens meanwhile, the file is the old one or the new one. @throws FileError it cannot be written. */
  save(): void {
    if (this.file === null) return;
    const tree = { state: this.current };
    const weak = flattenWithPath(tree)[0].flatMap(([path, leaf]) =>
      leaf instanceof ArrayValue && leaf.aval.weak ? [tensorName(path)] : [],
    );
    const metrics = Object.entries(this.measured).map(([name, points]) => [
      name,
      points.map(([step, value]) => [step, toText(value)]),
    ]);
    const record: z.input<typeof saved> = { step: this.steps, metrics: Object.fromEntries(metrics), weak };
    saveSafetensors(this.file, tree, { metadata: { run: JSON.stringify(record) } });
  }

  private record(measured: Measured): void {
    for (const [name, given] of Object.entries(measured)) {
      const value = given instanceof ArrayValue && given.ndim === 0 ? given.item() : given;
      if (typeof value !== "number")
        throw new ArgumentError("optim/metric", `optim.Run: ${name} is no number, got ${describe(given)}`);
      (this.measured[name] ??= []).push([this.steps, value]);
    }
  }

  private resume(file: string): void {
    const { step, metrics, weak } = recordOf(file);
    const names = new Set(weak);
    const [leaves, treedef] = flattenWithPath(loadSafetensors(file, { state: this.current }));
    const whole = leaves.map(([path, leaf]) => {
      const array = leaf as ArrayValue;
      return names.has(tensorName(path)) ? cast(array, array.dtype, true, "optim.Run") : array;
    });
    this.current = treedef.unflatten<{ state: State }>(whole).state;
    this.steps = step;
    this.measured = metrics;
  }
}

/** As JSON has no others than finite numbers, and no −0, these are strings. */
const toText = (x: number): number | string => (Object.is(x, -0) ? "-0" : Number.isFinite(x) ? x : String(x));
const count = z.int().check(z.nonnegative());
const number = z.union([
  z.number(),
  z.pipe(z.enum(["NaN", "Infinity", "-Infinity", "-0"]), z.transform(Number)),
]);
const saved = z.object({
  step: count,
  metrics: z.record(z.string(), z.array(z.tuple([count, number]))),
  /** Names of arrays of the state that are weakly typed, which the format cannot say. */
  weak: z.array(z.string()),
});

function recordOf(path: string): z.output<typeof saved> {
  const file = openSafetensors(path);
  const { run } = file.metadata;
  file.close();
  let record: unknown = null;
  try {
    record = JSON.parse(run ?? "null");
  } catch {
    // It is no run, as is said below.
  }
  const read = saved.safeParse(record);
  if (read.success) return read.data;
  throw new FileError(
    "files/run",
    `optim.Run: ${JSON.stringify(path)} is no run that was saved: its metadata has no steps and metrics`,
  );
}

/** @throws ArgumentError when an option that counts is no positive integer. */
export function checkCount(value: unknown, caller: string, name: string): number {
  if (Number.isInteger(value) && (value as number) > 0) return value as number;
  throw new ArgumentError("optim/every", `${caller}: ${name} is a positive integer, got ${describe(value)}`);
}
