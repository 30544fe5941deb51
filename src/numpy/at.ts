import { isInteger } from "../core/dtype.ts";
import type { GetOptions, Index, IndexedPart, UpdateOptions } from "../core/method-types.ts";
import { readOptions } from "../core/options.ts";
import { isWeakInt, scalarOf } from "../core/scalar.ts";
import { range, sameShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { divide, maximum, minimum, multiply, add, subtract } from "./elementwise.ts";
import { power } from "./division.ts";
import { isEmpty, toGather } from "./gather-index.ts";
import { parseIndices } from "./index-parser.ts";
import { index } from "./indexing.ts";
import { cast, promoteDTypes, toArray } from "./promotion.ts";
import { broadcastArray, choose } from "./where.ts";

/** How any scatter is called. */
export type Scatter = (...args: Parameters<typeof lax.scatter>) => ArrayValue;
const updateNames = ["mode", "indicesAreSorted", "uniqueIndices", "wrapNegativeIndices"] as const;
const getNames = ["mode", "fillValue", "indicesAreSorted", "uniqueIndices", "wrapNegativeIndices"] as const;

class Part implements IndexedPart {
  constructor(
    private readonly x: ArrayValue,
    private readonly indices: readonly Index[],
  ) {}

  get(options?: GetOptions): ArrayValue {
    return index(
      this.x,
      this.indices,
      readOptions<GetOptions>("at(…).get", getNames, options ? [options] : []),
      "at(…).get",
    );
  }
  set(values: Operand, options?: UpdateOptions): ArrayValue {
    return this.update("set", lax.scatter, (_old, value) => value, values, options);
  }
  add(values: Operand, options?: UpdateOptions): ArrayValue {
    return this.update("add", lax.scatterAdd, add, values, options);
  }
  subtract(values: Operand, options?: UpdateOptions): ArrayValue {
    return this.update("subtract", lax.scatterSub, subtract, values, options);
  }
  multiply(values: Operand, options?: UpdateOptions): ArrayValue {
    return this.update("multiply", lax.scatterMul, multiply, values, options);
  }
  mul(values: Operand, options?: UpdateOptions): ArrayValue {
    return this.multiply(values, options);
  }
  min(values: Operand, options?: UpdateOptions): ArrayValue {
    return this.update("min", lax.scatterMin, minimum, values, options);
  }
  max(values: Operand, options?: UpdateOptions): ArrayValue {
    return this.update("max", lax.scatterMax, maximum, values, options);
  }
  divide(values: Operand, options?: UpdateOptions): ArrayValue {
    return divide(this.x, this.ofOnes("divide", values, options));
  }
  power(values: Operand, options?: UpdateOptions): ArrayValue {
    return power(this.x, this.ofOnes("power", values, options));
  }

  /** 1 everywhere but in the part, which is multiplied by `values`. */
  private ofOnes(name: string, values: Operand, options: UpdateOptions | undefined): ArrayValue {
    const ones = new Part(lax.fullLike(this.x, 1), this.indices);
    return ones.update(name, lax.scatterMul, multiply, values, options);
  }

  private update(
    name: string,
    scatter: Scatter,
    combine: (old: ArrayValue, value: ArrayValue) => ArrayValue,
    values: Operand,
    options: UpdateOptions | undefined,
  ): ArrayValue {
    const caller = `at(…).${name}`;
    const given = readOptions<UpdateOptions>(caller, updateNames, options ? [options] : []);
    return scatterUpdate(this.x, this.indices, values, scatter, given, caller, combine);
  }
}

/** `x` updated at indices by a scatter; a mask with a scalar value by a select, which needs no concrete mask. */
export function scatterUpdate(
  x: ArrayValue,
  indices: readonly Index[],
  values: Operand,
  scatter: Scatter,
  options: UpdateOptions,
  caller: string,
  combine?: (old: ArrayValue, value: ArrayValue) => ArrayValue,
): ArrayValue {
  const { dtype, weak } = x.aval;
  const {
    mode = null,
    indicesAreSorted = false,
    uniqueIndices = false,
    wrapNegativeIndices = true,
  } = options;
  const fits = typeof values === "number" && isWeakInt(values) && isInteger(dtype);
  const value = fits ? scalarOf(values, dtype) : toArray(values, caller);
  const parsed = parseIndices(indices, x.shape, caller);
  const [first] = parsed;
  if (combine && parsed.length === 1 && first?.kind === "mask" && value.ndim === 0) {
    const { value: mask } = first;
    if (mask.ndim > 0 && sameShape(mask.shape, x.shape.slice(0, mask.ndim))) {
      const whole = lax.expandDims(mask, range(x.ndim - mask.ndim, mask.ndim));
      return cast(choose(whole, combine(x, value), x, caller), dtype, weak, caller);
    }
  }
  const places = toGather(parsed, x.shape, wrapNegativeIndices, caller);
  if (isEmpty(places)) return x;
  const [operand, promoted] = promoteDTypes(caller, x, value);
  const whole = broadcastArray(promoted, places.shape, caller);
  const window = lax.squeeze(whole, places.newAxes);
  const updates = places.reversed.length === 0 ? window : lax.rev(window, places.reversed);
  const { offsetDims, collapsedSliceDims, startIndexMap } = places.dimensionNumbers;
  const out = scatter(
    lax.expandDims(operand, places.flagAxes),
    places.indices,
    updates,
    {
      updateWindowDims: offsetDims,
      insertedWindowDims: collapsedSliceDims,
      scatterDimsToOperandDims: startIndexMap,
    },
    {
      indicesAreSorted: indicesAreSorted || places.distinct,
      uniqueIndices: uniqueIndices || places.distinct,
      mode,
    },
  );
  return cast(lax.squeeze(out, places.flagAxes), dtype, weak, caller);
}

/** The part of `x` that indices name, for updates and reads with options: `x.at(…)`. */
export const at = (x: Operand, ...indices: readonly Index[]): IndexedPart =>
  new Part(toArray(x, "np.at"), indices);
