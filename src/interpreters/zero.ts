import { nodeKind } from "../tree/index.ts";
import type { DType } from "../core/dtype.ts";
import { isInexact } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import type { AnyPrimitive, ParamsOf } from "../core/primitive.ts";
import { scalarOf } from "../core/scalar.ts";
import { broadcastShapes, checkShape, sameShape, type Shape } from "../core/shape.ts";
import {
  type ArrayValue,
  ArrayValue as ArrayValueClass,
  type Aval,
  avalOf,
  sameAval,
} from "../core/value.ts";
import { promoteTypes } from "../core/dtype.ts";
import {
  add,
  addAny,
  allGather,
  allToAll,
  broadcastInDim,
  convertElementType,
  div,
  dotGeneral,
  dynamicSlice,
  dynamicUpdateSlice,
  integerPow,
  mul,
  neg,
  pbroadcast,
  pmax,
  pmin,
  ppermute,
  psum,
  psumScatter,
  slice,
  sub,
} from "../lax/index.ts";
import { register } from "./quax.ts";
import { repeated } from "./uniform.ts";

/**
 * An array of zeros that holds no data: what a gradient is where nothing depends on the argument.
 * `Zero(float0)` is the tangent of an integer. A leaf of pytrees.
 *
 * @example
 * grad((x, y) => np.sum(x), { argnums: 1 })(x, y); // Zero
 */
export class Zero extends ArrayValueClass {
  static override readonly [nodeKind] = "leaf";
  override readonly aval: Aval;

  constructor(shape: Shape, dtype: DType) {
    super();
    this.aval = avalOf(checkShape(shape, "Zero"), dtype);
  }

  /**
   * The zeros as an array.
   * @throws DTypeError for float0, which has no data.
   */
  override materialise(): ArrayValue {
    if (this.dtype === "float0") {
      throw new DTypeError(
        "zero/float0",
        `Zero of float0[${this.shape.join(",")}] is the tangent of an integer and has no data: differentiate inexact arguments only`,
      );
    }
    return repeated(scalarOf(0, this.dtype), this.shape);
  }
}

/** The tangent dtype of a primal: itself where it is inexact, otherwise float0. */
export const tangentDType = (dtype: DType): DType => (isInexact(dtype) ? dtype : "float0");

/** The structural zero in the tangent space of a primal. */
export const zeroTangent = (aval: Aval): Zero => new Zero(aval.shape, tangentDType(aval.dtype));

export const sameZero = (a: Zero, b: Zero): boolean => sameAval(a.aval, b.aval);

const joint = (x: ArrayValue, y: ArrayValue) => ({
  shape: broadcastShapes([x.aval.shape, y.aval.shape], "add"),
  ...promoteTypes([x.aval, y.aval]),
});

/** `x` with the shape and dtype that `x + 0` has. */
function widened(x: ArrayValue, zero: Zero): ArrayValue {
  const { shape, dtype } = joint(x, zero);
  const converted = x.dtype === dtype ? x : convertElementType(x, dtype);
  if (sameShape(converted.aval.shape, shape)) return converted;
  const offset = shape.length - x.ndim;
  return broadcastInDim(
    converted,
    shape,
    x.aval.shape.map((_, axis) => axis + offset),
  );
}
const bothZero = (x: ArrayValue, y: ArrayValue): Zero => {
  const { shape, dtype } = joint(x, y);
  return new Zero(shape, dtype);
};

const shaped = (prim: AnyPrimitive, operands: readonly ArrayValue[], params: object): Zero => {
  const [out] = prim.rules.abstract(
    operands.map((x) => x.aval),
    params,
  );
  return new Zero(out!.shape, out!.dtype);
};

register(broadcastInDim, [Zero], ([x], { shape }) => new Zero(shape, x.dtype));
register(convertElementType, [Zero], ([x], { newDtype }) => new Zero(x.shape, newDtype));
for (const sum of [add, addAny]) {
  register(sum, [Zero, Zero], ([x, y]) => bothZero(x, y));
  register(sum, [Zero, ArrayValueClass], ([zero, x]) => widened(x, zero));
  register(sum, [ArrayValueClass, Zero], ([x, zero]) => widened(x, zero));
}
register(sub, [Zero, Zero], ([x, y]) => bothZero(x, y));
register(sub, [Zero, ArrayValueClass], ([zero, x]) => neg(widened(x, zero)));
register(sub, [ArrayValueClass, Zero], ([x, zero]) => widened(x, zero));
register(mul, [Zero, Zero], ([x, y]) => bothZero(x, y));
register(mul, [Zero, ArrayValueClass], ([x, y]) => bothZero(x, y));
register(mul, [ArrayValueClass, Zero], ([x, y]) => bothZero(x, y));
register(div, [Zero, ArrayValueClass], ([x, y]) => bothZero(x, y));

const dotZero = (operands: readonly ArrayValue[], params: ParamsOf<typeof dotGeneral>): Zero =>
  shaped(dotGeneral, operands, params);
register(dotGeneral, [Zero, Zero], dotZero);
register(dotGeneral, [Zero, ArrayValueClass], dotZero);
register(dotGeneral, [ArrayValueClass, Zero], dotZero);

const collectives: readonly AnyPrimitive[] = [psum, pmax, pmin, ppermute, pbroadcast];
for (const collective of collectives) register(collective, [Zero], ([x]) => x!);
const resizing: readonly AnyPrimitive[] = [allGather, psumScatter, allToAll];
for (const collective of resizing)
  register(collective, [Zero], (operands, params: object) => shaped(collective, operands, params));

register(slice, [Zero], (operands, params) => shaped(slice, operands, params));
register(dynamicSlice, [Zero], (operands, params) => shaped(dynamicSlice, operands, params), {
  rest: ArrayValueClass,
});
register(
  dynamicUpdateSlice,
  [Zero, Zero],
  (operands, params) => shaped(dynamicUpdateSlice, operands, params),
  { rest: ArrayValueClass },
);
register(integerPow, [Zero], ([x], { y }) => (y > 0 ? x : integerPow(x.materialise(), y)));
