import { flattenUpTo } from "../tree/index.ts";
import { isComplex, isInexact } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { Linear } from "../core/primitive.ts";
import { scalarOf } from "../core/scalar.ts";
import { sameShape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { type ArrayValue, type Aval, showAval } from "../core/value.ts";
import { argumentPath, arrayLeaf, checkList, type Flat, isNode, resultPath } from "./arguments.ts";
import { type Linearized, type LinearizedFunction, linearizeFunction } from "./linearize.ts";
import {
  type ArgnumsOf,
  type AuxOf,
  type Gradient,
  type GradientsOf,
  type HasAux,
  type MainOf,
  toFunction,
  type Traceable,
} from "./signature.ts";
import { transposeJaxpr } from "./transpose.ts";
import { tangentDType, Zero, zeroTangent } from "./zero.ts";

/** Applies the transpose of a tangent map: one cotangent per primal, null where it is structurally zero. */
export function pullBack(
  { program, inputs, outputs }: Linearized,
  cotangents: readonly (ArrayValue | null)[],
  primals: number,
): (ArrayValue | null)[] {
  const given = outputs.flatMap((j, i) => (j === null ? [] : [cotangents[i] ?? null]));
  const results = transposeJaxpr(
    program,
    program.inAvals.map((aval) => new Linear(aval)),
    given,
  );
  const all: (ArrayValue | null)[] = Array.from({ length: primals }, () => null);
  inputs.forEach((i, k) => (all[i] = results[k] ?? null));
  return all;
}

/** Where a result has arrays, and what its cotangents are called. */
type Cotangents = Pick<Flat, "treedef" | "slots" | "paths">;

/** Cotangents given for a result, of these avals; null where one is a structural zero. */
export function matchCotangents(
  out: Cotangents,
  avals: readonly Aval[],
  cotangents: unknown,
  caller: string,
): (ArrayValue | null)[] {
  const given = flattenUpTo(out.treedef, cotangents, "the tree of cotangents");
  return out.slots.flatMap((slot, i) => {
    if (slot < 0) return [];
    const { shape, dtype, weak } = avals[slot]!;
    const place = `${caller}: the cotangent of ${resultPath(out.paths[slot]!)}`;
    const leaf = given[i];
    if (leaf instanceof Zero) return [null];
    if (typeof leaf === "number" && shape.length === 0 && dtype !== "float0")
      return [scalarOf(leaf, dtype, weak)];
    const ct = isNode(leaf) ? null : arrayLeaf(leaf, place, () => "the cotangent");
    if (ct === null)
      throw new ArgumentError("vjp/cotangent", `${place} must be an array, got ${describe(leaf)}`);
    if (dtype === "float0") return [null];
    if (!sameShape(ct.shape, shape))
      throw new ShapeError(
        "vjp/shape",
        `${place} has shape ${showShape(ct.shape)}, the result ${showShape(shape)}`,
      );
    if (ct.dtype !== dtype)
      throw new DTypeError("vjp/dtype", `${place} has dtype ${ct.dtype}, the result ${dtype}`);
    return [ct];
  });
}

const cotangentAval = ({ aval }: ArrayValue): Aval => ({ ...aval, dtype: tangentDType(aval.dtype) });
const inexactOnly = ({ arrays }: Flat): boolean[] => arrays.map((x) => isInexact(x.dtype));

/** A gradient tree: arrays where something depends on the argument, `Zero` where nothing does. */
const gradientTree = (flat: Flat, cotangents: readonly (ArrayValue | null)[]): unknown =>
  flat.rebuild(cotangents.map((ct, i) => ct ?? zeroTangent(flat.arrays[i]!.aval)));

export interface VjpOptions {
  /** `f` returns `[out, aux]`; the aux is passed on. */
  readonly hasAux?: boolean;
}

/**
 * The value of `f` at `primals`, and the function that pulls a cotangent of it back to a list of cotangents, one for
 * each primal. With `hasAux`, the aux is the third.
 *
 * Where nothing depends on an argument its cotangent is a symbolic `Zero`; for integers, `Zero` of float0.
 * @throws TreeError, ShapeError, DTypeError when a cotangent does not match the result, by path.
 * @example
 * const [y, pull] = vjp((x) => np.sin(x), [0.5]);
 * pull(1); // [cos 0.5]
 * @see `jax.vjp`
 */
export function vjp<Args extends unknown[], R, const O extends VjpOptions = VjpOptions>(
  f: Traceable<Args, R>,
  primals: readonly [...Args],
  options?: O,
): [
  out: MainOf<R, O>,
  pull: (cotangents: unknown) => { [K in keyof Args]: Gradient<Args[K]> },
  ...aux: HasAux<O> extends true ? [AuxOf<R>] : [],
];
export function vjp(f: unknown, primals: readonly unknown[], options: VjpOptions = {}): unknown[] {
  const { hasAux = false } = readOptions<VjpOptions>("vjp", ["hasAux"], [options]);
  const { flat, out, outs, linear, aux } = linearizeFunction(
    f,
    checkList(primals, "vjp", "primals"),
    "vjp",
    hasAux,
    inexactOnly,
  );
  const pull = (cotangents: unknown): unknown[] =>
    gradientTree(
      flat,
      pullBack(linear, matchCotangents(out, outs.map(cotangentAval), cotangents, "vjp"), flat.arrays.length),
    ) as unknown[];
  return hasAux ? [out.rebuild(outs), pull, aux] : [out.rebuild(outs), pull];
}

export interface GradOptions {
  /** Which arguments to differentiate: one, or a list of them; negative counts from the end. Default 0. */
  readonly argnums?: number | readonly number[];
  /** `f` returns `[loss, aux]`. */
  readonly hasAux?: boolean;
  /** Accept integer leaves; their gradient is `Zero` of float0. */
  readonly allowInt?: boolean;
  /** `f` is holomorphic: complex in, complex out. */
  readonly holomorphic?: boolean;
}
const gradOptions = ["argnums", "hasAux", "holomorphic", "allowInt"] as const;

/** Positions of arguments, checked and counted from the front. */
export function canonicalArgnums(
  argnums: number | readonly number[],
  count: number,
  caller: string,
): number[] {
  const list = (Array.isArray(argnums) ? argnums : [argnums]) as readonly number[];
  return list.map((n) => {
    if (!Number.isInteger(n) || n < -count || n >= count) {
      throw new ArgumentError(
        "transform/argnums",
        `${caller}: argnums names argument ${String(n)}, but the function was called with ${count} positional argument${count === 1 ? "" : "s"}`,
      );
    }
    return n < 0 ? n + count : n;
  });
}

/** Linearises `f` in some of its arguments: what valueAndGrad and the jacobians share. */
export function linearizeIn(
  f: unknown,
  args: readonly unknown[],
  argnums: readonly number[],
  caller: string,
  hasAux: boolean,
  check: (flat: Flat) => void,
): LinearizedFunction {
  const chosen = new Set(argnums);
  return linearizeFunction(f, args, caller, hasAux, (flat) => {
    check(flat);
    return flat.arrays.map((x, i) => chosen.has(argumentOf(flat.paths[i]!)) && isInexact(x.dtype));
  });
}

const argumentOf = (path: Flat["paths"][number]): number => Number(path[0]!.key);

/** The part of a list of trees, one for each argument, that `argnums` asks for. */
export const chosenArguments = (
  trees: unknown,
  argnums: number | readonly number[],
  canonical: readonly number[],
): unknown => {
  const list = trees as readonly unknown[];
  return typeof argnums === "number" ? list[canonical[0]!] : canonical.map((n) => list[n]);
};

function checkInputs(
  { arrays, paths }: Flat,
  chosen: readonly number[],
  caller: string,
  { allowInt, holomorphic }: GradOptions,
): void {
  arrays.forEach((x, i) => {
    if (!chosen.includes(argumentOf(paths[i]!))) return;
    if (holomorphic && !isComplex(x.dtype)) {
      throw new DTypeError(
        "grad/holomorphic",
        `${caller} with holomorphic: true takes complex inputs, but ${argumentPath(paths[i]!)} is ${showAval(x.aval)}`,
      );
    }
    if (!isInexact(x.dtype) && !allowInt) {
      throw new DTypeError(
        "grad/integer",
        `${caller} takes real-valued inputs (float), but ${argumentPath(paths[i]!)} is ${showAval(x.aval)}: convert it with astype, leave it out of argnums, or set allowInt`,
      );
    }
  });
}

/** The scalar that is differentiated; a `Zero` where the function's value is structurally zero, as a gradient can be. */
function checkLoss(outs: readonly ArrayValue[], out: Flat, caller: string, holomorphic: boolean): ArrayValue {
  const leaf = out.treedef.kind === "leaf" ? out.rebuild(outs) : null;
  const loss = leaf instanceof Zero ? leaf : leaf === null ? undefined : outs[0];
  if (loss === undefined) {
    throw new ArgumentError(
      "grad/output",
      `${caller} is defined for functions with one scalar output; this one returned ${String(out.treedef)}: use hasAux for more, or vjp`,
    );
  }
  if (loss.ndim !== 0) {
    throw new ShapeError(
      "grad/output",
      `${caller} is defined for functions with a scalar output; this one has shape ${showShape(loss.shape)}: sum it, or use jacrev or vjp`,
    );
  }
  if (!isInexact(loss.dtype) || (isComplex(loss.dtype) && !holomorphic)) {
    throw new DTypeError("grad/output", `${caller} needs a real-valued output, got ${showAval(loss.aval)}`);
  }
  return loss;
}

/**
 * The value of `f` and its gradient: `[value, gradient]`, or `[[value, aux], gradient]` with `hasAux`.
 *
 * The gradient has the tree of the differentiated argument: an array where the value depends on the leaf, `Zero` where
 * it does not. With a list of `argnums` it is a list.
 * @throws DTypeError for inputs that are not floats; ShapeError for an output that is not a scalar.
 * @example
 * valueAndGrad((x) => np.sum(np.square(x)))(np.array([1, 2])); // [5, [2, 4]]
 * @see `jax.value_and_grad`
 */
export function valueAndGrad<
  Args extends unknown[] = ArrayValue[],
  R = unknown,
  const O extends GradOptions | number | readonly number[] = GradOptions,
>(
  f: Traceable<Args, R>,
  options?: O,
): (...args: Args) => [value: R, gradient: GradientsOf<Args, ArgnumsOf<O>>];
export function valueAndGrad(
  f: unknown,
  ...rest: readonly unknown[]
): (...args: readonly unknown[]) => [unknown, unknown] {
  return differentiate(f, "valueAndGrad", readOptions<GradOptions>("valueAndGrad", gradOptions, rest));
}

/**
 * The gradient of a scalar function, with the tree of the differentiated argument; `[gradient, aux]` with `hasAux`.
 *
 * @throws DTypeError for inputs that are not floats; ShapeError for an output that is not a scalar.
 * @example
 * grad((x) => np.sum(np.square(x)))(np.array([1, 2])); // [2, 4]
 * @see `jax.grad`
 */
export function grad<
  Args extends unknown[] = ArrayValue[],
  R = unknown,
  const O extends GradOptions | number | readonly number[] = GradOptions,
>(
  f: Traceable<Args, R>,
  options?: O,
): (
  ...args: Args
) => HasAux<O> extends true
  ? [gradient: GradientsOf<Args, ArgnumsOf<O>>, aux: AuxOf<R>]
  : GradientsOf<Args, ArgnumsOf<O>>;
export function grad(f: unknown, ...rest: readonly unknown[]): (...args: readonly unknown[]) => unknown {
  const options = readOptions<GradOptions>("grad", gradOptions, rest);
  const run = differentiate(f, "grad", options);
  return (...args) => {
    const [value, gradient] = run(...args);
    return options.hasAux ? [gradient, (value as readonly unknown[])[1]] : gradient;
  };
}

function differentiate(
  f: unknown,
  caller: string,
  options: GradOptions,
): (...args: readonly unknown[]) => [unknown, unknown] {
  const { argnums = 0, hasAux = false, holomorphic = false } = options;
  toFunction(f, caller);
  return (...args) => {
    const chosen = canonicalArgnums(argnums, args.length, caller);
    const { flat, out, outs, linear, aux } = linearizeIn(f, args, chosen, caller, hasAux, (flat) =>
      checkInputs(flat, chosen, caller, options),
    );
    const loss = checkLoss(outs, out, caller, holomorphic);
    const cotangents = pullBack(linear, [scalarOf(1, loss.dtype, loss.aval.weak)], flat.arrays.length);
    const gradient = chosenArguments(gradientTree(flat, cotangents), argnums, chosen);
    const value = out.rebuild(outs);
    return [hasAux ? [value, aux] : value, gradient];
  };
}
