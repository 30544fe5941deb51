import { expect, test } from "vitest";
import { plainConvs } from "../../../src/compiler/plain-convs.ts";
import { evaluateJaxpr } from "../../../src/interpreters/evaluate.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import * as lax from "../../../src/lax/index.ts";
import { array, elements } from "../lax/arrays.ts";
import { programOf } from "./programs.ts";

/** Small integers, so that sums are exact. */
const counted = (shape: readonly number[], step: number) =>
  array(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * step + 5) % 11) - 5),
    shape,
  );
type Window = readonly [padding: lax.PaddingLike, lhsDilation: readonly number[], options?: object];

/** Programs before and after, whose values are the same. */
function plainOf(
  lhs: readonly number[],
  rhs: readonly number[],
  [padding, lhsDilation, options = {}]: Window,
) {
  const [x, w] = [counted(lhs, 7), counted(rhs, 3)];
  const strides = lhsDilation.map(() => 1);
  const f = (x: ArrayValue, w: ArrayValue) =>
    lax.convGeneralDilated(x, w, strides, padding, { lhsDilation, ...options });
  const program = programOf(f, [x.aval, w.aval]);
  const plain = plainConvs(program);
  const [before, after] = [program, plain].map((closed) => evaluateJaxpr(closed, [x, w])[0] as ArrayValue);
  expect([after!.shape, elements(after!)]).toEqual([before!.shape, elements(before!)]);
  return {
    program,
    plain,
    params: plain.jaxpr.eqns.find(({ primitive }) => primitive === lax.convGeneralDilated)!.params,
  };
}

test("padding becomes a part of the array that is convolved", () => {
  const { plain, params } = plainOf([2, 3, 5, 4], [4, 3, 2, 3], [[[1, 2], [-1, 1]], [1, 1]]); // prettier-ignore
  expect(plain.jaxpr.eqns.map(({ primitive }) => primitive)).toEqual([lax.pad, lax.convGeneralDilated]);
  expect(params).toMatchObject({ padding: [[0, 0], [0, 0]] }); // prettier-ignore
});

test("a convolution without padding stays as it is", () => {
  const { program, plain } = plainOf([1, 2, 5], [3, 2, 2], ["VALID", [1]]);
  expect(plain).toBe(program);
});

const layouts = { dimensionNumbers: ["HCNW", "WOIH", "CWNH"] };
test.each<[lhs: number[], rhs: number[], ...Window]>([
  [[1, 2, 4], [3, 2, 3], [[2, 2]], [2]],
  [[1, 2, 4], [3, 2, 5], [[-1, 0]], [3]],
  [[2, 2, 3], [3, 2, 1], [[1, 4]], [4]],
  [[1, 4, 5], [6, 2, 3], [[0, 3]], [2], { featureGroupCount: 2 }],
  [[4, 2, 5], [6, 2, 3], [[3, 0]], [3], { batchGroupCount: 2 }],
  [[1, 2, 3, 4], [2, 2, 3, 2], [[2, 1], [1, 1]], [2, 1]],
  [[1, 1, 3, 4], [2, 1, 3, 2], [[2, 3], [0, 1]], [3, 2]],
  [[3, 2, 1, 4], [2, 5, 2, 3], [[2, 3], [1, 1]], [2, 3], layouts],
])("of %j and %j with padding %j, no zeros are left between elements %j apart: %j", (lhs, rhs, ...window) => {
  const { params } = plainOf(lhs, rhs, window);
  expect(params).toMatchObject({ lhsDilation: lhs.slice(2).map(() => 1) });
}); // prettier-ignore

test("where the kernel is dilated too, zeros stay in the array", () => {
  const { plain } = plainOf([1, 2, 4], [3, 2, 2], [[[1, 1]], [2], { rhsDilation: [2] }]);
  expect(plain.jaxpr.eqns.map(({ primitive }) => primitive)).toEqual([lax.pad, lax.convGeneralDilated]);
});
