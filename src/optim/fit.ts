import { jit } from "../control/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { valueAndGrad } from "../interpreters/vjp.ts";
import * as random from "../random/index.ts";
import { checkStop, type EarlyStop, Patience } from "./early-stop.ts";
import { applyUpdates } from "./transforms.ts";
import { checkCount, type Measured, type Metrics, Run } from "./run.ts";
import type { GradientTransformation } from "./transformation.ts";

/** What a loss is given besides parameters and batch. */
export interface LossContext<Fixed, State> {
  /** Another one for each step, made of the key of the options. */
  readonly key: ArrayValue;
  readonly fixed: Fixed;
  readonly state: State;
}
/** What a loss tells besides its value. */
export interface LossExtras<State> {
  /** The next state of layers that have one. Default: as it was. */
  readonly state?: State | undefined;
  /** Further numbers to be recorded. */
  readonly measured?: Measured | undefined;
  /** Of how many examples, or tokens, the loss is a mean, where `optim.multiSteps` adds up unequal ones. */
  readonly weight?: Operand | undefined;
}
export type Loss<Params, Batch, Fixed, State> = (
  params: Params,
  batch: Batch,
  context: LossContext<Fixed, State>,
) => ArrayValue | readonly [loss: ArrayValue, extras: LossExtras<State>];

/** How far a training is. */
export interface Progress {
  /** Steps taken, of how many. */
  readonly step: number;
  readonly steps: number;
  /** Steps that were taken before, and read from the file. */
  readonly resumedAt: number;
  readonly metrics: Metrics;
  /** The last number of each name. */
  readonly latest: Readonly<Record<string, number>>;
  /** Seconds since the first step after that, and milliseconds per step since then. */
  readonly seconds: number;
  readonly msPerStep: number;
  /** Whether no step comes after this one. */
  readonly isLast: boolean;
}

export interface FitOptions<Params, Batch, Fixed = undefined, State = undefined> {
  readonly optimiser: GradientTransformation;
  readonly loss: Loss<Params, Batch, Fixed, State>;
  readonly steps: number;
  /** For what is random in the loss, such as dropout. Default: `random.key(0)`. */
  readonly key?: ArrayValue | undefined;
  /** What the loss needs and is not trained: an argument of the compiled step, and no constant of it. */
  readonly fixed?: Fixed | undefined;
  /** What layers remember from step to step, at first. */
  readonly state?: State | undefined;
  /** What is measured now and then, and recorded under these names. */
  readonly evaluate?: ((params: Params, state: State) => Measured) | undefined;
  /** After how many steps. Default: after the last. */
  readonly evaluateEvery?: number | undefined;
  readonly earlyStop?: EarlyStop | undefined;
  /** Where the run is saved, to go on from there if it is ended: see {@link Run}. */
  readonly file?: string | undefined;
  /** Save after so many steps. Default 100. */
  readonly saveEvery?: number | undefined;
  /** How many batches are asked for ahead of the step that needs them. Default 1. */
  readonly prefetch?: number | undefined;
  /** Told of each step; where it returns a promise, the next step waits for that. */
  readonly progress?: ((at: Progress) => void | PromiseLike<void>) | undefined;
}
const names = [
  "optimiser",
  "loss",
  "steps",
  "key",
  "fixed",
  "state",
  "evaluate",
  "evaluateEvery",
  "earlyStop",
  "file",
  "saveEvery",
  "prefetch",
  "progress",
] as const;

/** What a training came to. */
export interface Fitted<Params, State> {
  /** Those of the last step; with `earlyStop.restore`, those of the best evaluation. */
  readonly params: Params;
  readonly state: State;
  /** Steps taken: fewer than asked for where it stopped early. */
  readonly steps: number;
  /** Steps that were taken before, and read from the file. */
  readonly resumedAt: number;
  readonly metrics: Metrics;
}

/** What a step leaves to the next one. */
export interface TrainState<Params, State = undefined> {
  readonly params: Params;
  /** Of the optimiser. */
  readonly moments: unknown;
  /** Of layers that have one. */
  readonly state: State;
}
/** What is saved. */
interface Standing<Params, State> extends TrainState<Params, State> {
  readonly best: { readonly params: Params; readonly state: State } | null;
}

/**
 * One step of a training, compiled as a whole: what it leaves, and what was measured in it, with the name `loss` for the loss.
 * {@link fit} takes such steps.
 *
 * @throws what the loss and the optimiser throw.
 * @example
 * const step = optim.trainStep(loss, optimiser);
 * const start = { params, moments: optimiser.init(params), state: undefined };
 * const [next, { loss: value }] = step(start, batch, { key: random.key(0), fixed: undefined });
 */
export function trainStep<Params, Batch, Fixed = undefined, State = undefined>(
  loss: Loss<Params, Batch, Fixed, State>,
  optimiser: GradientTransformation,
): (
  at: TrainState<Params, State>,
  batch: Batch,
  context: Omit<LossContext<Fixed, State>, "state">,
) => readonly [next: TrainState<Params, State>, measured: Readonly<Record<string, Operand>>] {
  return jit(({ params, moments, state }, batch, { key, fixed }) => {
    const own = (params: Params): readonly [ArrayValue, LossExtras<State>] => {
      const out = loss(params, batch, { key, fixed, state });
      return Array.isArray(out) ? (out as readonly [ArrayValue, LossExtras<State>]) : [out as ArrayValue, {}];
    };
    const [[value, extras], gradient] = valueAndGrad(own, { hasAux: true })(params);
    const { state: after = state, measured = {}, weight } = extras;
    const valueFn = (at: Params): ArrayValue => own(at)[0];
    const extra = { weight, value, grad: gradient, valueFn };
    const [updates, next] = optimiser.update(gradient, moments, params, extra);
    return [
      { params: applyUpdates(params, updates), moments: next, state: after },
      { loss: value, ...measured },
    ];
  });
}

/**
 * Trains `params` by the gradient of `loss` for a number of steps. `batchAt` says the batch of a step, or a promise of it; a run that
 * is resumed asks for its later ones only. Each step is compiled as a whole, and depends on what the last
 * one left, its number, its batch and its key alone: with a `file`, a training that was ended goes on, to the bit as if it had not
 * been. The losses are in `metrics.loss`.
 *
 * @throws ArgumentError on counts that are not positive integers, or an early stop that is told of nothing; FileError as {@link Run}.
 * @example
 * const { params, metrics } = await optim.fit(model, optim.dataBatches({ x, y }, 32, random.key(1)), {
 *   optimiser: optim.adam(1e-3),
 *   loss: (model, { x, y }) => np.mean(np.square(np.subtract(vmap(model)(x), y))),
 *   steps: 500,
 * });
 */
export async function fit<Params, Batch, Fixed = undefined, State = undefined>(
  params: Params,
  batchAt: (step: number) => Batch | PromiseLike<Batch>,
  options: FitOptions<Params, Batch, Fixed, State>,
): Promise<Fitted<Params, State>> {
  const given = readOptions<FitOptions<Params, Batch, Fixed, State>>("optim.fit", names, [options]);
  const { evaluate, earlyStop, progress, file = null } = given;
  const steps = checkCount(given.steps, "optim.fit", "steps");
  const evaluateEvery = checkCount(given.evaluateEvery ?? steps, "optim.fit", "evaluateEvery");
  if (earlyStop) checkStop(earlyStop, evaluate !== undefined);
  const patience = earlyStop && new Patience(earlyStop);
  // Options that are absent are undefined, as their types then say.
  const [key, fixed, state] = [given.key ?? random.key(0), given.fixed as Fixed, given.state as State];
  const step = trainStep(given.loss!, given.optimiser!);

  const ofSteps = new Set<string>();
  /** What was measured, and the state to go on with: it keeps what is the best so far. */
  const evaluated = (at: Standing<Params, State>, measured: Measured, metrics: Metrics) => {
    const twice = Object.keys(measured).find((name) => ofSteps.has(name));
    if (twice !== undefined) {
      throw new ArgumentError(
        "optim/metric",
        `optim.fit: ${twice} is measured in each step: what evaluate measures needs another name`,
      );
    }
    const isBest = patience?.wouldBeBest(metrics, measured) && at.best !== null;
    const next = isBest ? { ...at, best: { params: at.params, state: at.state } } : at;
    return [measured, next] as const;
  };
  const whole = { params, state };
  const start = { ...whole, moments: given.optimiser!.init(params), best: earlyStop?.restore ? whole : null };
  const run: Run<Standing<Params, State>> = new Run(file, start, {
    saveEvery: given.saveEvery,
    evaluateEvery,
    evaluate: evaluate && ((at) => evaluated(at, evaluate(at.params, at.state), run.metrics)),
  });
  const batches = ahead(batchAt, given.prefetch ?? 1);
  const [resumedAt, started] = [run.step, performance.now()];
  const isOver = (): boolean => run.step % evaluateEvery === 0 && patience?.isOver(run.metrics) === true;
  while (run.step < steps && !isOver()) {
    const batch = await batches(run.step, steps);
    const { params, state, moments, best } = run.state;
    const own = random.foldIn(key, run.step);
    const [next, measured] = step({ params, moments, state }, batch, { key: own, fixed });
    for (const name of Object.keys(measured)) ofSteps.add(name);
    run.advance({ ...next, best }, measured);
    if (progress) {
      const seconds = (performance.now() - started) / 1000;
      const msPerStep = (1000 * seconds) / (run.step - resumedAt);
      const { metrics } = run;
      const isLast = run.step === steps || isOver();
      await progress({
        step: run.step,
        steps,
        resumedAt,
        metrics,
        latest: latest(metrics),
        seconds,
        msPerStep,
        isLast,
      });
    }
  }
  run.save();
  const last = run.state.best ?? run.state;
  const { params: trained, state: after } = last;
  return { params: trained, state: after, steps: run.step, resumedAt, metrics: run.metrics };
}

/** Batches of steps that follow one another, some of which are asked for before they are needed. */
function ahead<Batch>(batchAt: (step: number) => Batch | PromiseLike<Batch>, prefetch: number) {
  if (!Number.isInteger(prefetch) || prefetch < 0) {
    throw new ArgumentError(
      "optim/prefetch",
      `optim.fit: prefetch is an integer and not negative, got ${describe(prefetch)}`,
    );
  }
  const asked = new Map<number, Batch | PromiseLike<Batch>>();
  return (step: number, end: number): Batch | PromiseLike<Batch> => {
    for (let s = step; s <= Math.min(step + prefetch, end - 1); s++) {
      if (asked.has(s)) continue;
      const batch = batchAt(s);
      // One that fails is heard of when it is needed, which it may never be.
      void Promise.resolve(batch).catch(() => {});
      asked.set(s, batch);
    }
    const batch = asked.get(step)!;
    asked.delete(step);
    return batch;
  };
}

const latest = (metrics: Metrics): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(metrics).map(([name, points]) => [name, points.at(-1)![1]]));
