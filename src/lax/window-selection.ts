import { ShapeError } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type Derived, type Primitive } from "../core/primitive.ts";
import { sameShape, showShape, sizeOf } from "../core/shape.ts";
import { type ArrayValue, type Aval, avalOf } from "../core/value.ts";
import { materialiseBatch, reshapeTo, zeros } from "./algebra.ts";
import { sub } from "./arithmetic.ts";
import { expandDims } from "./broadcast.ts";
import { eq } from "./compare.ts";
import { iota } from "./create.ts";
import { checkDType } from "./operand.ts";
import { scatterAdd } from "./scatter.ts";
import { select } from "./select.ts";
import { reshape } from "./shape.ts";
import {
  areApart,
  type DilatedWindow,
  dilatedWindowKinds,
  undilated,
  type Window,
  windowBeside,
  windowKinds,
  windowPlaces,
} from "./window-dimensions.ts";
import { spreadOver } from "./window-spread.ts";

/** How the element that a window selects compares with the others: the largest, or the smallest. */
export type SelectPrim = "ge" | "le";
export interface Selecting {
  readonly selectPrim: SelectPrim;
}
export type SelectAndGatherParams = DilatedWindow & Selecting;
export type SelectAndScatterParams = Window & Selecting;

const selectPrim = param.oneOf<SelectPrim>(["ge", "le"]);

/** Both operands with their batch axis at one place. */
function aligned(
  operands: readonly [ArrayValue, ArrayValue],
  dims: readonly (number | null)[],
  size: number,
): [x: ArrayValue, y: ArrayValue, dim: number] {
  const dim = dims[0] ?? dims[1]!;
  return [materialiseBatch(operands[0], dims[0]!, size, dim), materialiseBatch(operands[1], dims[1]!, size, dim), dim]; // prettier-ignore
}

const untied = { shape: [3, 4], values: [3, 1, -2, 0.5, 2.5, -1, 4, -3, 1.5, -0.5, 2, 3.5] };
const apart = { windowDimensions: [1, 2], windowStrides: [1, 2], padding: [[0, 0], [0, 0]] } as const; // prettier-ignore
const overlapping = { windowDimensions: [2, 3], windowStrides: [1, 2], padding: [[0, 1], [1, 1]] } as const; // prettier-ignore

/**
 * Of each window on `operand` the largest element (`ge`) or the smallest (`le`) is selected, and what `tangents` has in its
 * place is the result: NaN before all others, the first of equal ones, 0 where the window holds none.
 *
 * Shape: `[…s], […s] → […places]`. Dtype: that of the tangents.
 * @throws ShapeError when the shapes differ, or the window does not fit; DTypeError on operands that are not ordered.
 * @see `jax.lax.select_and_gather_add_p`
 */
export const selectAndGatherAdd: Primitive<
  "select_and_gather_add",
  [tangents: ArrayValue, operand: ArrayValue],
  SelectAndGatherParams
> = definePrimitive("select_and_gather_add", {
  arity: 2,
  params: { ...dilatedWindowKinds, selectPrim },
  abstract: ([t, x], params) => {
    checkDType(t.dtype, "real", "select_and_gather_add", 0);
    checkDType(x.dtype, "ordered", "select_and_gather_add", 1);
    if (!sameShape(t.shape, x.shape))
      throw new ShapeError(
        "lax/shape",
        `select_and_gather_add: tangents and operand must have one shape, got ${showShape(t.shape)} and ${showShape(x.shape)}`,
      );
    return avalOf(windowPlaces(x.shape, params, "select_and_gather_add"), t.dtype, t.weak);
  },
  jvp: [(t, _out, [, x], params) => selectAndGatherAdd.bind([t, x], params)[0]!],
  transpose: [
    (ct, [, x], { baseDilation, windowDilation, ...params }) =>
      [...baseDilation, ...windowDilation].every((d) => d === 1)
        ? selectAndScatterAdd.bind([ct, x], params)[0]!
        : scattered(ct, x, { ...params, baseDilation, windowDilation }),
    null,
  ],
  batch: (operands, dims, size, params) => {
    const [t, x, dim] = aligned(operands, dims, size);
    return [selectAndGatherAdd.bind([t, x], windowBeside(params, dim)), [dim]];
  },
  samples: [
    { operands: [{ shape: [3, 4] }, untied], params: { ...undilated(apart), selectPrim: "ge" } },
    { operands: [{ shape: [3, 4] }, untied], params: { ...undilated(overlapping), selectPrim: "le" } },
    {
      operands: [{ shape: [5] }, { shape: [5], values: [3, 1, -2, 0.5, 2.5] }],
      params: {
        windowDimensions: [2],
        windowStrides: [2],
        padding: [[-1, 3]],
        baseDilation: [2],
        windowDilation: [3],
        selectPrim: "ge",
      },
    },
  ],
});

/** The number of each element, row by row. */
const numbered = ({ shape }: Aval): ArrayValue =>
  reshapeTo(iota.bind([], { dtype: "int32", shape: [sizeOf(shape)], dimension: 0 })[0]!, shape);

/** The number of the element that each window selects; -1 where it holds none. */
function selected(x: ArrayValue, params: SelectAndGatherParams): ArrayValue {
  const fromOne = sub(numbered(x.aval), -1);
  return sub(selectAndGatherAdd.bind([fromOne, x], params)[0]!, 1);
}

/** `source` where the windows select, added up. */
function scattered(source: ArrayValue, x: ArrayValue, params: SelectAndGatherParams): ArrayValue {
  const flat = reshape(source, [source.size]);
  const places = expandDims(reshape(selected(x, params), [source.size]), [1]);
  const sums = scatterAdd.bind([zeros(avalOf([x.size], source.dtype, source.aval.weak)), places, flat], {
    dimensionNumbers: {
      updateWindowDims: [],
      insertedWindowDims: [0],
      scatterDimsToOperandDims: [0],
      operandBatchingDims: [],
      scatterIndicesBatchingDims: [],
    },
    indicesAreSorted: false,
    uniqueIndices: false,
    mode: "fill",
  });
  return reshapeTo(sums[0]!, x.shape);
}

/** The same of windows that do not overlap: an element has the source of its window, if that is what it selects. */
function chosen(source: ArrayValue, x: ArrayValue, params: SelectAndScatterParams): ArrayValue {
  const places = spreadOver(selected(x, undilated(params)), x.shape, params, -1);
  const sources = spreadOver(source, x.shape, params, 0);
  return select(eq(places, numbered(x.aval)), sources, zeros(sources.aval));
}

/**
 * The transpose of `selectAndGatherAdd`: each entry of `source` is added to a zero in the place of the element that its
 * window on `operand` selects.
 *
 * Shape: `[…places], […s] → […s]`. Dtype: that of the source.
 * @throws ShapeError when the source has not the shape of the window's places; DTypeError on operands that are not ordered.
 * @see `jax.lax.select_and_scatter_add_p`, https://openxla.org/stablehlo/spec#select_and_scatter
 */
export const selectAndScatterAdd: Primitive<
  "select_and_scatter_add",
  [source: ArrayValue, operand: ArrayValue],
  SelectAndScatterParams
> &
  Derived = definePrimitive("select_and_scatter_add", {
  arity: 2,
  params: { ...windowKinds, selectPrim },
  abstract: ([source, x], params) => {
    checkDType(source.dtype, "real", "select_and_scatter_add", 0);
    checkDType(x.dtype, "ordered", "select_and_scatter_add", 1);
    const places = windowPlaces(x.shape, undilated(params), "select_and_scatter_add");
    if (!sameShape(source.shape, places))
      throw new ShapeError(
        "lax/shape",
        `select_and_scatter_add: source must have the shape of the window's places, ${showShape(places)}, got ${showShape(source.shape)}`,
      );
    return avalOf(x.shape, source.dtype, source.weak);
  },
  jvp: [(t, _out, [, x], params) => selectAndScatterAdd.bind([t, x], params)[0]!],
  transpose: [(ct, [, x], params) => selectAndGatherAdd.bind([ct, x], undilated(params))[0]!, null],
  batch: (operands, dims, size, params) => {
    const [source, x, dim] = aligned(operands, dims, size);
    return [selectAndScatterAdd.bind([source, x], windowBeside(params, dim)), [dim]];
  },
  expand: ([source, x], params) => [
    areApart(params) ? chosen(source, x, params) : scattered(source, x, undilated(params)),
  ],
  samples: [
    { operands: [{ shape: [3, 2] }, untied], params: { ...apart, selectPrim: "ge" } },
    { operands: [{ shape: [3, 2] }, untied], params: { ...overlapping, selectPrim: "le" } },
    {
      operands: [{ shape: [2, 2] }, untied],
      params: { windowDimensions: [2, 1], windowStrides: [2, 3], padding: [[1, 0], [0, 0]], selectPrim: "ge" }, // prettier-ignore
    },
  ],
});
