import { register as registerNode } from "../tree/index.ts";
import { ArgumentError, MaterialiseError, UnitsError } from "../core/errors.ts";
import { describe, withTrace } from "../core/trace.ts";
import { ArrayValue, type Aval, Dense, NDArray, type Operand, showAval, type Value } from "../core/value.ts";
import { type DefaultRule, QuaxTracer } from "../interpreters/quax.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { one } from "./si.ts";
import { hasUnitRule, type Quantity, unitsOfOutputs } from "./unit-rules.ts";
import { Units, type UnitsLike } from "./units.ts";
import { inspectSymbol } from "../host/inspect-symbol.ts";

/**
 * An array of quantities: numbers of `units`. Operations compute their results' units, and refuse what physics has no
 * sense for: the sum of metres and seconds, the sine of a length. A plain array is dimensionless, except that constants
 * that are 0, infinite or NaN fit any units.
 *
 * @throws ArgumentError when the array is none, or the units are none.
 * @example
 * const speed = new values.Unitful(np.array([3, 4]), values.metre.per(values.second));
 * String(np.square(speed)); // "[ 9. 16.] m²·s⁻²"
 * @see `quax.examples.unitful.Unitful`
 */
export class Unitful extends ArrayValue {
  readonly array: ArrayValue;
  readonly units: Units;

  constructor(array: Operand, units: UnitsLike) {
    super();
    if (!(array instanceof ArrayValue) && typeof array !== "number")
      throw new ArgumentError(
        "units/array",
        `values.Unitful takes an array or a number, got ${describe(array)}`,
      );
    this.array = array instanceof ArrayValue ? array : np.array(array);
    this.units = Units.of(units);
  }

  override get aval(): Aval {
    return this.array.aval;
  }

  /**
   * The same quantities in other units.
   * @throws UnitsError when the dimensions differ.
   * @example
   * new values.Unitful(2, values.hour).to(values.second); // 7200 s
   */
  to(units: UnitsLike): Unitful {
    const wanted = Units.of(units);
    if (!wanted.sameDimensions(this.units)) {
      throw new UnitsError(
        "units/convert",
        `Cannot convert an array with units ${this.units.show()} to ${wanted.show()}. Their dimensions differ.`,
      );
    }
    const same = wanted.equals(this.units);
    return new Unitful(same ? this.array : np.multiply(this.array, this.units.scale / wanted.scale), wanted);
  }

  /**
   * The numbers, where they are dimensionless.
   * @throws MaterialiseError where they are not.
   */
  override materialise(): ArrayValue {
    if (this.units.sameDimensions(one)) return this.to(one).array;
    throw new MaterialiseError(
      "units/materialise",
      `Refusing to materialise Unitful array. Its units are ${this.units.show()}: x.to(units).array is the plain array of numbers in units of your choice`,
    );
  }

  override like(fill: ArrayValue, { shape, dtype }: Aval): ArrayValue {
    const value = fill instanceof Unitful ? fill.to(this.units).array : fill;
    return new Unitful(lax.full(shape, value, dtype), this.units);
  }

  /** `[1. 2.] m·s⁻¹`; the type where the numbers are not known. */
  override toString(): string {
    const known = this.array instanceof NDArray || !(this.array instanceof Dense);
    return known ? `${this.array.toString()} ${String(this.units)}` : describeQuantity(this);
  }
  [inspectSymbol](): string {
    return this.array instanceof NDArray
      ? `${describeQuantity(this)} ${this.array.toString()}`
      : describeQuantity(this);
  }

  /** Every primitive by the algebra of units: the numbers as for plain arrays, the units beside them. */
  static default: DefaultRule = (prim, operands, params) => {
    const { expand } = prim.rules;
    if (expand && !hasUnitRule(prim)) return expand(operands as readonly ArrayValue[], params);
    const units = unitsOfOutputs(prim, operands.map(quantity), params);
    const outs = prim.bind(
      operands.map((x) => (x instanceof Unitful ? x.array : x)),
      params,
    );
    return outs.map((out, i) => {
      const own = units.length === 1 ? units[0]! : units[i]!;
      return own === null ? out : new Unitful(out, own);
    });
  };
}

// The units are structure, as a shape is; and parts of a tree may be anything.
registerNode(Unitful, {
  flatten: (x) => [[x.array], x.units],
  unflatten: (units, [array]) => Object.assign(Object.create(Unitful.prototype) as Unitful, { array, units }),
  names: () => ["array"],
});

const describeQuantity = (x: Unitful): string => `Unitful(${showAval(x.aval)}, ${String(x.units)})`;

/** The units of any array: `one` for a plain one. */
export const unitsOf = (x: Value): Units => (x instanceof Unitful ? x.units : one);

/**
 * The same quantities in other units, as {@link Unitful.to}, also inside of quaxify. A plain array is dimensionless.
 * @throws UnitsError when the dimensions differ.
 */
export function convert(x: ArrayValue, units: UnitsLike): ArrayValue {
  if (x instanceof QuaxTracer) {
    const { trace, value } = x;
    return trace.box(withTrace(trace.parent, () => convert(value as ArrayValue, units))) as ArrayValue;
  }
  return (x instanceof Unitful ? x : new Unitful(x, one)).to(units);
}

const quantity = (x: Value): Quantity =>
  x instanceof Unitful
    ? { value: x.array, units: x.units, plain: false }
    : { value: x as ArrayValue, units: one, plain: true };
