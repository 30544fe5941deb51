import { expect, test } from "vitest";
import { cast } from "../../../../src/backends/reference/cast.ts";
import { avalOf } from "../../../../src/core/value.ts";

test("a bitcast reads the bytes of an operand that is a view", () => {
  const whole = Uint8Array.of(9, 9, 9, 0, 0, 0x80, 0x3f);
  const kernel = cast.bitcast_convert_type({ newDtype: "float32" }, [avalOf([4], "uint8")]);
  expect([...kernel([whole.subarray(3)])[0]!]).toEqual([1]);
});

test("a complex number is made of parts that broadcast", () => {
  const avals = [avalOf([2, 1], "float32"), avalOf([], "float32")];
  const kernel = cast.complex({}, avals, [avalOf([2, 1], "complex64")]);
  expect([...kernel([Float32Array.of(1, 2), Float32Array.of(5)])[0]!]).toEqual([1, 5, 2, 5]);
});
