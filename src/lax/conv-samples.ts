import type { Sample } from "../core/primitive.ts";
import { range, type Shape } from "../core/shape.ts";
import type { ConvGeneralDilatedParams } from "./convolution.ts";

/** A sample without padding, strides, dilations and groups, but for what is said. */
function sample(
  lhs: Shape,
  rhs: Shape,
  said: Partial<ConvGeneralDilatedParams> = {},
): Sample<ConvGeneralDilatedParams> {
  const axes = range(lhs.length);
  const ones = axes.slice(2).map(() => 1);
  return {
    operands: [{ shape: lhs }, { shape: rhs }],
    params: {
      windowStrides: ones,
      padding: ones.map(() => [0, 0]),
      lhsDilation: ones,
      rhsDilation: ones,
      dimensionNumbers: { lhsSpec: axes, rhsSpec: axes, outSpec: axes },
      featureGroupCount: 1,
      batchGroupCount: 1,
      precision: null,
      preferredElementType: null,
      ...said,
    },
  };
}

const lastIsFeatures = { lhsSpec: [0, 3, 1, 2], rhsSpec: [3, 2, 0, 1], outSpec: [0, 3, 1, 2] };

/** Of each kind of window and layout, one; negative padding, and windows that leave elements out at the end. */
export const convSamples: readonly Sample<ConvGeneralDilatedParams>[] = [
  sample([2, 3], [2, 3]),
  sample([2, 2, 5], [3, 2, 3]),
  sample([1, 2, 4, 5], [2, 2, 3, 2], {
    windowStrides: [2, 1],
    padding: [
      [1, 1],
      [0, 2],
    ],
  }),
  sample([2, 4, 3, 2], [2, 2, 2, 3], {
    windowStrides: [1, 2],
    padding: [
      [0, 1],
      [1, 0],
    ],
    dimensionNumbers: lastIsFeatures,
  }),
  sample([1, 4, 6], [6, 2, 2], {
    padding: [[1, 1]],
    rhsDilation: [2],
    featureGroupCount: 2,
  }),
  sample([4, 2, 5], [4, 2, 2], { windowStrides: [2], batchGroupCount: 2 }),
  sample([1, 2, 3], [2, 2, 3], { padding: [[2, 3]], lhsDilation: [2], windowStrides: [2] }),
  sample([1, 1, 6], [2, 1, 2], { padding: [[-1, -2]], lhsDilation: [2], rhsDilation: [3] }),
  sample([3, 1, 2, 2], [2, 2, 3, 2], {
    dimensionNumbers: { lhsSpec: [1, 0, 3, 2], rhsSpec: [1, 2, 3, 0], outSpec: [2, 1, 0, 3] },
    padding: [
      [1, 0],
      [1, 1],
    ],
  }),
  sample([1, 1, 2, 3, 2], [1, 1, 2, 2, 1]),
];
