import { type Optionals, readOptions } from "../core/options.ts";
import { checkShape, range, type Shape } from "../core/shape.ts";
import { type ArrayValue, avalOf, type Operand } from "../core/value.ts";
import { vmap } from "../interpreters/vmap.ts";
import { zeros } from "../lax/algebra.ts";
import type { GatherScatterModeLike } from "../lax/dimension-numbers.ts";
import * as lax from "../lax/index.ts";
import { toArray } from "../lax/operand.ts";
import type { ScatterDimensionNumbersLike } from "../lax/scatter-dimensions.ts";
import { checkFunction } from "./operands.ts";
import { whileLoop } from "./while.ts";

export interface ScatterApplyOptions {
  /** Shape that updates would have. Default: that of a scalar. */
  readonly updateShape?: Shape;
  /** A promise that the index vectors ascend. */
  readonly indicesAreSorted?: boolean;
  /** A promise that no place is named twice. */
  readonly uniqueIndices?: boolean;
  /** Default `fill`: windows that do not lie inside are left out. */
  readonly mode?: GatherScatterModeLike;
}

/**
 * `operand` with `func`, a function of scalars, applied where a scatter would write; as often as it would.
 *
 * Shape and dtype: those of the operand. Forward mode only, but where `uniqueIndices` is promised.
 * @throws ShapeError when axes or sizes do not fit; ArgumentError when `func` is no function.
 * @example
 * lax.scatterApply(x, np.array([[1], [1]]), lax.neg, numbers, { updateShape: [2] }); // x[1] is negated twice
 * @see `jax.lax.scatter_apply`
 */
export function scatterApply(
  operand: Operand,
  scatterIndices: Operand,
  func: (element: ArrayValue) => ArrayValue,
  dimensionNumbers: ScatterDimensionNumbersLike,
  ...rest: Optionals<[], ScatterApplyOptions>
): ArrayValue {
  const names = ["updateShape", "indicesAreSorted", "uniqueIndices", "mode"] as const;
  const { updateShape = [], ...options } = readOptions<ScatterApplyOptions>("scatterApply", names, rest);
  const x = toArray(operand, "scatterApply");
  checkFunction(func, "scatterApply", "func");
  const one = lax.full(checkShape(updateShape, "scatterApply"), 1, "int32");
  const none = zeros(avalOf(x.shape, "int32"));
  const times = lax.scatterAdd(none, scatterIndices, one, dimensionNumbers, options);
  const next = (value: ArrayValue, step: Operand): ArrayValue => {
    const applied = lax.reshape(vmap(func)(lax.reshape(value, [value.size])) as ArrayValue, value.shape);
    return lax.select(lax.gt(times, step), lax.convertElementType(applied, value.dtype), value);
  };
  if (options.uniqueIndices) return next(x, 0);
  const most = lax.reduceMax(times, range(x.ndim));
  const [, out] = whileLoop(
    ([step]) => lax.lt(step, most),
    ([step, value]) => [lax.add(step, 1), next(value, step)] as const,
    [lax.full([], 0, "int32"), x] as const,
  );
  return out;
}
