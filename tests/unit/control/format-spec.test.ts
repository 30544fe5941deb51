import { expect, test } from "vitest";
import { formatNumber, formatString, type PythonNumber } from "../../../src/control/format-spec.ts";
import { ArgumentError } from "../../../src/core/errors.ts";

// Results of Python's format(x, specification).
const formatted: readonly (readonly [x: PythonNumber, specification: string, text: string])[] = [
  [0.5, ".0f", "0"],
  [2.5, ".0f", "2"],
  [0.125, ".2f", "0.12"],
  [1e21, ".1f", "1000000000000000000000.0"],
  [-0.0001, "z.1f", "0.0"],
  [1234567.891, ",.2f", "1,234,567.89"],
  [0.5, "%", "50.000000%"],
  [9.995, ".2e", "9.99e+00"],
  [123456, "g", "123456"],
  [1234567, "g", "1.23457e+06"],
  [255n, "#x", "0xff"],
  [1234567n, "015,", "000,001,234,567"],
  [-42n, "+06d", "-00042"],
  [NaN, "6.1f", "   nan"],
  [-Infinity, "g", "-inf"],
  [3n, ".2f", "3.00"],
  [65n, "c", "A"],
  [5e-324, "0=_f", "0.000000"],
  [1e21, "14,.5F", "1,000,000,000,000,000,000,000.00000"],
  [825.4276603834646, "^ #017.4f", "0000 825.42770000"],
  [0.3333333333333333, "z.2G", "0.33"],
  [1e-5, "7E", "1.000000E-05"],
  [0.1, "*^.2f", "0.10"],
  [5e-324, "0>017%", "000000000.000000%"],
  [123456.789, "#", "123456.789"],
  [NaN, "-0_G", "NAN"],
  [Infinity, "x=#5,.5E", "xxINF"],
  [1e21, "0_.11", "1e+21"],
  [9.5, "13.5g", "          9.5"],
  [0.5, "0<-z#_e", "5.000000e-01"],
  [9.5, " #18.1G", "            1.E+01"],
  [1.2345678901234568e17, "0e", "1.234568e+17"],
  [123456.789, "_G", "123_457"],
  [511.15465547528834, "-11.11G", "511.15465548"],
  [NaN, "F", "NAN"],
  [1.2345678901234568e17, "9f", "123456789012345680.000000"],
  [NaN, "7f", "    nan"],
  [693.4449427871871, "x<4.4%", "69344.4943%"],
  [99.99, "0^-#F", "99.990000"],
  [1.5, "_.9", "1.5"],
  [2.5, "*>-e", "2.500000e+00"],
  [255n, "2x", "ff"],
  [255n, ",%", "25,500.000000%"],
  [680073n, "*=#g", "680073."],
  [-1234567n, "#15", "       -1234567"],
  [-1n, "*^_x", "-1"],
  [1n, "=+_g", "+1"],
  [1n, "-X", "1"],
  [1n, "4X", "   1"],
  [1n, "-3e", "1.000000e+00"],
  [2147483647n, "-8", "2147483647"],
  [255n, " f", " 255.000000"],
  [-1n, "10e", "-1.000000e+00"],
  [{ re: 0, im: 0.5 }, "x>.2", "0.5j"],
  [{ re: -2.5, im: 1 }, ",", "(-2.5+1j)"],
  [{ re: 3.25, im: 0.5 }, "_e", "3.250000e+00+5.000000e-01j"],
  [{ re: 0, im: 1 }, "13,.10g", "         0+1j"],
  [{ re: 1, im: 0.5 }, ".9f", "1.000000000+0.500000000j"],
  [{ re: -2.5, im: -2.5 }, "6", "(-2.5-2.5j)"],
  [{ re: 3.25, im: -2.5 }, "-12_", " (3.25-2.5j)"],
  [{ re: -2.5, im: -2.5 }, "2f", "-2.500000-2.500000j"],
  [{ re: -2.5, im: 0.5 }, "+.6f", "-2.500000+0.500000j"],
  [{ re: 1, im: 0.5 }, "*<14.3", "(1+0.5j)******"],
];
const refused: readonly (readonly [x: PythonNumber, specification: string])[] = [
  [{ re: -2.5, im: 1 }, "0>.10"],
  [{ re: 1, im: 1 }, "#06,.2f"],
  [{ re: 3.25, im: 0.5 }, "0>.8f"],
  [{ re: 3.25, im: 1 }, "0<-,.0e"],
  [{ re: 1, im: 1 }, "=.10g"],
  [{ re: 0, im: -2.5 }, "0.5e"],
  [{ re: 1, im: -2.5 }, "0_.2f"],
  [{ re: 3.25, im: -2.5 }, "x=11.7f"],
  [{ re: -2.5, im: 0.5 }, " 017.4e"],
  [{ re: 1, im: 0.5 }, "-0.8e"],
  [{ re: 3.25, im: 1 }, "+#017.12g"],
  [{ re: 1, im: -2.5 }, "="],
];

test.each(formatted)("format(%s, %j) is %j", (x, specification, text) => {
  expect(formatNumber(x, specification)).toBe(text);
});

test.each(refused)("format(%s, %j) is refused, as by Python", (x, specification) => {
  expect(() => formatNumber(x, specification)).toThrow(ArgumentError);
});

test("the exact decimal expansion is rounded, ties to even", () => {
  expect([0.125, 0.375, 2.675, 1e23].map((x) => formatNumber(x, ".2f"))).toEqual([
    "0.12",
    "0.38",
    "2.67",
    "99999999999999991611392.00",
  ]);
});

test("text is padded and cut", () => {
  expect(formatString("abc", "*^7.2")).toBe("**ab***");
  expect(formatString("abc", ">5s")).toBe("  abc");
  expect(() => formatString("abc", ".2f")).toThrow(/not for text/);
  expect(() => formatString("abc", "=5")).toThrow(/not for text/);
});
