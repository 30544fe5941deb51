import { range, type Shape, sizeOf } from "../../core/shape.ts";
import { scatterDimsOf, type ScatterParams, windowSizes } from "../../lax/scatter-dimensions.ts";
import { type Element, narrowed } from "../kernel/element.ts";
import type { DType } from "../../core/dtype.ts";
import { op } from "../kernel/expression.ts";
import type { Index } from "../kernel/reader.ts";
import { max, min, prod, sum } from "./monoid.ts";
import type { Row, Rows, Update, Updates } from "./row.ts";
import { insideWindow, startOf, windowAt, type Windows } from "./window.ts";

/** What is written, of an old element and an update. */
export type Combine = (dtype: DType) => (before: Element, update: Element) => Element;

/**
 * Axes of the steps, those of the index vectors first, along which different steps write to different places, whatever
 * the others are at: where the axis alone says at which place of the operand's they write.
 */
function apartOf(x: Shape, windows: Windows, vectors: Shape, gone: readonly number[]): boolean[] {
  const free = vectors.filter((_, axis) => !windows.indexBatching.includes(axis));
  const alone = sizeOf(free) === 1;
  const windowAxes = range(x.length).filter((axis) => !gone.includes(axis));
  return [
    ...vectors.map((size, axis) => size === 1 || windows.indexBatching.includes(axis)),
    ...windowAxes.map((axis) => alone || !windows.map.includes(axis) || windows.sizes[axis] === x[axis]),
  ];
}

const scattering =
  (combine: Combine): Row<ScatterParams> =>
  ({ dimensionNumbers: d, mode }, [x, indices, updates]): Updates => {
    const windows: Windows = {
      map: d.scatterDimsToOperandDims,
      sizes: windowSizes(x!.shape, updates!.shape, d),
      operandBatching: d.operandBatchingDims,
      indexBatching: d.scatterIndicesBatchingDims,
    };
    const gone = [...d.insertedWindowDims, ...d.operandBatchingDims];
    // The windows one after the other.
    const axes = [...scatterDimsOf(updates!.shape, d), ...d.updateWindowDims];
    const sizes = axes.map((axis) => updates!.shape[axis]!);
    const count = indices!.shape.length - 1;
    const write = combine(x!.dtype);
    return {
      kind: "updates",
      base: 0,
      updates: ([, vectors, read]) => {
        const window = (step: Index) => windowAt(x!, indices!, vectors!, windows, step.slice(0, count));
        const update: Update = {
          sizes,
          place: (step) => insideWindow(window(step).place, gone, step.slice(count)),
          value: (step, before) => write(before, read!(range(axes.length).map((axis) => step[axes.indexOf(axis)]!))), // prettier-ignore
          apart: apartOf(x!.shape, windows, indices!.shape.slice(0, -1), gone),
        };
        return [mode === "clip" ? update : { ...update, when: (step) => window(step).inside }];
      },
    };
  };

const narrowing =
  (combine: Combine): Combine =>
  (dtype) =>
  (before, update) =>
    combine(dtype)(before, update).map((x) => narrowed(x, dtype));

/** The sum of the old element and the update. */
export const addition: Combine = narrowing((dtype) => sum(dtype).combine);
const subtract: Combine = () => (before, update) => before.map((x, lane) => op("sub", x, update[lane]!));

const dynamicUpdateSlice: Row<object> = (_params, [x, update, ...starts]): Updates => ({
  kind: "updates",
  base: 0,
  updates: ([, read, ...begins]) => [
    {
      sizes: update!.shape,
      place: (step) =>
        step.map((i, axis) => {
          const [value] = begins[axis]!([]);
          const limit = x!.shape[axis]! - update!.shape[axis]!;
          return startOf(value!, starts[axis]!.dtype, limit).place.plus(i);
        }),
      value: (step) => read!(step),
      apart: update!.shape.map(() => true),
    },
  ],
});

/** Rows of what writes into a part of an operand. */
export const scatters = {
  scatter: scattering(() => (_before, update) => update),
  "scatter-add": scattering(addition),
  "scatter-sub": scattering(narrowing(subtract)),
  "scatter-mul": scattering(narrowing((dtype) => prod(dtype).combine)),
  // Of complex numbers that are not ordered the old one stays.
  "scatter-min": scattering((dtype) => (before, update) => min(dtype).combine(update, before)),
  "scatter-max": scattering((dtype) => (before, update) => max(dtype).combine(update, before)),
  dynamic_update_slice: dynamicUpdateSlice,
} satisfies Partial<Rows>;
