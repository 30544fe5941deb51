import { allocate } from "../../core/dtype.ts";
import { range, type Shape } from "../../core/shape.ts";
import type { ConvGeneralDilatedParams } from "../../lax/convolution.ts";
import { Affine } from "../kernel/affine.ts";
import type { Index } from "../kernel/reader.ts";
import { sumOfProducts } from "./dot.ts";
import { padded } from "./join.ts";
import { literalElement } from "./literal.ts";
import { elements, type Row, type Rows } from "./row.ts";

/** A place in the layout of `spec`, of its index along batch, features and space. */
function placed(spec: readonly number[], index: Index): Index {
  const place: Affine[] = [];
  spec.forEach((axis, i) => (place[axis] = index[i]!));
  return place;
}

const convolution: Row<ConvGeneralDilatedParams> = (params, [lhs, rhs], [out]) => {
  const { dimensionNumbers, windowStrides, rhsDilation, featureGroupCount, batchGroupCount } = params;
  const { lhsSpec, rhsSpec, outSpec } = dimensionNumbers;
  const sizesIn = ({ shape }: { readonly shape: Shape }, spec: readonly number[]) =>
    spec.map((axis) => shape[axis]!);
  const [, ...sizes] = sizesIn(rhs!, rhsSpec);
  const [batch, features] = sizesIn(out!, outSpec);
  // The longest way through memory is innermost: features, or the last axis of the window.
  const axes = range(sizes.length);
  const run = (sizes[0]! < sizes.at(-1)! ? axes : [...axes.slice(1), 0]).filter((k) => sizes[k] !== 1);
  const config = placedConfig(params);
  const dtypes = [lhs!.dtype, rhs!.dtype, out!.dtype] as const;
  return elements("contraction", ([left, right]) => {
    const zero = literalElement(allocate(lhs!.dtype, 1), lhs!.dtype, 0);
    const read = padded(left!, lhs!.shape, config, () => zero);
    return [
      (index) => {
        const [n, o, ...places] = outSpec.map((axis) => index[axis]!);
        const [group] = o!.divide(features! / Math.max(featureGroupCount, batchGroupCount));
        const inBatch = batchGroupCount > 1;
        const item = inBatch ? n!.plus(group.times(batch!)) : n!;
        return sumOfProducts(
          dtypes,
          run.map((k) => sizes[k]!),
          index,
          (through) => {
            const [channel, ...window] = sizes.map((_, k) => through[run.indexOf(k)] ?? Affine.of(0));
            const from = inBatch ? channel! : channel!.plus(group.times(sizes[0]!));
            const space = places.map((place, i) =>
              place.times(windowStrides[i]!).plus(window[i]!.times(rhsDilation[i]!)),
            );
            return [
              read(placed(lhsSpec, [item, from, ...space])),
              right!(placed(rhsSpec, [o!, channel!, ...window])),
            ];
          },
        );
      },
    ];
  });
};

/** The zeros around and between elements, for each axis of the input. */
function placedConfig({ dimensionNumbers, padding, lhsDilation }: ConvGeneralDilatedParams) {
  const config: (readonly [low: number, high: number, interior: number])[] = [];
  dimensionNumbers.lhsSpec.forEach((axis, i) => {
    const [low, high] = padding[i - 2] ?? [0, 0];
    config[axis] = [low, high, (lhsDilation[i - 2] ?? 1) - 1];
  });
  return config;
}

/** The row of the convolution. */
export const convolutions = { conv_general_dilated: convolution } satisfies Partial<Rows>;
