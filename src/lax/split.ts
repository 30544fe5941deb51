import { ShapeError } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type Op } from "../core/primitive.ts";
import { zerosOf } from "../core/rules.ts";
import { canonicalAxis, range, showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { type Axis, axisOf, checkIntegers, showList } from "./dimensions.ts";
import { concatenate, stack } from "./join.ts";
import { toArray } from "./operand.ts";

/**
 * The slices of `x` along one axis, which they lack.
 *
 * Shape: `[n, …s] → n times […s]`. Dtype: that of `x`.
 * @throws ShapeError when `axis` is out of bounds. @see `jax.lax.unstack`
 */
export const unstack: Op<
  (x: Operand, ...rest: Axis) => ArrayValue[],
  "unstack",
  [x: ArrayValue],
  { readonly axis: number }
> = definePrimitive("unstack", {
  call: (operand, ...rest) => {
    const x = toArray(operand, "unstack");
    return unstack.bind([x], { axis: canonicalAxis(axisOf("unstack", rest), x.ndim, "unstack") });
  },
  arity: 1,
  params: { axis: param.integer },
  abstract: ([x], { axis }) => {
    const place = canonicalAxis(axis, x.shape.length, "unstack");
    const part = { ...x, shape: x.shape.toSpliced(place, 1) };
    return range(x.shape[place]!).map(() => part);
  },
  jvp: "linear",
  transpose: (cts, _operands, { axis }, outs) => {
    if (cts.every((ct) => ct === null)) return [null];
    return stack.bind(
      cts.map((ct, i) => ct ?? zerosOf(outs[i]!)),
      { axis },
    );
  },
  batch: ([x], [dim], _size, { axis }) => {
    const [place, out] = axis < dim! ? [axis, dim! - 1] : [axis + 1, dim!];
    const parts = unstack.bind([x], { axis: place });
    return [parts, parts.map(() => out)];
  },
  samples: [
    { operands: [{ shape: [2, 3] }], params: { axis: 1 } },
    { operands: [{ shape: [3] }], params: { axis: 0 } },
  ],
});

/**
 * `x` cut along one axis into parts of the given sizes.
 *
 * Shape: `[a + b + …, …s] → [a, …s], [b, …s], …`. Dtype: that of `x`.
 * @throws ShapeError when the sizes do not add up to the axis. @see `jax.lax.split`
 */
export const split: Op<
  (x: Operand, sizes: readonly number[], ...rest: Axis) => ArrayValue[],
  "split",
  [x: ArrayValue],
  { readonly sizes: readonly number[]; readonly axis: number }
> = definePrimitive("split", {
  call: (operand, sizes, ...rest) => {
    const x = toArray(operand, "split");
    return split.bind([x], { sizes, axis: canonicalAxis(axisOf("split", rest), x.ndim, "split") });
  },
  arity: 1,
  params: { sizes: param.integers, axis: param.integer },
  abstract: ([x], { sizes, axis }) => {
    checkIntegers(sizes, "sizes", "split", 0);
    const place = canonicalAxis(axis, x.shape.length, "split");
    const sum = sizes.reduce((a, b) => a + b, 0);
    if (sum !== x.shape[place]) {
      throw new ShapeError(
        "lax/split",
        `split: sum of sizes ${sum} must be equal to dimension ${place} of the operand shape ${showShape(x.shape)}, got sizes ${showList(sizes)}`,
      );
    }
    return sizes.map((size) => ({ ...x, shape: x.shape.with(place, size) }));
  },
  jvp: "linear",
  transpose: (cts, _operands, { axis }, outs) => {
    if (cts.every((ct) => ct === null)) return [null];
    return [
      concatenate(
        cts.map((ct, i) => ct ?? zerosOf(outs[i]!)),
        axis,
      ),
    ];
  },
  batch: ([x], [dim], _size, { sizes, axis }) => {
    const parts = split.bind([x], { sizes, axis: axis >= dim! ? axis + 1 : axis });
    return [parts, parts.map(() => dim!)];
  },
  samples: [
    { operands: [{ shape: [2, 5] }], params: { sizes: [2, 0, 3], axis: 1 } },
    { operands: [{ shape: [3, 2] }], params: { sizes: [1, 2], axis: 0 } },
  ],
});
