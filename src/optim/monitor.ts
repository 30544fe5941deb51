import { readOptions } from "../core/options.ts";
import type { Operand } from "../core/value.ts";
import { ema, type EmaOptions, type EmaState } from "./accumulation.ts";
import type { ExtraArgs, GradientTransformation } from "./transformation.ts";

/** A tree of arrays, made of updates. */
export type Measure = (updates: unknown) => unknown;

export interface SnapshotState {
  readonly measurement: Readonly<Record<string, unknown>>;
}

/**
 * Leaves the updates as they are, and keeps in its state what `measure` says of them, by a name; at first, what it says of the
 * parameters.
 *
 * @example
 * const optimizer = optim.chain(optim.snapshot("norm", optim.globalNorm), optim.adam(1e-3));
 * @see `optax.snapshot`
 */
export const snapshot = (measureName: string, measure: Measure): GradientTransformation<SnapshotState> => ({
  init: (params) => ({ measurement: { [measureName]: measure(params) } }),
  update: (updates) => [updates, { measurement: { [measureName]: measure(updates) } }],
});

/** A transformation that makes something else of updates. Its state goes on as that of any other. */
export interface StatefulMeasure<State = unknown> {
  init(params: unknown): State;
  update(
    updates: unknown,
    state: State,
    params?: unknown,
    extra?: ExtraArgs,
  ): [measured: unknown, state: State];
}
export interface MonitorState {
  readonly measurements: Readonly<Record<string, unknown>>;
  readonly measureStates: readonly unknown[];
}

/**
 * Leaves the updates as they are, and keeps in its state what each of the measures says of them; at first, what it would say of the
 * parameters.
 *
 * @example
 * const measures = { norm: optim.globalNorm, smooth: optim.measureWithEma(optim.globalNorm, 0.9) };
 * const optimizer = optim.chain(optim.monitor(measures), optim.adam(1e-3));
 * @see `optax.monitor`, whose first state has no measurements
 */
export function monitor(
  measures: Readonly<Record<string, Measure | StatefulMeasure>>,
): GradientTransformation<MonitorState> {
  const names = Object.keys(measures);
  const own = Object.values(measures).map((measure): StatefulMeasure =>
    typeof measure === "function"
      ? { init: () => ({}), update: (updates, state) => [measure(updates), state] }
      : measure,
  );
  const measured = (updates: unknown, states: readonly unknown[], params?: unknown, extra?: ExtraArgs) => {
    const results = own.map((measure, i) => measure.update(updates, states[i], params, extra));
    return {
      measurements: Object.fromEntries(names.map((name, i) => [name, results[i]![0]])),
      measureStates: results.map(([, state]) => state),
    };
  };
  return {
    init: (params) => {
      const measureStates = own.map((measure) => measure.init(params));
      return { ...measured(params, measureStates, params), measureStates };
    },
    update: (updates, state, params, extra) => [
      updates,
      measured(updates, state.measureStates, params, extra),
    ],
  };
}

/** The decaying mean of a measure of the updates, for {@link monitor}. @see `optax.measure_with_ema` */
export function measureWithEma(
  measure: Measure,
  decay: Operand,
  options: EmaOptions = {},
): StatefulMeasure<EmaState> {
  const names = ["debias", "accumulatorDtype"] as const;
  const mean = ema(decay, readOptions<EmaOptions>("optim.measureWithEma", names, [options]));
  return {
    init: (params) => mean.init(measure(params)),
    update: (updates, state) => mean.update(measure(updates), state),
  };
}
