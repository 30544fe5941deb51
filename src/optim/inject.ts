import { weakDType } from "../core/dtype.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { cast } from "../numpy/promotion.ts";
import { safeIncrement } from "./numerics.ts";
import { type Schedule, valueAt } from "./schedules.ts";
import { countZero, type ExtraArgs, type GradientTransformation } from "./transformation.ts";

/** A value that depends on a state of its own, and on what else `update` is given. @see `optax.StatefulSchedule` */
export interface StatefulSchedule<State = unknown> {
  init(): State;
  update(state: State, extra: ExtraArgs): State;
  value(state: State, extra: ExtraArgs): Operand;
}

export interface InjectHyperparamsState<Name extends string = string, State = unknown> {
  /** Steps taken. */
  readonly count: ArrayValue;
  /** Those of the last step, float32; put another value in the place of one that has no schedule, and the next step has it. */
  readonly hyperparams: Readonly<Record<Name, ArrayValue>>;
  /** States of schedules that have one. */
  readonly hyperparamsStates: Readonly<Record<string, unknown>>;
  readonly innerState: State;
}

/** A number, a schedule, or a schedule with a state. */
export type Hyperparam = Operand | Schedule | StatefulSchedule;
const isStateful = (given: Hyperparam): given is StatefulSchedule =>
  typeof given === "object" && "init" in given && "value" in given;

/**
 * A transformation whose settings are part of its state: there they can be read, and changed without a new program. A setting
 * may be a schedule, also where the transformation knows none, and such a schedule may have a state.
 *
 * @example
 * const optimiser = optim.injectHyperparams(({ rate, b1 }) => optim.adam(rate, { b1 }), { rate: 1e-3, b1: warmup });
 * let state = optimiser.init(params);
 * state = { ...state, hyperparams: { ...state.hyperparams, rate: np.array(5e-4) } };
 * @see `optax.inject_hyperparams`
 */
export function injectHyperparams<Name extends string, State>(
  innerFactory: (hyperparams: Readonly<Record<Name, ArrayValue>>) => GradientTransformation<State>,
  hyperparams: Readonly<Record<Name, Hyperparam>>,
): GradientTransformation<InjectHyperparamsState<Name, State>> {
  type Values = Readonly<Record<Name, ArrayValue>>;
  type States = Readonly<Record<string, unknown>>;
  const names = Object.keys(hyperparams) as Name[];
  const each = (f: (name: Name) => Operand, weak: boolean): Values => {
    const float = (x: Operand) => cast(x, weakDType("float"), weak, "optim.injectHyperparams");
    return Object.fromEntries(names.map((name) => [name, float(f(name))])) as Values;
  };
  // Weak, as a number in their place would be, so that updates keep their dtype.
  const inner = (values: Values) => innerFactory(each((name) => values[name], true));
  const statesOf = (f: (schedule: StatefulSchedule, name: Name) => unknown): States =>
    Object.fromEntries(
      names.flatMap((name) => {
        const given = hyperparams[name];
        return isStateful(given) ? [[name, f(given, name)]] : [];
      }),
    );
  const valueOf = (name: Name, count: ArrayValue, states: States, extra: ExtraArgs): Operand => {
    const given = hyperparams[name];
    return isStateful(given) ? given.value(states[name], extra) : valueAt(given, count);
  };
  return {
    init: (params) => {
      const count = countZero();
      const states = statesOf((schedule) => schedule.init());
      const values = each((name) => valueOf(name, count, states, {}), false);
      const innerState = inner(values).init(params);
      return { count, hyperparams: values, hyperparamsStates: states, innerState };
    },
    update: (updates, state, params, extra = {}) => {
      const { count, hyperparamsStates: states, innerState } = state;
      const now = (name: Name): Operand => {
        const given = hyperparams[name];
        const isScheduled = typeof given === "function" || isStateful(given);
        return isScheduled ? valueOf(name, count, states, extra) : state.hyperparams[name];
      };
      const values = each(now, false);
      const [moved, next] = inner(values).update(updates, innerState, params, extra);
      return [
        moved,
        {
          count: safeIncrement(count),
          hyperparams: values,
          hyperparamsStates: statesOf((schedule, name) => schedule.update(states[name], extra)),
          innerState: next,
        },
      ];
    },
  };
}

/** Another name of {@link injectHyperparams}. */
export const injectStatefulHyperparams = injectHyperparams;
