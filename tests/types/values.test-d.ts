import { type ArrayValue, grad, numpy as np, quaxify, values } from "cotangent";
import { expectTypeOf, test } from "vitest";

const [time, feature] = [new values.Axis(2, "time"), new values.Axis(3, "feature")];
const x = new values.NamedArray(np.ones([2, 3]), [time, feature]);
const box: ArrayValue = x;

test("functions of named arrays give named arrays, and arrays for what may be in a box", () => {
  expectTypeOf(values.sum(x, time)).toEqualTypeOf<values.NamedArray>();
  expectTypeOf(values.argmax(x, time)).toEqualTypeOf<values.NamedArray>();
  expectTypeOf(values.dot(x, x, feature)).toEqualTypeOf<values.NamedArray>();
  expectTypeOf(values.dot(x, box, feature)).toEqualTypeOf<ArrayValue>();
  expectTypeOf(values.einsum([x, x], [time])).toEqualTypeOf<values.NamedArray>();
  expectTypeOf(values.rearrange(box, [feature, time])).toEqualTypeOf<ArrayValue>();
  expectTypeOf(quaxify((x) => values.mean(x))(x)).toEqualTypeOf<ArrayValue>();
});

test("a gradient with respect to a value is one of its class", () => {
  const total = (x: values.BCOO) => np.sum(x);
  expectTypeOf(grad(total, { allowInt: true })).toEqualTypeOf<(x: values.BCOO) => values.BCOO>();
  expectTypeOf(grad((x: values.NamedArray) => values.sum(x).array)(x)).toEqualTypeOf<values.NamedArray>();
});
