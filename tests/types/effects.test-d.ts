import {
  ArrayValue,
  debug,
  ioCallback,
  lax,
  numpy as np,
  pureCallback,
  register,
  ShapeDtypeStruct,
} from "cotangent";
import { expectTypeOf, test } from "vitest";

const x = np.ones(3);
const scalar = new ShapeDtypeStruct([], np.float32);

test("a callback gets arrays for arrays and numbers, the rest as it is", () => {
  debug.callback(
    (a, b, c, { step }) => {
      expectTypeOf(a).toEqualTypeOf<ArrayValue>();
      expectTypeOf(b).toEqualTypeOf<ArrayValue>();
      expectTypeOf(c).toEqualTypeOf<string>();
      expectTypeOf(step).toEqualTypeOf<ArrayValue>();
    },
    x,
    2,
    "name",
    { step: 3 },
  );
  // @ts-expect-error it gets an array
  debug.callback((a: string) => a, x);
});

test("a result has the tree of what was announced", () => {
  expectTypeOf(pureCallback((a) => a, scalar, x)).toEqualTypeOf<ArrayValue>();
  const result = pureCallback((a) => ({ pair: [a, 1], like: a }), { pair: [scalar, scalar], like: x }, x);
  expectTypeOf(result.pair[0]).toEqualTypeOf<ArrayValue>();
  expectTypeOf(result.like).toEqualTypeOf<ArrayValue>();
  expectTypeOf(ioCallback(() => {}, null, x, { ordered: true })).toEqualTypeOf<null>();
});

test("they are primitives, with params of their own", () => {
  register(debug.print, [], (_operands, { fmt }) => {
    expectTypeOf(fmt).toEqualTypeOf<string>();
    return [];
  });
  register(pureCallback, [ArrayValue], ([value], { vmapMethod }) => {
    expectTypeOf(vmapMethod).not.toEqualTypeOf<string>();
    return lax.neg(value);
  });
});
