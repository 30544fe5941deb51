import { register as registerNode } from "../tree/index.ts";
import { ArgumentError, MaterialiseError, ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { sameShape, type Shape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Aval, type Value } from "../core/value.ts";
import type { DefaultRule } from "../interpreters/quax.ts";
import { Zero } from "../interpreters/zero.ts";
import * as lax from "../lax/index.ts";
import { Anonymous, type Axis, checkAxes, showAxes } from "./axis.ts";
import { namedResults, type Operand } from "./named-rules.ts";
import { inspectSymbol } from "../host/inspect-symbol.ts";

export interface NamedOptions {
  /**
   * Whether functions that do not go by name may take it for the plain array, and functions of it alone do. Default
   * false: they are refused.
   */
  readonly allowMaterialise?: boolean | undefined;
}

/**
 * An array whose axes have names. Elementwise functions align their operands by name, whatever the order of the axes,
 * and repeat them along axes that they lack. Products pair axes by place, and check their names.
 *
 * @throws ShapeError when an axis has no name, two have the same, or a size is not as the name says.
 * @example
 * const [time, feature] = [new values.Axis(4, "time"), new values.Axis(3, "feature")];
 * const x = new values.NamedArray(np.ones([4, 3]), [time, feature]);
 * values.sum(x, time); // NamedArray(f32[3], (feature))
 * @see `quax.examples.named.NamedArray`
 */
export class NamedArray extends ArrayValue {
  readonly array: ArrayValue;
  readonly axes: readonly Axis[];
  readonly allowMaterialise: boolean;

  constructor(array: ArrayValue, axes: readonly Axis[], options: NamedOptions | boolean = {}) {
    super();
    const caller = "values.NamedArray";
    if (!(array instanceof ArrayValue))
      throw new ArgumentError("named/array", `${caller} names the axes of an array, got ${describe(array)}`);
    const { allowMaterialise = false } = readOptions<NamedOptions>(caller, ["allowMaterialise"], [options]);
    checkAxes({ array, axes });
    this.array = array;
    this.axes = [...axes];
    this.allowMaterialise = allowMaterialise;
  }

  override get aval(): Aval {
    return this.array.aval;
  }

  /** @throws MaterialiseError unless `allowMaterialise` is set: axes go by name, not by place. */
  override get shape(): Shape {
    if (this.allowMaterialise) return this.aval.shape;
    throw new MaterialiseError(
      "named/shape",
      `Refusing to access the shape of a \`NamedArray\` with \`allowMaterialise: false\`. Its axes are ${showAxes(this.axes)}: x.axes has their sizes, x.array their order`,
    );
  }

  /** @throws MaterialiseError unless `allowMaterialise` is set, or no axis has a name that would be lost. */
  override materialise(): ArrayValue {
    if (this.allowMaterialise || this.axes.every((axis) => axis instanceof Anonymous)) return this.array;
    throw new MaterialiseError(
      "named/materialise",
      `Refusing to materialise \`NamedArray\` with \`allowMaterialise: false\`. Its axes are ${showAxes(this.axes)}: x.array is the plain array`,
    );
  }

  /** The same array, to be taken for a plain one by functions that do not go by name. */
  enableMaterialise(allowMaterialise = true): NamedArray {
    return new NamedArray(this.array, this.axes, allowMaterialise);
  }

  override like(fill: ArrayValue, { shape, dtype }: Aval): ArrayValue | null {
    return sameShape(shape, this.aval.shape) ? new NamedArray(lax.full(shape, fill, dtype), this.axes) : null;
  }

  override toString(): string {
    return `${this.array.toString()} ${showAxes(this.axes)}`;
  }
  [inspectSymbol](): string {
    const rows = this.array.toString().replaceAll("\n", `\n${" ".repeat("NamedArray(".length)}`);
    return `NamedArray(${rows}, ${showAxes(this.axes)})`;
  }

  /** Every primitive that goes by name; others have no rule. */
  static default: DefaultRule = (prim, operands, params) => {
    const [x] = operands;
    if (operands.length === 1 && x instanceof NamedArray && x.allowMaterialise) return null;
    const outs = namedResults(prim, operands.map(operand), params);
    return outs && outs.map(({ array, axes }) => new NamedArray(array, axes));
  };
  /** Names go outside of other structure. */
  static readonly defaultPrecedence = 1;
}

type Names = Pick<NamedArray, "axes" | "allowMaterialise">;
// Names are structure, as a shape is; and parts of a tree may be anything.
registerNode(NamedArray, {
  flatten: ({ array, axes, allowMaterialise }: NamedArray) => [[array], { axes, allowMaterialise }],
  unflatten: (names: Names, [array]) =>
    Object.assign(Object.create(NamedArray.prototype) as NamedArray, { array, ...names }),
  names: () => ["array"],
});

function operand(x: Value): Operand {
  if (!(x instanceof NamedArray))
    return { array: x instanceof Zero ? x.materialise() : (x as ArrayValue), axes: null };
  return whole(x);
}

/** @throws ShapeError when a transformation took an axis of the array, and left the names. */
export function whole(x: NamedArray): NamedArray {
  if (x.axes.length === x.array.aval.shape.length) return x;
  throw new ShapeError(
    "named/place",
    `A NamedArray with axes ${showAxes(x.axes)} holds an array of shape ${showShape(x.array.aval.shape)}: a transformation that maps over an axis by place took it apart. Put vmap inside of quaxify, as in quaxify(vmap(f))(x); give scan and lax.map the plain x.array, and name the slices`,
  );
}
