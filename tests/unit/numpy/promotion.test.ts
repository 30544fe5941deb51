import { expect, test } from "vitest";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import * as np from "../../../src/numpy/index.ts";
import { numbers, typeOf } from "./arrays.ts";

const text = (f: (...xs: ArrayValue[]) => unknown, ...xs: ArrayValue[]) => String(makeJaxpr(f)(...xs));
const x = np.ones([3]);

test("a number becomes a scalar of the result's dtype", () => {
  expect(text((a) => np.add(a!, 1), x)).toBe("{ lambda ; a:f32[3]. let b:f32[3] = add a 1.0:f32[] in (b,) }");
});

test("an array of another dtype is converted", () => {
  expect(text((a, b) => np.add(a!, b!), x, np.arange(3))).toBe(
    `{ lambda ; a:f32[3] b:i32[3]. let
    c:f32[3] = convert_element_type[new_dtype=float32 weak_type=False] b
    d:f32[3] = add a c
  in (d,) }`,
  );
});

test("an array of lower rank gets leading axes; a scalar stays one", () => {
  expect(text((a, b) => np.multiply(a!, b!), np.ones([2, 1]), x)).toBe(
    `{ lambda ; a:f32[2,1] b:f32[3]. let
    c:f32[1,3] = broadcast_in_dim[broadcast_dimensions=(1,)] b
    d:f32[2,3] = mul a c
  in (d,) }`,
  );
  expect(text((a, b) => np.multiply(a!, b!), np.ones([2, 3]), np.float32(2))).toBe(
    "{ lambda ; a:f32[2,3] b:f32[]. let c:f32[2,3] = mul a b in (c,) }",
  );
});

test("functions of floats take integers and booleans", () => {
  expect(typeOf(np.sin(np.arange(2)))).toBe("float32[2]");
  expect(typeOf(np.divide(np.arange(2), 2))).toBe("float32[2]");
  expect(typeOf(np.exp(true))).toBe("float32[]");
});

test("a number that does not fit an integer dtype wraps, as in JAX", () => {
  expect(numbers(np.add(np.array([3], np.uint8), 300))).toEqual([47]);
});

test("a list is no operand", () => {
  expect(() => np.add(x, [1] as never)).toThrow(
    "np.add: argument 1 must be an array or a number, got a list of 1; wrap it in np.array",
  );
});
