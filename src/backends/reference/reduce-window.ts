import { allocate, type TypedArray } from "../../core/dtype.ts";
import { type Shape, sizeOf, stridesOf } from "../../core/shape.ts";
import type { DilatedWindow } from "../../lax/window-dimensions.ts";
import type { SelectAndGatherParams } from "../../lax/window-selection.ts";
import type { Lower, LoweringTable } from "../lowering.ts";
import { complexResult, toNumbers } from "./elementwise.ts";
import { folding, type Monoid, monoids } from "./monoid.ts";

/** What a window sees that is no element. */
const OUTSIDE = -1;

/** What a window sees at each of its places: `count` positions in storage for each. */
interface Sight {
  readonly count: number;
  readonly seen: Int32Array;
}

function sightOf(shape: Shape, places: Shape, window: DilatedWindow): Sight {
  const { windowDimensions, windowStrides, padding, baseDilation, windowDilation } = window;
  const strides = stridesOf(shape);
  let [size, count, seen] = [1, 1, new Int32Array(1)];
  shape.forEach((length, axis) => {
    const [outs, ins] = [places[axis]!, windowDimensions[axis]!];
    const next = new Int32Array(size * outs * count * ins);
    let filled = 0;
    for (let i = 0; i < size; i++)
      for (let out = 0; out < outs; out++)
        for (let k = 0; k < count; k++)
          for (let inside = 0; inside < ins; inside++) {
            const before = seen[i * count + k]!;
            const place =
              (out * windowStrides[axis]! + inside * windowDilation[axis]! - padding[axis]![0]) /
              baseDilation[axis]!;
            const isThere = before !== OUTSIDE && Number.isInteger(place) && place >= 0 && place < length;
            next[filled++] = isThere ? before + place * strides[axis]! : OUTSIDE;
          }
    [size, count, seen] = [size * outs, count * ins, next];
  });
  return { count, seen };
}

const reduce =
  (name: string, monoid: Monoid): Lower<DilatedWindow> =>
  (params, [x], [out]) => {
    const { count, seen } = sightOf(x!.shape, out!.shape, params);
    const size = sizeOf(out!.shape);
    return folding(name, monoid, x!.dtype, size, {
      plain: (data, result, { identity, step }) => {
        for (let i = 0; i < size; i++) {
          let total = identity;
          for (let k = i * count; k < (i + 1) * count; k++)
            if (seen[k] !== OUTSIDE) total = step(total, data[seen[k]!]!);
          result[i] = total;
        }
      },
      complex: (data, result, { identity, step }) => {
        for (let i = 0; i < size; i++) {
          complexResult.set(identity);
          for (let k = i * count; k < (i + 1) * count; k++) {
            const at = 2 * seen[k]!;
            if (at >= 0) step(complexResult[0]!, complexResult[1]!, data[at]!, data[at + 1]!);
          }
          result[2 * i] = complexResult[0]!;
          result[2 * i + 1] = complexResult[1]!;
        }
      },
    });
  };

/** The first NaN is selected; otherwise the first element that no other is better than. */
const select: Lower<SelectAndGatherParams> = (params, [t, x], [out]) => {
  const { count, seen } = sightOf(x!.shape, out!.shape, params);
  const size = sizeOf(out!.shape);
  const isLarger = params.selectPrim === "ge";
  return ([tangents, operand]) => {
    const data: TypedArray = toNumbers(operand!, x!.dtype);
    const result = allocate(t!.dtype, size);
    for (let i = 0; i < size; i++) {
      let best = OUTSIDE;
      for (let k = i * count; k < (i + 1) * count; k++) {
        const at = seen[k]!;
        if (at === OUTSIDE) continue;
        const [value, leader] = [data[at]!, data[best]];
        const isFirst = leader === undefined;
        if (!isFirst && leader !== leader) break;
        if (isFirst || value !== value || (isLarger ? value > leader : value < leader)) best = at;
      }
      if (best !== OUTSIDE) result[i] = tangents![best]!;
    }
    return [result];
  };
};

/** Reductions over windows. */
export const windowReductions = {
  reduce_window_sum: reduce("reduce_window_sum", monoids.sum),
  reduce_window_max: reduce("reduce_window_max", monoids.max),
  reduce_window_min: reduce("reduce_window_min", monoids.min),
  select_and_gather_add: select,
} satisfies Partial<LoweringTable>;
