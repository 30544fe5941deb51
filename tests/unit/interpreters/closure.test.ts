import { expect, test } from "vitest";
import { customVjp, jit } from "../../../src/control/index.ts";
import { ArgumentError } from "../../../src/core/errors.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { closureConvert } from "../../../src/interpreters/closure.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import { quaxify } from "../../../src/interpreters/quax.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { add, convertElementType, mul, sin } from "../../../src/lax/index.ts";
import { P } from "../../dispatch-values.ts";
import { array, expectValues } from "../arrays.ts";

type F = (x: ArrayValue) => ArrayValue;

test("what a transformation may differentiate becomes an argument", () => {
  const counts: number[] = [];
  const run = (w: ArrayValue, n: ArrayValue) => {
    const k = array([1, 2]);
    const f = (x: ArrayValue) => add(mul(mul(sin(w), x), convertElementType(n, "float32")), k);
    const [converted, captured] = closureConvert(f, array([0, 0]));
    counts.push(captured.length);
    return converted(array([3, 4]), ...captured);
  };
  const expected = [3, 4].map((x, i) => Math.sin(2) * x * 5 + i + 1);
  expectValues(run(array(2), array(5, "int32")), expected);
  expectValues(jvp((w: ArrayValue) => run(w, array(5, "int32")), [array(2)], [array(1)])[0], expected);
  expectValues(jit(run)(array(2), array(5, "int32")), expected);
  expectValues(vmap((w: ArrayValue) => run(w, array(5, "int32")))(array([2])), expected);
  expectValues(quaxify((w: ArrayValue) => run(w, array(5, "int32")))(new P(array(2)) as never), expected);
  // Concrete arrays, integers and batches of concrete arrays stay inside.
  expect(counts).toEqual([0, 1, 1, 0, 0]);
});

test("a function with a rule of its own can take a function, and differentiate what that captured", () => {
  const twice = customVjp(
    (f: (...xs: ArrayValue[]) => ArrayValue, x: ArrayValue, ...captured: ArrayValue[]) =>
      mul(f(x, ...captured), 2),
    { nondiffArgnums: [0] },
  );
  twice.defvjp(
    (f: (...xs: ArrayValue[]) => ArrayValue, x: ArrayValue, ...captured: ArrayValue[]) => [
      twice(f, x, ...captured),
      captured.length,
    ],
    (_f: F, count: number, ct: ArrayValue) => Array.from({ length: count + 1 }, (_, i) => mul(ct, 10 + i)),
  );
  const loss = (w: ArrayValue, x: ArrayValue) => {
    const [converted, captured] = closureConvert((x: ArrayValue) => mul(w, x), x);
    return twice(converted, x, ...captured);
  };
  for (const g of [grad(loss, [0, 1]), jit(grad(loss, [0, 1])), grad(jit(loss), [0, 1])]) {
    const [w, x] = g(array(2), array(3));
    expectValues(w, 11);
    expectValues(x, 10);
  }
});

test("trees go in and out", () => {
  const [converted, captured] = closureConvert(
    ({ a, name }: { a: ArrayValue; name: string }) => ({ b: sin(a), name }),
    { a: array([1, 2]), name: "n" },
  );
  const out = converted({ a: array([3, 4]), name: "n" }, ...captured);
  expectValues(out.b, [Math.sin(3), Math.sin(4)]);
  expect(out.name).toBe("n");
});

test("other arguments are refused", () => {
  const [converted] = closureConvert((x: ArrayValue) => sin(x), array([1, 2]));
  expect(() => converted(array([1, 2, 3]))).toThrow(ArgumentError);
  expect(() => converted(array([1, 2, 3]))).toThrow("takes f32[2] as argument 0, got f32[3]");
  expect(() => converted({ a: array([1, 2]) } as never)).toThrow(
    "takes [*], then 0 captured arrays; got [{a: *}]",
  );
  expect(() => (converted as () => unknown)()).toThrow(ArgumentError);
});
