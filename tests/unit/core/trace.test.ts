import "../../../src/backends/default.ts";
import "../../../src/interpreters/quax.ts";
import { expect, test } from "vitest";
import { EscapedTracerError } from "../../../src/core/errors.ts";
import type { AnyPrimitive } from "../../../src/core/primitive.ts";
import { scalarOf } from "../../../src/core/scalar.ts";
import {
  bind,
  currentTrace,
  describe as show,
  isEager,
  Trace,
  Tracer,
  withNewTrace,
  withTrace,
} from "../../../src/core/trace.ts";
import { type ArrayValue, avalOf, type NDArray } from "../../../src/core/value.ts";
import { add, neg } from "../../../src/lax/index.ts";

class Seen extends Tracer {
  override readonly aval = avalOf([2], "float32");
  constructor(override readonly trace: Trace) {
    super();
  }
  override concrete(): NDArray | null {
    return null;
  }
}

/** Notes what it is asked to do, and answers with its own tracer. */
class Recorder extends Trace {
  readonly names: string[] = [];
  override bind(prim: AnyPrimitive, operands: readonly ArrayValue[]): ArrayValue[] {
    this.names.push(`${prim.primitive}/${operands.length}`);
    return [new Seen(this)];
  }
}

const recorder = () => new Recorder(currentTrace(), "recorder of test");

test("the current trace gets every operation, until its body is over", () => {
  const trace = recorder();
  expect(isEager()).toBe(true);
  withNewTrace(trace, () => {
    expect(isEager()).toBe(false);
    add(neg(1), 2);
  });
  expect(trace.names).toEqual(["neg/1", "add/2"]);
  expect([isEager(), trace.alive]).toEqual([true, false]);
});

test("the outer trace is current again after an error", () => {
  const trace = recorder();
  expect(() =>
    withNewTrace(trace, () => {
      withTrace(trace.parent!, () => {
        throw new Error("mine");
      });
    }),
  ).toThrow("mine");
  expect([isEager(), trace.alive]).toEqual([true, false]);
});

test("eager evaluation refuses a tracer, and says whose it is", () => {
  const escaped = withNewTrace(recorder(), () => neg(1));
  expect(() => neg(escaped)).toThrow(EscapedTracerError);
  expect(() => neg(escaped)).toThrow(
    "neg got a tracer of f32[2] outside the transformation that made it. It was made by recorder of test.",
  );
  expect(neg(scalarOf(2, "float32")).dtype).toBe("float32");
});

test("bind takes values only", () => {
  expect(() => bind(neg, [1 as never], {})).toThrow("neg.bind takes values; operand 0 is the number 1");
  expect(() => bind(neg, [[1, 2] as never], {})).toThrow("operand 0 is a list of 2");
  expect(() => bind(neg, [undefined as never], {})).toThrow("operand 0 is undefined");
});

test("anything can be described", () => {
  class Mine {}
  const things = [
    scalarOf(1, "int32"),
    null,
    undefined,
    [1, 2],
    "a",
    () => 0,
    function named() {},
    new Mine(),
    { a: 1 },
    3,
    true,
    Object.create(null),
    Symbol("s"),
    1n,
  ];
  expect(things.map(show)).toEqual([
    "NDArray i32[]",
    "null",
    "undefined",
    "a list of 2",
    'the string "a"',
    "the function (anonymous)",
    "the function named",
    "an object of class Mine",
    "an object of class Object",
    "the number 3",
    "the boolean true",
    "an object of class Object",
    "the symbol Symbol(s)",
    "the bigint 1",
  ]);
});
