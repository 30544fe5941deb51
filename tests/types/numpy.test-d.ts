import { type ArrayValue, numpy as np } from "cotangent";
import { expectTypeOf, test } from "vitest";

const x = np.ones(3);

test("arrays have the methods of np", () => {
  expectTypeOf(x.sum()).toEqualTypeOf<ArrayValue>();
  expectTypeOf(x.add(1).T.reshape(3, 1).get("1:", 0).at(0).set(1)).toEqualTypeOf<ArrayValue>();
  expectTypeOf(x.ndim).toEqualTypeOf<number>();
  for (const row of x) expectTypeOf(row).toEqualTypeOf<ArrayValue>();
});

test("optional arguments come bare or by name", () => {
  np.sum(x, 0, { keepdims: true });
  np.sum(x, { axis: [0, 1], dtype: np.float16 });
  np.full([2], 3, np.int32);
  np.eye(2, 3, { k: 1 });
  np.arange(0, 10, 2, "float32");
  np.concatenate([x, 1], 1);
  // @ts-expect-error there is no such option
  np.sum(x, { axes: 0 });
  // @ts-expect-error an axis is no text
  np.sum(x, "0");
  // @ts-expect-error a mode is one of several words
  np.pad(x, 1, "mirror");
});

test("where with a condition alone gives places", () => {
  expectTypeOf(np.where(x, x, 0)).toEqualTypeOf<ArrayValue>();
  expectTypeOf(np.where(x)).toEqualTypeOf<ArrayValue[]>();
});

test("a scalar type is a dtype", () => {
  expectTypeOf(np.float32.dtype).toEqualTypeOf<"float32">();
  expectTypeOf(np.float32(2)).toEqualTypeOf<ArrayValue>();
});
