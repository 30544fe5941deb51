import { ArgumentError, UnitsError } from "../core/errors.ts";
import { describe } from "../core/trace.ts";
import { type Fraction, fractionOf, plus, sameFraction, showFraction, times, whole } from "./fraction.ts";
import { inspectSymbol } from "../host/inspect-symbol.ts";

let count = 0;

/**
 * A kind of quantity that is no product of others, such as length; its name is that of its unit. Two dimensions of one
 * name are different.
 *
 * @example
 * const metre = new values.Dimension("m");
 * new values.Unitful(np.array([1, 2]), metre);
 */
export class Dimension {
  /** @internal Units are written in this order. */
  readonly id: number = count++;
  /** @throws ArgumentError when the name is no string. */
  constructor(readonly name: string) {
    checkLabel(name, "values.Dimension");
  }

  toString(): string {
    return this.name;
  }
}

/** A multiple of other units under a name of its own, such as the kilometre. */
interface Multiple {
  readonly id: number;
  readonly name: string;
  readonly scale: number;
  readonly of: Units;
}

type Factor = Dimension | Multiple;
type Powers<F> = ReadonlyMap<F, Fraction>;

/** What names units: units, a dimension for its own unit, or dimensions with their exponents. */
export type UnitsLike = Units | Dimension | ReadonlyMap<Dimension, number>;

/**
 * A product of powers of units, such as m·s⁻¹. There is one object for each product, so `===` compares how units are
 * written; `equals` compares what they are, and knows that 1 N is 1 kg·m·s⁻².
 */
export class Units {
  /** Exponents of the dimensions. */
  readonly dimensions: ReadonlyMap<Dimension, Fraction>;
  /** How many of the dimensions' own units this is: 1000 for the kilometre. */
  readonly scale: number;

  private constructor(
    /** @internal How it is written: names and their exponents, none of them 0. */
    readonly powers: Powers<Factor>,
  ) {
    let scale = 1;
    const dimensions = new Map<Dimension, Fraction>();
    for (const [factor, power] of powers) {
      const own: Powers<Dimension> =
        factor instanceof Dimension ? new Map([[factor, whole(1)]]) : factor.of.dimensions;
      if (!(factor instanceof Dimension)) scale *= (factor.scale * factor.of.scale) ** (power.n / power.d);
      for (const [dimension, exponent] of own) raise(dimensions, dimension, times(exponent, power));
    }
    this.dimensions = dimensions;
    this.scale = scale;
  }

  /**
   * The units that `x` names.
   * @throws ArgumentError when it names none; UnitsError when an exponent is no fraction.
   */
  static of(x: UnitsLike): Units {
    if (x instanceof Units) return x;
    if (x instanceof Dimension) return product([[x, whole(1)]]);
    if (!(x instanceof Map)) {
      throw new ArgumentError(
        "units/units",
        `units are Units, a Dimension, or a Map of dimensions to exponents, got ${describe(x)}`,
      );
    }
    return product(
      [...(x as ReadonlyMap<Dimension, number>)].map(([dimension, power]) => {
        if (dimension instanceof Dimension) return [dimension, exact(power)];
        throw new ArgumentError(
          "units/units",
          `units are Units, a Dimension, or a Map of dimensions to exponents, got a Map with the key ${describe(dimension)}`,
        );
      }),
    );
  }

  /** @internal */
  static written(powers: Powers<Factor>): Units {
    return new Units(powers);
  }

  times(other: UnitsLike): Units {
    return product([...this.powers, ...Units.of(other).powers]);
  }
  per(other: UnitsLike): Units {
    return this.times(Units.of(other).pow(-1));
  }
  /** @throws UnitsError when the exponent is no fraction. */
  pow(exponent: number): Units {
    const power = exact(exponent);
    return product([...this.powers].map(([factor, own]) => [factor, times(own, power)]));
  }
  /**
   * `scale` of these units under a name of its own.
   * @example
   * const kilometre = values.metre.multiple(1000, "km");
   */
  multiple(scale: number, name: string): Units {
    checkLabel(name, "multiple");
    if (typeof scale !== "number" || !(scale > 0 && scale < Infinity))
      throw new ArgumentError(
        "units/scale",
        `${name}: a unit is a positive multiple of another, got ${describe(scale)}`,
      );
    const factor: Multiple = { id: count++, name, scale, of: this };
    return product([[factor, whole(1)]]);
  }

  /** Whether quantities in these and in `other` can be converted into each other. */
  sameDimensions(other: Units): boolean {
    const [a, b] = [this.dimensions, other.dimensions];
    return (
      a.size === b.size &&
      [...a].every(([dimension, power]) => {
        const theirs = b.get(dimension);
        return theirs !== undefined && sameFraction(power, theirs);
      })
    );
  }
  /** Whether they are the same, however they are written. */
  equals(other: Units): boolean {
    // Scales are products of decimal fractions, in whatever order.
    return this === other || (this.sameDimensions(other) && Math.abs(this.scale / other.scale - 1) < 1e-12);
  }

  /** `m·s⁻¹`; `1` where there are none. */
  toString(): string {
    const factors = [...this.powers].sort(([, a], [, b]) => Math.sign(b.n) - Math.sign(a.n));
    return factors.map(([{ name }, power]) => name + superscript(power)).join("·") || "1";
  }
  /** `{m: 1, s: -1}`, for messages. */
  show(): string {
    return `{${[...this.powers].map(([{ name }, power]) => `${name}: ${showFraction(power)}`).join(", ")}}`;
  }
  [inspectSymbol](): string {
    return `Units(${String(this)})`;
  }
}

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";
function superscript({ n, d }: Fraction): string {
  if (d !== 1) return `^(${n}/${d})`;
  return n === 1
    ? ""
    : String(n)
        .replace("-", "⁻")
        .replace(/\d/g, (digit) => superscripts[Number(digit)]!);
}

function raise<F>(powers: Map<F, Fraction>, factor: F, by: Fraction): void {
  const power = plus(powers.get(factor) ?? whole(0), by);
  if (power.n === 0) powers.delete(factor);
  else powers.set(factor, power);
}

/** @throws ArgumentError when it is no name. */
function checkLabel(name: unknown, caller: string): void {
  if (typeof name !== "string" || name === "")
    throw new ArgumentError("units/name", `${caller}: the name of a unit is a string, got ${describe(name)}`);
}

function exact(exponent: number): Fraction {
  const fraction = typeof exponent === "number" ? fractionOf(exponent) : null;
  if (fraction !== null) return fraction;
  throw new UnitsError(
    "units/exponent",
    `an exponent of a unit is a fraction whose denominator is at most 1000, got ${String(exponent)}: make the quantity dimensionless first, by dividing it by a unit`,
  );
}

const written = new Map<string, Units>();

/** One object for each product, so that units can be compared by identity, as a pytree's structure is. */
function product(factors: Iterable<readonly [Factor, Fraction]>): Units {
  const sum = new Map<Factor, Fraction>();
  for (const [factor, power] of factors) raise(sum, factor, power);
  const powers = [...sum].sort(([a], [b]) => a.id - b.id);
  const key = powers.map(([{ id }, power]) => `${id}^${showFraction(power)}`).join(" ");
  let units = written.get(key);
  if (units === undefined) written.set(key, (units = Units.written(new Map(powers))));
  return units;
}
