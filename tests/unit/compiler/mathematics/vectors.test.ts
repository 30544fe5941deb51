import { expect, test } from "vitest";
import { hasVectorOperation } from "../../../../src/backends/wasm/operations.ts";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { type Expr, load, Loop, type Op } from "../../../../src/compiler/kernel/expression.ts";
import { operandsOf, reachable, usualOperandsOf } from "../../../../src/compiler/kernel/nest.ts";
import { besselI0e, besselI1e } from "../../../../src/compiler/mathematics/bessel.ts";
import { erf, erfc } from "../../../../src/compiler/mathematics/error.ts";
import { exp, exp2, expm1, logistic } from "../../../../src/compiler/mathematics/exponential.ts";
import { digamma, lgamma } from "../../../../src/compiler/mathematics/gamma.ts";
import { acosh, asinh, atanh, cosh, sinh, tanh } from "../../../../src/compiler/mathematics/hyperbolic.ts";
import { erfInv } from "../../../../src/compiler/mathematics/inverse-error.ts";
import { acos, asin, atan, atan2 } from "../../../../src/compiler/mathematics/inverse.ts";
import { log, log1p } from "../../../../src/compiler/mathematics/logarithm.ts";
import { cbrt, pow, rsqrt } from "../../../../src/compiler/mathematics/power.ts";
import { cos, sin, tan } from "../../../../src/compiler/mathematics/trigonometric.ts";

const functions = { acos, acosh, asin, asinh, atan, atan2, atanh, besselI0e, besselI1e, cbrt, cos, cosh, digamma, erf, erfc, erfInv, exp, exp2, expm1, lgamma, log, log1p, logistic, pow, rsqrt, sin, sinh, tan, tanh }; // prettier-ignore

/** The operations that f consists of, each once; a choice of what is rare is a branch. */
function operationsOf(
  f: (...xs: Expr[]) => Expr,
  type: "f32" | "f64",
  operands: typeof operandsOf,
): readonly Op[] {
  const loop = Affine.loop(new Loop(100, "i"));
  const root = f(...Array.from({ length: f.length }, (_, i) => load({ name: `x${i}`, storage: type }, loop)));
  return reachable([root], operands).filter((x) => x.kind === "op" && x.op !== "rarely") as Op[];
}

test.each(Object.entries(functions))("%s consists of operations on vectors", (_name, f) => {
  for (const type of ["f32", "f64"] as const) {
    const without = operationsOf(f, type, operandsOf).filter(
      ({ op, args }) => !hasVectorOperation(op, args[0]!.type) && args.some((x) => x.kind !== "const"),
    );
    expect(without.map(({ op, args }) => `${op} of ${args[0]!.type}`)).toEqual([]);
  }
});

test("the common functions of float32 take this many operations for a vector", () => {
  const cost = (f: (x: Expr) => Expr) =>
    operationsOf(f, "f32", usualOperandsOf).filter(({ op }) => op !== "reinterpret").length;
  expect({
    exp: cost(exp),
    log: cost(log),
    tanh: cost(tanh),
    sin: cost(sin),
    logistic: cost(logistic),
    erf: cost(erf),
  }).toMatchInlineSnapshot(`
    {
      "erf": 105,
      "exp": 29,
      "log": 27,
      "logistic": 35,
      "sin": 54,
      "tanh": 26,
    }
  `);
});
