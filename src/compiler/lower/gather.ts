import { allocate, type DType, kindOf } from "../../core/dtype.ts";
import { store } from "../../core/scalar.ts";
import type { DynamicSliceParams } from "../../lax/dynamic-slice.ts";
import type { GatherParams } from "../../lax/gather-dimensions.ts";
import type { Element } from "../kernel/element.ts";
import { choose } from "../kernel/guard.ts";
import { literalElement } from "./literal.ts";
import { elements, type Row, type Rows } from "./row.ts";
import { insideWindow, startOf, windowAt, type Windows } from "./window.ts";

/** The element that stands for those out of bounds; of a key both words are it. */
function fillElement(value: number | bigint | boolean, dtype: DType): Element {
  const data = allocate(dtype, 1);
  if (kindOf(dtype) === "key") (data as Uint32Array).fill(Number(value));
  else store(data, dtype, 0, value);
  return literalElement(data, dtype, 0);
}

const gather: Row<GatherParams> = (
  { dimensionNumbers: d, sliceSizes, mode, fillValue },
  [x, indices],
  [out],
) => {
  const windows: Windows = {
    map: d.startIndexMap,
    sizes: sliceSizes,
    operandBatching: d.operandBatchingDims,
    indexBatching: d.startIndicesBatchingDims,
  };
  const gone = [...d.collapsedSliceDims, ...d.operandBatchingDims];
  const fill = fillElement(fillValue ?? 0, out!.dtype);
  return elements("view", ([read, vectors]) => [
    (index) => {
      const batch = index.filter((_, axis) => !d.offsetDims.includes(axis));
      const { place, inside } = windowAt(x!, indices!, vectors!, windows, batch);
      const element = (): Element => read!(insideWindow(place, gone, d.offsetDims.map((axis) => index[axis]!))); // prettier-ignore
      return mode === "fill" ? choose(inside, element, () => fill) : element();
    },
  ]);
};

const dynamicSlice: Row<DynamicSliceParams> = ({ sliceSizes }, [x, ...starts]) =>
  elements("view", ([read, ...begins]) => [
    (index) =>
      read!(
        index.map((i, axis) => {
          const [value] = begins[axis]!([]);
          return startOf(value!, starts[axis]!.dtype, x!.shape[axis]! - sliceSizes[axis]!).place.plus(i);
        }),
      ),
  ]);

/** Rows of what reads at places that are known only when it runs. */
export const gathers = { gather, dynamic_slice: dynamicSlice } satisfies Partial<Rows>;
