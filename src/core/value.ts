import type {} from "./method-types.ts"; // declares the methods below; in .d.ts it is a plain import, in .js nothing
import { nodeKind } from "../tree/index.ts";
import type { Buffer } from "./backend.ts";
import type { DType, TypedArray } from "./dtype.ts";
import { dtypeInfo } from "./dtype.ts";
import { ConcretizationError, MaterialiseError } from "./errors.ts";
import type { Shape } from "./shape.ts";
import { sizeOf } from "./shape.ts";

/** What is known of an array before it has data: shape, dtype, and whether it came from a plain number. */
export interface Aval {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Weakly typed: gives way to the dtype of what it meets, as a number does. */
  readonly weak: boolean;
}

export const avalOf = (shape: Shape, dtype: DType, weak = false): Aval => ({ shape, dtype, weak });

/** Equal shape, dtype and weakness. */
export function sameAval(a: Aval, b: Aval): boolean {
  if (a === b) return true;
  if (a.dtype !== b.dtype || a.weak !== b.weak || a.shape.length !== b.shape.length) return false;
  for (let i = 0; i < a.shape.length; i++) if (a.shape[i] !== b.shape[i]) return false;
  return true;
}

/** `f32[2,3]`, as JAX prints it. */
export const showAval = (aval: Aval): string => `${dtypeInfo[aval.dtype].short}[${aval.shape.join(",")}]`;

const valueMark = Symbol.for("cotangent.value");

/** Whether `x` is a value that another copy of the library made, which `instanceof` here does not know. */
export const isForeignValue = (x: unknown): boolean =>
  typeof x === "object" && x !== null && valueMark in x && !(x instanceof Value);

/**
 * Anything that primitives dispatch on. A subclass is a pytree: its own fields are the children, and numbers, booleans,
 * strings and functions among them are static.
 *
 * @see `quax.Value`
 */
export abstract class Value {
  static readonly [nodeKind]: "fields" | "leaf" = "fields";

  /** Shape and dtype that the value stands for. Must be pure. */
  abstract get aval(): Aval;

  /**
   * The plain array that this value stands for; used where no rule matches.
   * @throws MaterialiseError when the class forbids it, which is the default.
   */
  materialise(): ArrayValue {
    throw new MaterialiseError(
      "quax/materialise",
      `${this.constructor.name} cannot be turned into a plain array`,
    );
  }
}

/** A number, a boolean or an array: what functions accept as an array argument. */
export type Operand = ArrayValue | number | boolean;

/** A value with a shape and a dtype. Subclass it and give it rules with `register(primitive, signature, rule)`. */
export abstract class ArrayValue extends Value {
  get shape(): Shape {
    return this.aval.shape;
  }
  get dtype(): DType {
    return this.aval.dtype;
  }
  /** Number of axes. */
  get ndim(): number {
    return this.aval.shape.length;
  }
  /** Number of elements. */
  get size(): number {
    return sizeOf(this.aval.shape);
  }

  /**
   * What `np.zerosLike` and its kin make of this value: an array of `aval`'s shape and dtype that holds the scalar `fill`
   * everywhere, in a class of its own. Null, the default, is a plain array.
   *
   * @example
   * override like(fill: ArrayValue, { shape, dtype }: Aval) {
   *   return new Quantity(lax.full(shape, fill, dtype), this.metres);
   * }
   */
  like(_fill: ArrayValue, _aval: Aval): ArrayValue | null {
    return null;
  }

  /**
   * The change of this array when its parts change by those of `change`, for a rule of `customJvp`. A class whose array is
   * linear in its parts does not define it: there it is `change`.
   */
  tangentOf?(change: this): ArrayValue;
}

// The operator methods (add, sum, get, …) are declared in method-types.ts and installed by numpy/methods.ts.

/** What the core treats as a plain array: concrete data, or a tracer of some transformation. */
export abstract class Dense extends ArrayValue {
  static override readonly [nodeKind]: "fields" | "leaf" = "leaf";

  override materialise(): ArrayValue {
    return this;
  }

  /** The data behind it, where it is known now; null for an abstract tracer. */
  abstract concrete(): NDArray | null;
}

/** A concrete, immutable array. */
export class NDArray extends Dense {
  constructor(
    override readonly aval: Aval,
    /** @internal Another one once the array is donated. */
    public buffer: Buffer,
  ) {
    super();
  }

  override concrete(): NDArray {
    return this;
  }

  /** @internal The storage itself, never to be written to. */
  get storage(): TypedArray {
    return this.buffer.read();
  }
}

/**
 * The concrete array behind `x`, for a use that needs numbers now.
 *
 * @throws ConcretizationError when `x` is traced and its value is not known.
 */
export function concreteOf(x: ArrayValue, use: string): NDArray {
  const dense = x instanceof Dense ? x : x.materialise();
  const array = dense instanceof Dense ? dense.concrete() : null;
  if (array === null) {
    const origin = "origin" in dense && typeof dense.origin === "string" ? ` ${dense.origin}` : "";
    throw new ConcretizationError(
      "trace/concretization",
      `${use} needs a concrete value, but this one is traced: ${showAval(x.aval)}.${origin} Use np.where, lax.cond or a static argument (jit's staticArgnums) instead of its number.`,
    );
  }
  return array;
}

// On the prototype, so that it is no field of any value.
Object.defineProperty(Value.prototype, valueMark, { value: true });
