import { weakDType } from "../core/dtype.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { cast } from "../numpy/promotion.ts";
import { type Schedule, valueAt } from "./schedules.ts";
import { countZero, type GradientTransformation, increment } from "./transformation.ts";

export interface InjectHyperparamsState<Name extends string = string, State = unknown> {
  /** Steps taken. */
  readonly count: ArrayValue;
  /** Those of the last step, float32; put another value in the place of one that has no schedule, and the next step has it. */
  readonly hyperparams: Readonly<Record<Name, ArrayValue>>;
  readonly innerState: State;
}

/**
 * A transformation whose settings are part of its state: there they can be read, and changed without a new program. A setting
 * may be a schedule, also where the transformation knows none.
 *
 * @example
 * const optimiser = optim.injectHyperparams(({ rate, b1 }) => optim.adam(rate, { b1 }), { rate: 1e-3, b1: warmup });
 * let state = optimiser.init(params);
 * state = { ...state, hyperparams: { ...state.hyperparams, rate: np.array(5e-4) } };
 * @see `optax.inject_hyperparams`
 */
export function injectHyperparams<Name extends string, State>(
  innerFactory: (hyperparams: Readonly<Record<Name, ArrayValue>>) => GradientTransformation<State>,
  hyperparams: Readonly<Record<Name, Operand | Schedule>>,
): GradientTransformation<InjectHyperparamsState<Name, State>> {
  type Values = Readonly<Record<Name, ArrayValue>>;
  const names = Object.keys(hyperparams) as Name[];
  const each = (f: (name: Name) => Operand, weak: boolean): Values => {
    const float = (x: Operand) => cast(x, weakDType("float"), weak, "optim.injectHyperparams");
    return Object.fromEntries(names.map((name) => [name, float(f(name))])) as Values;
  };
  // Weak, as a number in their place would be, so that updates keep their dtype.
  const inner = (values: Values) => innerFactory(each((name) => values[name], true));
  return {
    init: (params) => {
      const count = countZero();
      const values = each((name) => valueAt(hyperparams[name], count), false);
      return { count, hyperparams: values, innerState: inner(values).init(params) };
    },
    update: (updates, state, params, extra) => {
      const { count, innerState } = state;
      const now = (name: Name): Operand => {
        const given = hyperparams[name];
        return typeof given === "function" ? given(count) : state.hyperparams[name];
      };
      const values = each(now, false);
      const [moved, next] = inner(values).update(updates, innerState, params, extra);
      return [moved, { count: increment(count), hyperparams: values, innerState: next }];
    },
  };
}
