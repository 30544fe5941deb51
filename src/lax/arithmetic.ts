import { isComplex } from "../core/dtype.ts";
import { definePrimitive, type JvpRule, type NoParams, type Op } from "../core/primitive.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { broadcastTo, filled, replaceZero, unbroadcast } from "./algebra.ts";
import { convertElementType } from "./cast.ts";
import { eq, ge } from "./compare.ts";
import { conj, real } from "./complex.ts";
import { type Binary, defineBinary, defineUnary, elementwiseAbstract, type Unary } from "./elementwise.ts";
import { sameDTypes } from "./operand.ts";
import { integerPow } from "./power.ts";
import { floor } from "./rounding.ts";
import { select } from "./select.ts";

type Two = [x: ArrayValue, y: ArrayValue];

/** Jvp of a sum or difference: one equation where both operands move. */
const sumJvp =
  (op: () => Binary<string>, ofRight: (t: ArrayValue) => ArrayValue): JvpRule<Two, NoParams> =>
  ([x, y], [dx, dy]) => {
    const [out] = op().bind([x, y], {});
    const both = dx && dy ? op().bind([dx, dy], {})[0]! : (dx ?? (dy ? ofRight(dy) : null));
    return [[out!], [both && broadcastTo(both, out!.shape)]];
  };

/**
 * `x + y`, elementwise.
 *
 * Shape: equal ranks with sizes equal or 1, or a scalar. Dtype: both the same.
 * @throws DTypeError when the dtypes differ; ShapeError when the shapes do not fit.
 * @see `jax.lax.add`
 */
export const add: Binary<"add"> = defineBinary("add", "number", {
  jvp: sumJvp(
    () => add,
    (t) => t,
  ),
  transpose: [(ct, [x]) => unbroadcast(ct, x.aval), (ct, [, y]) => unbroadcast(ct, y.aval)],
});

/** The sum of two cotangents: `add` that only derivatives emit, so that dispatch rules of `add` can tell them apart. */
export const addAny: Op<unknown, "add_any", Two, NoParams> = definePrimitive("add_any", {
  // Under vmap an operand without the batch axis is broadcast.
  arity: 2,
  abstract: elementwiseAbstract("add_any", "any"),
  batch: "elementwise",
  jvp: "linear",
  transpose: ([ct], operands) => operands.map((x) => (ct ? unbroadcast(ct, x.aval) : null)),
  samples: [{ operands: [{ shape: [2, 3] }, { shape: [2, 3] }], params: {} }],
});

/** `x − y`, elementwise. Shapes, dtypes and errors as `add`. @see `jax.lax.sub` */
export const sub: Binary<"sub"> = defineBinary("sub", "number", {
  jvp: sumJvp(
    () => sub,
    (t) => neg(t),
  ),
  transpose: [(ct, [x]) => unbroadcast(ct, x.aval), (ct, [, y]) => unbroadcast(neg(ct), y.aval)],
});

/** `x · y`, elementwise. Shapes, dtypes and errors as `add`. @see `jax.lax.mul` */
export const mul: Binary<"mul"> = defineBinary("mul", "number", {
  jvp: "multilinear",
  transpose: [
    (ct, [x, y]) => unbroadcast(mul(ct, y), x.aval),
    (ct, [x, y]) => unbroadcast(mul(x, ct), y.aval),
  ],
});

/**
 * `x / y`, elementwise; integers are divided towards zero, and by zero to -1 (all ones, if unsigned). Shapes, dtypes
 * and errors as `add`.
 *
 * @see `jax.lax.div`
 */
export const div: Binary<"div"> = defineBinary("div", "number", {
  between: [
    [-2, 2],
    [0.5, 2],
  ],
  jvp: [(t, _out, [, y]) => div(t, y), (t, _out, [x, y]) => mul(mul(neg(t), x), integerPow(y, -2))],
  transpose: [(ct, [x, y]) => unbroadcast(div(ct, y), x.aval), null],
});

/**
 * Remainder of `x / y` with the sign of `x`, elementwise; of integers by zero, `x`. Shapes and errors as `add`.
 *
 * Dtype: integer or float, both the same.
 * @see `jax.lax.rem`
 */
export const rem: Binary<"rem"> = defineBinary("rem", "real", {
  jvp: [
    (t, out) => broadcastTo(t, out.shape),
    (t, _out, [x, y]) => mul(neg(t), mul(sign(div(x, y)), floor(abs(div(x, y))))),
  ],
  samples: [
    {
      operands: [
        { shape: [3], values: [5.5, -5.5, 0.7] },
        { shape: [3], values: [2, 2, -3] },
      ],
      params: {},
    },
    {
      operands: [
        { shape: [2], values: [5.5, -3.25] },
        { shape: [], values: [1.5] },
      ],
      params: {},
    },
  ],
});

/** `−x`. @see `jax.lax.neg` */
export const neg: Unary<"neg"> = defineUnary("neg", "number", {
  jvp: "linear",
  transpose: [(ct) => neg(ct)],
});

/**
 * `|x|`; of a complex number its modulus, a float. The derivative at 0 is 1, and at a complex 0 it is 0.
 *
 * @throws DTypeError on bool and unsigned integers. @see `jax.lax.abs`
 */
export const abs: Unary<"abs"> = defineUnary("abs", "signed", {
  result: (dtype) => (isComplex(dtype) ? "float32" : dtype),
  between: [0.5, 2],
  jvp: [
    (t, out, [x]) =>
      isComplex(x.dtype)
        ? real(mul(t, div(conj(x), replaceZero(convertElementType(out, x.dtype)))))
        : select(ge(x, 0), t, neg(t)),
  ],
});

/** −1, 0 or 1; `x / |x|` of a complex number; keeps -0 and NaN. @see `jax.lax.sign` */
export const sign: Unary<"sign"> = defineUnary("sign", "number", { between: [0.5, 2], jvp: "none" });

/** 1 where `x` is the extremum, ½ where `y` is so too, 0 elsewhere. */
const balanced = (x: ArrayValue, out: ArrayValue, y: ArrayValue): ArrayValue =>
  div(
    select(eq(x, out), filled(1, out.aval), filled(0, out.aval)),
    select(eq(y, out), filled(2, out.aval), filled(1, out.aval)),
  );

/**
 * The larger one, elementwise; NaN if either is; complex numbers by real part, then imaginary. At ties each operand has
 * half of the derivative. Shapes and errors as `add`; bool is accepted too.
 *
 * @see `jax.lax.max`
 */
export const max: Binary<"max"> = defineBinary("max", "numberOrBool", {
  between: [
    [-2, 0],
    [-1, 1],
  ],
  jvp: [(t, out, [x, y]) => mul(t, balanced(x, out, y)), (t, out, [x, y]) => mul(t, balanced(y, out, x))],
});

/** The smaller one; as `max`. @see `jax.lax.min` */
export const min: Binary<"min"> = defineBinary("min", "numberOrBool", {
  between: [
    [-2, 0],
    [-1, 1],
  ],
  jvp: [(t, out, [x, y]) => mul(t, balanced(x, out, y)), (t, out, [x, y]) => mul(t, balanced(y, out, x))],
});

/**
 * `x · y + z`, rounded once in float32 and narrower; in float64 the product is rounded too.
 *
 * Shapes and errors as `add`. Dtype: float, all the same.
 */
export const fma: Op<
  (x: Operand, y: Operand, z: Operand) => ArrayValue,
  "fma",
  [x: ArrayValue, y: ArrayValue, z: ArrayValue],
  NoParams
> = definePrimitive("fma", {
  call: (x, y, z) => fma.bind(sameDTypes([x, y, z], "fma") as [ArrayValue, ArrayValue, ArrayValue], {})[0]!,
  arity: 3,
  abstract: elementwiseAbstract("fma", "float"),
  batch: "elementwise",
  jvp: [
    (t, out, [, y]) => broadcastTo(mul(t, y), out.shape),
    (t, out, [x]) => broadcastTo(mul(x, t), out.shape),
    (t, out) => broadcastTo(t, out.shape),
  ],
  transpose: [
    (ct, [x, y]) => unbroadcast(mul(ct, y), x.aval),
    (ct, [x, y]) => unbroadcast(mul(x, ct), y.aval),
    (ct, [, , z]) => unbroadcast(ct, z.aval),
  ],
  samples: [
    { operands: [{ shape: [2, 3] }, { shape: [2, 3] }, { shape: [2, 3] }], params: {} },
    { operands: [{ shape: [] }, { shape: [3] }, { shape: [1] }], params: {} },
  ],
});
