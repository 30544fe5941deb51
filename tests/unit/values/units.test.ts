import fc from "fast-check";
import { ArgumentError, UnitsError, values } from "cotangent";
import { describe, expect, test } from "vitest";

const { ampere, Dimension, hour, joule, kilogram, kilometre, metre, newton, one, second, Units, volt, watt } =
  values;

const unit = fc.constantFrom(kilogram, metre, second, ampere, newton, kilometre, hour, volt);
const units = fc
  .array(fc.tuple(unit, fc.integer({ min: -3, max: 3 })), { maxLength: 4 })
  .map((factors) => factors.reduce((all, [factor, power]) => all.times(factor.pow(power)), one));

describe("units", () => {
  test("are a commutative group, and pow is its scaling by fractions", () => {
    fc.assert(
      fc.property(units, units, units, (a, b, c) => {
        expect(a.times(b)).toBe(b.times(a));
        expect(a.times(b).times(c)).toBe(a.times(b.times(c)));
        expect(a.per(a)).toBe(one);
        expect(a.times(one)).toBe(a);
        expect(a.times(b).pow(3)).toBe(a.pow(3).times(b.pow(3)));
        expect(a.pow(1 / 3).pow(3)).toBe(a);
        expect(a.pow(0.5).times(a.pow(0.5))).toBe(a);
      }),
    );
  });

  test("have a scale and dimensions that go along", () => {
    fc.assert(
      fc.property(units, units, (a, b) => {
        expect(a.times(b).scale / (a.scale * b.scale)).toBeCloseTo(1, 12);
        expect(a.times(b).equals(b.times(a))).toBe(true);
        expect(a.sameDimensions(b)).toBe(a.per(b).sameDimensions(one));
      }),
    );
  });

  test("are the same however they are written", () => {
    expect(newton.equals(kilogram.times(metre).per(second.pow(2)))).toBe(true);
    expect(newton === kilogram.times(metre).per(second.pow(2))).toBe(false);
    expect(joule.per(second).equals(watt)).toBe(true);
    expect(kilometre.equals(metre)).toBe(false);
    expect(kilometre.sameDimensions(metre)).toBe(true);
    expect(kilometre.per(hour).scale).toBeCloseTo(1 / 3.6, 12);
  });

  test("are written in the order of the SI, with exponents", () => {
    expect(String(newton.per(metre))).toBe("N·m⁻¹");
    expect(String(second.pow(-2).times(metre).times(kilogram))).toBe("kg·m·s⁻²");
    expect(String(metre.pow(1 / 2))).toBe("m^(1/2)");
    expect(String(metre.pow(-12))).toBe("m⁻¹²");
    expect([String(one), one.show(), metre.per(second).show()]).toEqual(["1", "{}", "{m: 1, s: -1}"]);
  });

  test("come from dimensions, which are themselves and not their names", () => {
    const bit = new Dimension("bit");
    expect(Units.of(bit)).toBe(Units.of(new Map([[bit, 1]])));
    expect(Units.of(new Map([[bit, 0]]))).toBe(one);
    expect(Units.of(bit).equals(Units.of(new Dimension("bit")))).toBe(false);
  });

  test("refuse what is none", () => {
    expect(() => Units.of("m" as never)).toThrow(ArgumentError);
    expect(() => metre.times(2 as never)).toThrow("units are Units, a Dimension, or a Map");
    expect(() => metre.pow(Math.PI)).toThrow(UnitsError);
    expect(() => metre.multiple(0, "nothing")).toThrow("a unit is a positive multiple");
  });
});
