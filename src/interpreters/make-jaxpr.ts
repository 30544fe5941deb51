import { mapWith, type TreeDef } from "../tree/index.ts";
import { type DType, type DTypeLike, toDType } from "../core/dtype.ts";
import type { ClosedJaxpr } from "../core/jaxpr.ts";
import { ArgumentError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { checkAxisName, describe, type NamedAxis } from "../core/trace.ts";
import { weakScalar } from "../core/scalar.ts";
import { checkShape, type Shape, sizeOf } from "../core/shape.ts";
import { type ArrayValue, type Aval, avalOf, Dense, type Value } from "../core/value.ts";
import {
  argumentPath,
  avalsOf,
  type Flat,
  flattenArguments,
  flattenResult,
  toFunction,
} from "./arguments.ts";
import type { Traceable } from "./signature.ts";
import { stage } from "./stage.ts";

/**
 * Shape and dtype of an array that is not there: what `makeJaxpr` and `evalShape` take in place of one.
 *
 * @see `jax.ShapeDtypeStruct`
 */
export class ShapeDtypeStruct {
  readonly shape: Shape;
  readonly dtype: DType;
  /** @throws ShapeError, DTypeError on a bad shape or dtype. */
  constructor(shape: Shape, dtype: DTypeLike) {
    this.shape = checkShape(shape, "ShapeDtypeStruct");
    this.dtype = toDType(dtype, "ShapeDtypeStruct");
  }
  get ndim(): number {
    return this.shape.length;
  }
  get size(): number {
    return sizeOf(this.shape);
  }
  /** @internal */
  get aval(): Aval {
    return avalOf(this.shape, this.dtype);
  }
}

/** Stands for a struct while arguments are flattened. */
export class Placeholder extends Dense {
  constructor(override readonly aval: Aval) {
    super();
  }
  override concrete(): null {
    return null;
  }
}

const withPlaceholders = (args: readonly unknown[]): unknown =>
  mapWith(
    { isLeaf: (node) => node instanceof ShapeDtypeStruct },
    (leaf: unknown) => (leaf instanceof ShapeDtypeStruct ? new Placeholder(leaf.aval) : leaf),
    args,
  );

/** A traced function: its program, and the trees of what goes in and comes out. */
export interface Traced {
  readonly closed: ClosedJaxpr;
  readonly inTree: TreeDef;
  readonly outTree: TreeDef;
  /** Rebuilds the arguments from values of the jaxpr's inputs. */
  rebuildInputs(values: readonly unknown[]): unknown;
  /** Where the arrays are among the leaves of the result, and their paths. */
  readonly outs: Pick<Flat, "treedef" | "slots" | "paths">;
  /** What the jaxpr's inputs are: `argument 0 at .weight`. */
  readonly inNames: readonly string[];
  /** Rebuilds the result from values of the jaxpr's outputs. */
  rebuild(values: readonly unknown[]): unknown;
}

/** Traces `f` on the avals of its arguments, with `axes` bound. */
export function trace(
  f: unknown,
  args: readonly unknown[],
  transformation: string,
  axes: readonly NamedAxis[] = [],
  number: (x: number) => ArrayValue = weakScalar,
): Traced {
  const { call, name } = toFunction(f, transformation);
  const flat = flattenArguments(withPlaceholders(args), transformation, number);
  const label = `${transformation} of ${name}`;
  let out: ReturnType<typeof flattenResult> | undefined;
  const body = (inputs: readonly ArrayValue[]) => {
    out = flattenResult(call(...(flat.rebuild(inputs) as unknown[])), label);
    return out.arrays;
  };
  const inNames = flat.paths.map(argumentPath);
  const closed = stage(body, avalsOf(flat.arrays), label, (index) => inNames[index]!, axes);
  const { treedef, slots, paths, rebuild } = out!;
  return {
    closed,
    inTree: flat.treedef,
    outTree: treedef,
    inNames,
    rebuildInputs: flat.rebuild,
    outs: { treedef, slots, paths },
    rebuild,
  };
}

export interface MakeJaxprOptions {
  /** Named axes that are bound around `f`, as vmap's `axisName` binds one: `[name, size]` each, the innermost last. */
  readonly axisEnv?: readonly (readonly [name: string, size: number])[];
}

/**
 * The jaxpr of `f` for arguments of these shapes and dtypes. Nothing is computed.
 *
 * @throws ArgumentError when `axisEnv` is no list of names and sizes.
 * @example
 * String(makeJaxpr((x) => np.sin(x))(1.5)); // { lambda ; a:f32[]. let b:f32[] = sin a in (b,) }
 * @see `jax.make_jaxpr`
 */
export function makeJaxpr<Args extends unknown[] = ArrayValue[]>(
  f: Traceable<Args, unknown>,
  ...rest: Optionals<[], MakeJaxprOptions>
): (...args: readonly unknown[]) => ClosedJaxpr {
  const { axisEnv = [] } = readOptions<MakeJaxprOptions>("makeJaxpr", ["axisEnv"], rest);
  const axes = namedAxes(axisEnv);
  return (...args) => trace(f, args, "makeJaxpr", axes).closed;
}

function namedAxes(axisEnv: unknown): NamedAxis[] {
  const pairs: readonly unknown[] = Array.isArray(axisEnv) ? axisEnv : [axisEnv];
  return pairs
    .map((pair): NamedAxis => {
      const [name, size, ...more] = Array.isArray(pair) ? (pair as readonly unknown[]) : [];
      if (more.length > 0 || !Number.isInteger(size) || Number(size) < 0)
        throw new ArgumentError(
          "axis/environment",
          `makeJaxpr: axisEnv is a list of pairs [name, size], got ${describe(pair)}`,
        );
      return { name: checkAxisName(name, "makeJaxpr"), size: Number(size) };
    })
    .reverse();
}

/**
 * The result of `f` with a `ShapeDtypeStruct` in place of each array. Nothing is computed.
 *
 * @example
 * evalShape((x) => np.matmul(x, x.T), new ShapeDtypeStruct([2, 3], np.float32)).shape; // [2, 2]
 * @see `jax.eval_shape`
 */
export function evalShape<Args extends readonly unknown[] = ArrayValue[], R = unknown>(
  f: (...args: Args) => R,
  ...args: Abstract<NoInfer<Args>>
): Shaped<R> {
  const { closed, rebuild } = trace(f, args, "evalShape");
  return rebuild(closed.outAvals.map(({ shape, dtype }) => new ShapeDtypeStruct(shape, dtype))) as Shaped<R>;
}

/** What may stand in place of arguments of which only shapes and dtypes are read: structs for arrays. */
export type Abstract<T> = T extends Value
  ? T | ShapeDtypeStruct
  : T extends ((...args: never[]) => unknown) | { forward(...args: never[]): unknown }
    ? T
    : T extends object
      ? { readonly [K in keyof T]: Abstract<T[K]> }
      : T;

/** A result with structs for its arrays. */
export type Shaped<R> = R extends Value
  ? ShapeDtypeStruct
  : R extends readonly unknown[]
    ? { [K in keyof R]: Shaped<R[K]> }
    : R extends number
      ? ShapeDtypeStruct
      : R;
