import { type ArrayValue, grad, jit, lax, makeJaxpr, numpy as np, vmap } from "cotangent";
import { expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

const product = (a: ArrayValue, b: ArrayValue): ArrayValue => np.multiply(a, b);

test("is written as JAX writes it", () => {
  const x = np.ones([4]);
  const text = (f: (x: ArrayValue) => ArrayValue): string => String(makeJaxpr(f)(x));
  expect(text((x) => lax.reduceWindow(x, 1, lax.mul, [2], [2]))).toMatchInlineSnapshot(`
    "{ lambda ; a:f32[4]. let
        b:f32[2] = reduce_window[
          base_dilation=(1,)
          consts=()
          jaxpr={ lambda ; c:f32[] d:f32[]. let e:f32[] = mul c d in (e,) }
          padding=((0, 0),)
          window_dilation=(1,)
          window_dimensions=(2,)
          window_strides=(2,)
        ] a 1.0:f32[]
      in (b,) }"
  `);
  expect(text((x) => lax.reduceWindow(x, -Infinity, lax.max, [2], [2]))).toMatchInlineSnapshot(`
    "{ lambda ; a:f32[4]. let
        b:f32[2] = reduce_window_max[
          base_dilation=(1,)
          padding=((0, 0),)
          window_dilation=(1,)
          window_dimensions=(2,)
          window_strides=(2,)
        ] a
      in (b,) }"
  `);
  expect(text(grad((x: ArrayValue) => np.sum(lax.reduceWindow(x, -Infinity, lax.max, [2], [2])))))
    .toMatchInlineSnapshot(`
    "{ lambda ; a:f32[4]. let
        b:f32[2] = reduce_window_max[
          base_dilation=(1,)
          padding=((0, 0),)
          window_dilation=(1,)
          window_dimensions=(2,)
          window_strides=(2,)
        ] a
        _:f32[] = reduce_sum[axes=(0,) out_sharding=None] b
        c:f32[2] = broadcast_in_dim 1.0:f32[]
        d:f32[4] = select_and_scatter_add[
          padding=((0, 0),)
          select_prim=ge
          window_dimensions=(2,)
          window_strides=(2,)
        ] c a
      in (d,) }"
  `);
});

test("an identity may be that of the operand's dtype or of its own, and must be known", () => {
  const text = (init: ArrayValue | number, dtype: "int8" | "float32"): string =>
    String(makeJaxpr((x: ArrayValue) => lax.reduceWindow(x, init, lax.max, [2]))(np.ones([3], dtype)));
  expect(text(-128, "int8")).toMatch(/reduce_window_max/);
  expect(text(-Infinity, "int8")).toMatch(/reduce_window_max/);
  expect(text(np.array(-Infinity), "float32")).toMatch(/reduce_window_max/);
  expect(text(0, "float32")).toMatch(/reduce_window\[/);
  const traced = makeJaxpr((x: ArrayValue, init: ArrayValue) => lax.reduceWindow(x, init, lax.max, [2]));
  expect(String(traced(np.ones([3]), np.array(-Infinity)))).toMatch(/reduce_window\[/);
});

test("a function may be differentiated in reverse, twice, and over a batch", () => {
  const f = (x: ArrayValue): ArrayValue =>
    np.sum(lax.reduceWindow(x, 1, product, [2], { padding: [[1, 0]] }));
  const x = np.array([2, 3, 5]);
  expectValues(grad(f)(x), [4, 7, 3]);
  expectValues(jit(grad((x: ArrayValue) => np.sum(np.square(grad(f)(x)))))(x), [14, 14, 14]);
  expectValues(vmap(grad(f))(np.stack([x, np.ones([3])])), [4, 7, 3, 2, 2, 1]);
});

test("what it captured may have the batch", () => {
  const scaled = (s: ArrayValue): ArrayValue =>
    lax.reduceWindow(np.array([1, 2, 3]), 0, (a: ArrayValue, b: ArrayValue) => np.add(np.add(a, b), s), [2]);
  expectValues(vmap(scaled)(np.array([1, 2])), [5, 7, 7, 9]);
});

test("refuses windows that do not fit, by name", () => {
  const x = np.ones([4, 4]);
  const of =
    (...rest: unknown[]) =>
    () =>
      lax.reduceWindow(x, 0, lax.add, ...(rest as [number[]]));
  expect(of([2])).toThrow(
    /window_dimensions must have one entry for each axis of an operand of shape \(4, 4\), got 1/,
  );
  expect(of(2)).toThrow(/windowDimensions must be a list of positive integers/);
  expect(of([2, 0])).toThrow(/positive integers/);
  expect(of([2, 2], [1])).toThrow(/window_strides must have one entry/);
  expect(of([2, 2], [1, 1], "FULL")).toThrow(/padding is "SAME"/);
  expect(of([2, 2], [1, 1], [[0, 0.5], [0, 0]])).toThrow(/padding must be a list of integers/); // prettier-ignore
  expect(of([2, 2], { strides: [1, 1] })).toThrow(/no option strides/);
  expect(() => lax.reduceWindow(x, np.ones([1]), lax.add, [2, 2])).toThrow(/must be a scalar/);
  expect(() => lax.reduceWindow(x, np.array(1, "int32"), lax.mul, [2, 2])).toThrow(
    /of dtype int32, its operand/,
  );
});
