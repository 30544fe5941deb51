import { map } from "../tree/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import {
  complement,
  countZero,
  type ExtraArgs,
  type GradientTransformation,
  mapUpdates,
} from "./transformation.ts";

/** Parameters in two copies: those that the fast optimiser moves, and those that follow. Both begin as the same. */
export interface LookaheadParams<Params = unknown> {
  readonly fast: Params;
  readonly slow: Params;
}
export interface LookaheadState<State = unknown> {
  readonly fastState: State;
  readonly stepsSinceSync: ArrayValue;
}
export interface LookaheadOptions {
  /** Begin the fast optimiser's state anew at each synchronisation. Default false. */
  readonly resetState?: boolean | undefined;
}
/** Takes gradients at the fast parameters; its updates are for both copies. */
export interface Lookahead<State> {
  init(params: LookaheadParams): LookaheadState<State>;
  update<Updates>(
    updates: Updates,
    state: LookaheadState<State>,
    params: LookaheadParams<Updates>,
    extra?: ExtraArgs,
  ): [updates: LookaheadParams<Updates>, state: LookaheadState<State>];
}

/**
 * Moves slow parameters, after every `syncPeriod` steps of fast ones, by the share `slowStepSize` of the way to them, and puts the
 * fast ones there.
 *
 * @throws ArgumentError when the period is less than 1, or there are no two copies of parameters.
 * @example
 * const optimizer = optim.lookahead(optim.sgd(0.1), 5, 0.5);
 * const both = { fast: params, slow: params };
 * const [updates, state] = optimizer.update(grad(loss)(both.fast), optimizer.init(both), both);
 * @see Zhang et al., "Lookahead optimizer: k steps forward, 1 step back" (2019); `optax.lookahead`
 */
export function lookahead<State>(
  fastOptimizer: GradientTransformation<State>,
  syncPeriod: number,
  slowStepSize: Operand,
  options: LookaheadOptions = {},
): Lookahead<State> {
  const caller = "optim.lookahead";
  const { resetState = false } = readOptions<LookaheadOptions>(caller, ["resetState"], [options]);
  if (!(syncPeriod >= 1))
    throw new ArgumentError(
      "optim/every",
      `${caller}: syncPeriod is at least 1, got ${describe(syncPeriod)}`,
    );
  const copies = (params: LookaheadParams): LookaheadParams => {
    if (typeof params === "object" && params !== null && "fast" in params && "slow" in params) return params;
    throw new ArgumentError(
      "optim/params",
      `${caller} takes two copies of the parameters: { fast: params, slow: params }`,
    );
  };
  return {
    init: (params) => ({ fastState: fastOptimizer.init(copies(params).fast), stepsSinceSync: countZero() }),
    update: (updates, state, params, extra) => {
      const { fast, slow } = copies(params);
      const [moved, next] = fastOptimizer.update(updates, state.fastState, fast, extra);
      const syncs = np.equal(state.stepsSinceSync, syncPeriod - 1);
      const apart = mapUpdates(
        (u, f, s) => np.subtract(np.add(f as Operand, u), s as Operand),
        moved,
        ["the fast parameters", fast],
        ["the slow parameters", slow],
      );
      const share = np.multiply(slowStepSize, syncs);
      const back = np.multiply(syncs, complement(slowStepSize));
      const reset = (fresh: State): State =>
        map(
          (last, first) => (last instanceof ArrayValue ? np.where(syncs, first as ArrayValue, last) : last),
          next,
          fresh,
        ) as State;
      return [
        {
          fast: mapUpdates((u, d) => np.subtract(u, np.multiply(back, d as ArrayValue)), moved, ["the updates", apart]), // prettier-ignore
          slow: mapUpdates((d) => np.multiply(share, d), apart),
        },
        {
          fastState: resetState ? reset(fastOptimizer.init(fast)) : next,
          stepsSinceSync: np.mod(np.add(state.stepsSinceSync, 1), syncPeriod),
        },
      ];
    },
  };
}
