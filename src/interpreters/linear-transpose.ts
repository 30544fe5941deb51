import { isInexact, isInteger } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import { Linear } from "../core/primitive.ts";
import { type Aval, showAval } from "../core/value.ts";
import { weakFloat } from "./arguments.ts";
import { trace } from "./make-jaxpr.ts";
import type { Gradient } from "./signature.ts";
import { transposeJaxpr } from "./transpose.ts";
import { matchCotangents } from "./vjp.ts";
import { Zero } from "./zero.ts";

/**
 * The transpose of `f`, which is promised to be linear: a function from a cotangent of the result to a list of
 * cotangents, one for each argument, as the second result of `vjp`. Of the primals only shapes and dtypes matter;
 * `ShapeDtypeStruct` will do.
 *
 * A cotangent on which nothing depends is a symbolic `Zero`.
 * @throws DTypeError unless all dtypes are inexact, or all integers; DifferentiationError from the transpose, when `f` is
 * not linear; TreeError, ShapeError, DTypeError when a cotangent does not match the result, by path.
 * @example
 * const pull = linearTranspose((x, y) => np.subtract(np.multiply(0.5, x), np.multiply(0.5, y)), 1.5, 1.5);
 * pull(1.5); // [0.75, -0.75]
 * @see `jax.linear_transpose`
 */
export function linearTranspose<Args extends readonly unknown[], R>(
  f: (...args: Args) => R,
  ...primals: { [K in keyof Args]: unknown }
): (cotangent: unknown) => { -readonly [K in keyof Args]: Gradient<Args[K]> } {
  const { closed, outs, rebuildInputs } = trace(f, primals, "linearTranspose", [], weakFloat);
  const { inAvals, outAvals } = closed;
  checkDTypes(inAvals, outAvals);
  return (cotangent) => {
    const cts = matchCotangents(outs, outAvals, cotangent, "the transposed function");
    const linear = inAvals.map((aval) => new Linear(aval));
    const pulled = transposeJaxpr(closed, linear, cts);
    // The tree of the arguments, with cotangents for arrays.
    return rebuildInputs(
      pulled.map((ct, i) => ct ?? new Zero(inAvals[i]!.shape, inAvals[i]!.dtype)),
    ) as ReturnType<ReturnType<typeof linearTranspose<Args, R>>>;
  };
}

function checkDTypes(inAvals: readonly Aval[], outAvals: readonly Aval[]): void {
  const all = [...inAvals, ...outAvals];
  if (all.every(({ dtype }) => isInexact(dtype)) || all.every(({ dtype }) => isInteger(dtype))) return;
  const [from, to] = [inAvals, outAvals].map((avals) => avals.map(showAval).join(", "));
  throw new DTypeError(
    "transpose/dtype",
    `linearTranspose takes functions from inexact to inexact arrays, or from integers to integers; this one goes from ${from} to ${to}`,
  );
}
