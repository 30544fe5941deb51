import "../../../src/numpy/methods.ts";
import { describe, expect, test } from "vitest";
import { checkFormat, formatText, parseFormat } from "../../../src/control/format.ts";
import { ArgumentError } from "../../../src/core/errors.ts";
import { type ArrayValue, ArrayValue as ArrayValueClass, type Aval } from "../../../src/core/value.ts";
import { Zero } from "../../../src/interpreters/zero.ts";
import { P } from "../../dispatch-values.ts";
import { array } from "../arrays.ts";

const format = (text: string, ...values: unknown[]): string => formatText(parseFormat(text), values, {});
const named = (text: string, values: Readonly<Record<string, unknown>>): string =>
  formatText(parseFormat(text), [], values);
const check = (
  text: string,
  positional: readonly unknown[] = [],
  names: Readonly<Record<string, unknown>> = {},
) => checkFormat(parseFormat(text), positional, names);

describe("fields", () => {
  test("are numbered by themselves, by hand, or named", () => {
    expect(format("{} and {}", 1, "b")).toBe("1 and b");
    expect(format("{1} {0} {1}", 1, 2)).toBe("2 1 2");
    expect(named("{x}/{y}", { x: 1, y: 2 })).toBe("1/2");
  });

  test("doubled braces are characters", () => {
    expect(format("{{{}}} {{x}}", 1)).toBe("{1} {x}");
  });

  test("lead into lists, trees and arrays", () => {
    const params = {
      w: array([
        [1, 2],
        [3, 4],
      ]),
      sizes: [10, 20],
    };
    expect(named("{p.w.shape} {p.w[1]} {p.sizes[0]} {p[sizes]}", { p: params })).toBe(
      "[2, 2] [3. 4.] 10 [10, 20]",
    );
    expect(() => named("{p.v}", { p: params })).toThrow(/has no member v/);
  });

  test("a specification may hold fields", () => {
    expect(format("[{:>{}}] [{:.{}f}]", 1, 4, 0.126, 2)).toBe("[   1] [0.13]");
  });

  test("conversions", () => {
    expect(format("{!r} {!s} {!r:>5}", "a", "a", "b")).toBe("'a' a   'b'");
    expect(format("{!r}", array([1, 2]))).toBe("Array([1., 2.], dtype=float32)");
  });

  test.each([
    ["{", /single "{"/],
    ["a } b", /single "}"/],
    ["{x", /single "{"/],
    ["{:", /not closed/],
    ["{a{b}}", /in the name of a field/],
    ["{!z}", /unknown conversion/],
    ["{a.}", /is no field/],
    ["{} {0}", /numbered/],
    ["{0} {}", /numbered/],
  ])("%j is no format", (text, message) => {
    expect(() => parseFormat(text)).toThrow(ArgumentError);
    expect(() => parseFormat(text)).toThrow(message);
  });
});

describe("values", () => {
  test("scalars are Python's numbers, with all of their digits", () => {
    expect(format("{} {}", array(1, "float32"), array(0.1, "float32"))).toBe("1.0 0.10000000149011612");
    expect(format("{} {} {}", array(3, "int32"), array(true), array(1.5, "bfloat16"))).toBe("3 True 1.5");
    expect(format("{:.2f} {:05d} {:d}", array(0.1), array(42, "int32"), array(true))).toBe("0.10 00042 1");
    expect(format("{:.1f}", array(1.25, "float16"))).toBe("1.2");
  });

  test("arrays are printed as NumPy does", () => {
    expect(
      format(
        "{}",
        array([
          [1, 2.5],
          [3, 4],
        ]),
      ),
    ).toBe("[[1.  2.5]\n [3.  4. ]]");
  });

  test("trees show their structure and the dtypes in it", () => {
    expect(named("{t}", { t: { a: array([1]), b: [array(1, "int32"), "s", null, true] } })).toBe(
      "{a: Array([1.], dtype=float32), b: [Array(1, dtype=int32), 's', null, True]}",
    );
  });

  test("a structured value shows what it consists of, unless it has a text of its own", () => {
    class Own extends ArrayValueClass {
      constructor(readonly array: ArrayValue) {
        super();
      }
      override get aval(): Aval {
        return this.array.aval;
      }
      override toString(): string {
        return "own";
      }
    }
    expect(format("{} {}", new P(array([1])), new Own(array([1])))).toBe(
      "P(array=Array([1.], dtype=float32)) own",
    );
    expect(format("{}", new Zero([2], "float32"))).toBe("Zero(float32[2])");
  });

  test("specifications are for numbers and text", () => {
    expect(() => format("{:.2f}", array([1]))).toThrow(/for scalars, and the value is NDArray f32\[1\]/);
    expect(() => format("{:>3}", [1])).toThrow(/not for a list of 1/);
  });
});

describe("a format and its values are checked against each other", () => {
  test("each field has a value", () => {
    expect(() => check("{} {}", [1])).toThrow(/no value for the field \{1\}/);
    expect(() => check("{x}", [], { y: 1 })).toThrow(/no value for the field \{x\}/);
    expect(() => check("{:{w}}", [1])).toThrow(/no value for the field \{w\}/);
  });

  test("each value has a field", () => {
    expect(() => check("loss", [1])).toThrow(/no field for number 0, the number 1/);
    expect(() => check("{x}", [], { x: 1, y: 2 })).toThrow(/no field for y/);
  });

  test("a specification for an array is refused before the program runs", () => {
    expect(() => check("{:.3f}", [array([1])])).toThrow(/for scalars/);
    expect(() => check("{!r:>40}", [array([1])])).not.toThrow();
  });
});
