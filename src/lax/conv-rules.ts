import { sizeOf } from "../core/shape.ts";
import type { ArrayValue, Aval } from "../core/value.ts";
import { zeros } from "./algebra.ts";
import { convertElementType } from "./cast.ts";
import { dilated, type Padding, spaceOf } from "./conv-dimensions.ts";
import { convGeneralDilated, type ConvGeneralDilatedParams } from "./convolution.ts";
import { inserted } from "./dimensions.ts";
import { reshape, rev } from "./shape.ts";

// Without space, a convolution is a product, of batch and input features with input features and the result's. With groups g:
//   forward [n, gc] [c, go] → [n, go]     input [n, go] [o, gc] → [n, gc]     kernel [gc, n] [n, go] → [c, go]
// The last one has its groups in the batch. With groups in the batch it is
//   forward [gn, c] [c, go] → [n, go]     input [n, go] [go, c] → [gn, c]     kernel [c, gn] [n, go] → [c, go]

type Params = ConvGeneralDilatedParams;

/** Axis `axis` as two, of which the first has `size` elements. */
const split = (x: ArrayValue, axis: number, size: number): ArrayValue =>
  reshape(x, [...x.shape.slice(0, axis), size, x.shape[axis]! / size, ...x.shape.slice(axis + 1)]);

/** Axis `from` becomes the slower part of what is axis `to` without it. */
function merged(x: ArrayValue, from: number, to: number): ArrayValue {
  const others = x.shape.map((_, axis) => axis).filter((axis) => axis !== from);
  const sizes = others.map((axis, i) => x.shape[axis]! * (i === to ? x.shape[from]! : 1));
  return reshape(x, sizes, inserted(others, to, from));
}

const convert = (x: ArrayValue, { dtype, weak }: Aval): ArrayValue =>
  x.dtype === dtype ? x : convertElementType.bind([x], { newDtype: dtype, weakType: weak })[0]!;

const swapped = ([first, second, ...space]: readonly number[]): number[] => [second!, first!, ...space];

/** Sizes of the dilated input, kernel and result along each spatial axis. */
function extents(lhs: Aval, rhs: Aval, ct: ArrayValue, params: Params) {
  const { lhsSpec, rhsSpec, outSpec } = params.dimensionNumbers;
  const along = (
    { shape }: { readonly shape: readonly number[] },
    spec: readonly number[],
    by: readonly number[],
  ) => spaceOf(shape, spec).map((size, i) => dilated(size, by[i]!));
  const input = along(lhs, lhsSpec, params.lhsDilation);
  const kernel = along(rhs, rhsSpec, params.rhsDilation);
  const out = along(ct, outSpec, params.windowStrides);
  return input.map((size, i) => ({
    input: size,
    kernel: kernel[i]!,
    out: out[i]!,
    low: params.padding[i]![0],
  }));
}

/** The cotangent of the input: the result's, dilated by the strides, convolved with the reversed kernel. */
export function pullBackInput(ct: ArrayValue, lhs: Aval, rhs: ArrayValue, params: Params): ArrayValue {
  if (sizeOf(lhs.shape) === 0) return zeros(lhs);
  const { lhsSpec, rhsSpec, outSpec } = params.dimensionNumbers;
  const { featureGroupCount, batchGroupCount } = params;
  const groups = Math.max(featureGroupCount, batchGroupCount);
  const grouped = groups > 1 ? merged(split(rhs, rhsSpec[0]!, groups), rhsSpec[0]!, rhsSpec[1]!) : rhs;
  const kernel = convert(rev(grouped, rhsSpec.slice(2)), ct.aval);
  const padding = extents(lhs, rhs.aval, ct, params).map(({ input, kernel, out, low }): Padding => {
    const before = kernel - low - 1;
    return [before, input + kernel - 1 - out - before];
  });
  const product = convGeneralDilated.bind([ct, kernel], {
    ...params,
    windowStrides: params.lhsDilation,
    lhsDilation: params.windowStrides,
    padding,
    dimensionNumbers: { lhsSpec: outSpec, rhsSpec: swapped(rhsSpec), outSpec: lhsSpec },
    featureGroupCount: groups,
    batchGroupCount: 1,
  })[0]!;
  const out = convert(product, lhs);
  return batchGroupCount === 1
    ? out
    : merged(split(out, lhsSpec[1]!, batchGroupCount), lhsSpec[1]!, lhsSpec[0]!);
}

/** The cotangent of the kernel: the input convolved with the result's cotangent, batches and features being swapped. */
export function pullBackKernel(ct: ArrayValue, lhs: ArrayValue, rhs: Aval, params: Params): ArrayValue {
  if (ct.size === 0) return zeros(rhs);
  const { lhsSpec, rhsSpec, outSpec } = params.dimensionNumbers;
  const padding = extents(lhs.aval, rhs, ct, params).map(({ input, kernel, out, low }): Padding => [
    low,
    out - input + kernel - low - 1,
  ]);
  const product = convGeneralDilated.bind([convert(lhs, ct.aval), ct], {
    ...params,
    windowStrides: params.rhsDilation,
    rhsDilation: params.windowStrides,
    padding,
    dimensionNumbers: { lhsSpec: swapped(lhsSpec), rhsSpec: swapped(outSpec), outSpec: swapped(rhsSpec) },
    featureGroupCount: params.batchGroupCount,
    batchGroupCount: params.featureGroupCount,
  })[0]!;
  return convert(product, rhs);
}

type Batched = readonly [outs: readonly ArrayValue[], dims: readonly number[]];

/** The batch becomes a part of an axis: of that of groups where both operands have it; else of what only one of them has. */
export function batchConv(
  [lhs, rhs]: readonly [ArrayValue, ArrayValue],
  [lhsDim, rhsDim]: readonly (number | null)[],
  size: number,
  params: Params,
): Batched {
  const { lhsSpec, rhsSpec, outSpec } = params.dimensionNumbers;
  const { featureGroupCount, batchGroupCount } = params;
  if (size === 0) return [[emptyBatch(without(lhs.aval, lhsDim!), without(rhs.aval, rhsDim!), params)], [0]];
  const bind = (x: ArrayValue, w: ArrayValue, changed: Partial<Params> = {}) =>
    convGeneralDilated.bind([x, w], { ...params, ...changed })[0]!;
  if (lhsDim !== null && rhsDim !== null) {
    const inBatch = batchGroupCount > 1;
    const x = merged(lhs, lhsDim!, lhsSpec[inBatch ? 0 : 1]!);
    const groups = inBatch
      ? { batchGroupCount: batchGroupCount * size }
      : { featureGroupCount: featureGroupCount * size };
    return [[split(bind(x, merged(rhs, rhsDim!, rhsSpec[0]!), groups), outSpec[1]!, size)], [outSpec[1]!]];
  }
  if (lhsDim !== null) {
    const x = mergedInGroups(lhs, lhsDim!, lhsSpec[0]!, batchGroupCount);
    return [[split(bind(x, rhs), outSpec[0]!, size)], [outSpec[0]!]];
  }
  const groups = Math.max(featureGroupCount, batchGroupCount);
  const out = bind(lhs, mergedInGroups(rhs, rhsDim!, rhsSpec[0]!, groups));
  const axis = outSpec[1]!;
  if (groups === 1) return [[split(out, axis, size)], [axis]];
  return [[merged(split(split(out, axis, groups), axis + 1, size), axis, axis + 1)], [axis]];
}

/** `merged`, but that the groups that `to` falls into stay its slowest part. */
function mergedInGroups(x: ArrayValue, from: number, to: number, groups: number): ArrayValue {
  if (groups === 1) return merged(x, from, to);
  const apart = split(x, to + Number(from <= to), groups);
  return merged(merged(apart, from + Number(to < from), to + 1), to, to);
}

const without = (aval: Aval, dim: number | null): Aval =>
  dim === null ? aval : { ...aval, shape: aval.shape.filter((_, axis) => axis !== dim) };

/** No groups and no parts of an axis have size 0. */
function emptyBatch(lhs: Aval, rhs: Aval, params: Params): ArrayValue {
  const [out] = convGeneralDilated.rules.abstract([lhs, rhs], params);
  return zeros({ ...out!, shape: [0, ...out!.shape] });
}
