import { flatten } from "../tree/index.ts";
import { readOptions } from "../core/options.ts";
import { range, type Shape } from "../core/shape.ts";
import { type ArrayValue, Dense, type Value } from "../core/value.ts";
import { ArgumentError, DTypeError } from "../core/errors.ts";
import { isInexact } from "../core/dtype.ts";
import { showAval } from "../core/value.ts";
import { materialiseBatch, moveAxis, reshapeTo, zeros } from "../lax/algebra.ts";
import { broadcastedIota, convertElementType, eq } from "../lax/index.ts";
import { argumentPath, type Flat } from "./arguments.ts";
import { evaluateJaxpr } from "./evaluate.ts";
import type { LinearizedFunction } from "./linearize.ts";
import {
  type ArgnumsOf,
  type AuxOf,
  type GradientsOf,
  type HasAux,
  type MainOf,
  toFunction,
  type Traceable,
} from "./signature.ts";
import { batchArrays } from "./vmap.ts";
import { canonicalArgnums, chosenArguments, linearizeIn, pullBack } from "./vjp.ts";
import { Zero, zeroTangent } from "./zero.ts";

export interface JacobianOptions {
  /** Which arguments to differentiate: one, or a list of them. Default 0. */
  readonly argnums?: number | readonly number[];
  /** `f` returns `[out, aux]`. */
  readonly hasAux?: boolean;
}

/** The result's tree with the differentiated arguments' tree at each leaf: an array where both are single arrays. */
export type Jacobian<Args extends unknown[], R, Options> =
  MainOf<R, Options> extends ArrayValue
    ? HasAux<Options> extends true
      ? [jacobian: GradientsOf<Args, ArgnumsOf<Options>>, aux: AuxOf<R>]
      : GradientsOf<Args, ArgnumsOf<Options>>
    : unknown;

/** The unit vectors of the space of arrays like `x`: `[size, …shape]`. */
function standardBasis(x: ArrayValue): ArrayValue {
  const n = x.size;
  const eye = eq(broadcastedIota("int32", [n, n], 0), broadcastedIota("int32", [n, n], 1));
  return reshapeTo(convertElementType(eye, x.dtype), [n, ...x.shape]);
}

/** A result of the batch over basis vectors as an array `[size, …]`, whatever form it came in. */
function rows(x: Value | null, dim: number | null, size: number): ArrayValue | null {
  if (x === null || x instanceof Zero) return null;
  return materialiseBatch(x instanceof Dense ? x : x.materialise(), dim, size);
}

type Block = ArrayValue | null;
const blockZero = (out: ArrayValue, x: ArrayValue): ArrayValue =>
  zeros({ shape: [...out.shape, ...x.shape], dtype: out.dtype, weak: false });

/** Blocks as a tree: the result's, with the differentiated arguments' at each leaf. */
function assemble(
  { flat, out, outs }: LinearizedFunction,
  blocks: readonly (readonly Block[])[],
  argnums: number | readonly number[],
  chosen: readonly number[],
): unknown {
  const argumentTree = (block: (x: ArrayValue, i: number) => ArrayValue): unknown =>
    chosenArguments(
      flat.rebuild(flat.arrays.map((x, i) => (isInexact(x.dtype) ? block(x, i) : zeroTangent(x.aval)))),
      argnums,
      chosen,
    );
  const [leaves] = flatten(out.rebuild(outs));
  return out.treedef.unflatten(
    out.slots.map((slot, place) => {
      const leaf = leaves[place];
      if (slot >= 0) return argumentTree((x, i) => blocks[slot]![i] ?? blockZero(outs[slot]!, x));
      return leaf instanceof Zero
        ? argumentTree((x) => new Zero([...leaf.shape, ...x.shape], leaf.dtype))
        : leaf;
    }),
  );
}

function checkInputs(flat: Flat, chosen: readonly number[], caller: string): void {
  flat.arrays.forEach((x, i) => {
    if (chosen.includes(Number(flat.paths[i]![0]!.key)) && !isInexact(x.dtype)) {
      throw new DTypeError(
        "grad/integer",
        `${caller} takes real-valued inputs (float), but ${argumentPath(flat.paths[i]!)} is ${showAval(x.aval)}: convert it with astype, or leave it out of argnums`,
      );
    }
  });
}

function jacobian(
  f: unknown,
  caller: string,
  rest: readonly unknown[],
  blocksOf: (linearized: LinearizedFunction) => Block[][],
): (...args: readonly unknown[]) => unknown {
  const { argnums = 0, hasAux = false } = readOptions<JacobianOptions>(caller, ["argnums", "hasAux"], rest);
  toFunction(f, caller);
  return (...args) => {
    if (args.length === 0)
      throw new ArgumentError("transform/argnums", `${caller}: the function was called without arguments`);
    const chosen = canonicalArgnums(argnums, args.length, caller);
    const linearized = linearizeIn(f, args, chosen, caller, hasAux, (flat) =>
      checkInputs(flat, chosen, caller),
    );
    const tree = assemble(linearized, blocksOf(linearized), argnums, chosen);
    return hasAux ? [tree, linearized.aux] : tree;
  };
}

/** `[rows, …rest]` as `[…shape, …rest]`. */
const unflattenRows = (x: ArrayValue, shape: Shape): ArrayValue =>
  reshapeTo(x, [...shape, ...x.shape.slice(1)]);

/**
 * The Jacobian by forward mode, one basis vector of the input at a time under one vmap: for tall functions.
 *
 * Shape: `[…out.shape, …in.shape]` for each pair of leaves; the result's tree with the argument's tree at each leaf.
 * @throws DTypeError for inputs that are not floats.
 * @example
 * jacfwd((x) => np.sin(x))(np.array([0, 1])); // diag(cos x)
 * @see `jax.jacfwd`
 */
export function jacfwd<
  Args extends unknown[] = ArrayValue[],
  R = unknown,
  const O extends JacobianOptions | number | readonly number[] = JacobianOptions,
>(f: Traceable<Args, R>, options?: O): (...args: Args) => Jacobian<Args, R, O>;
export function jacfwd(f: unknown, ...rest: readonly unknown[]): (...args: readonly unknown[]) => unknown {
  return jacobian(f, "jacfwd", rest, ({ flat, outs, linear: { program, inputs, outputs } }) => {
    const blocks: Block[][] = outs.map(() => flat.arrays.map(() => null));
    inputs.forEach((i, k) => {
      const x = flat.arrays[i]!;
      const tangents = (basis: ArrayValue) =>
        program.inAvals.map((aval, m) => (m === k ? basis : zeroTangent(aval)));
      const [results, dims] = batchArrays(
        ([t]) => evaluateJaxpr(program, tangents(t!)),
        [standardBasis(x)],
        [0],
        x.size,
        "jacfwd",
      );
      outputs.forEach((m, j) => {
        const columns = m === null ? null : rows(results[m]!, dims[m]!, x.size);
        if (columns !== null)
          blocks[j]![i] = reshapeTo(moveAxis(columns, 0, columns.ndim - 1), [...outs[j]!.shape, ...x.shape]);
      });
    });
    return blocks;
  });
}

/**
 * The Jacobian by reverse mode, one basis vector of the output at a time under one vmap: for wide functions.
 *
 * Shape: `[…out.shape, …in.shape]` for each pair of leaves; the result's tree with the argument's tree at each leaf.
 * @throws DTypeError for inputs that are not floats.
 * @see `jax.jacrev`
 */
export function jacrev<
  Args extends unknown[] = ArrayValue[],
  R = unknown,
  const O extends JacobianOptions | number | readonly number[] = JacobianOptions,
>(f: Traceable<Args, R>, options?: O): (...args: Args) => Jacobian<Args, R, O>;
export function jacrev(f: unknown, ...rest: readonly unknown[]): (...args: readonly unknown[]) => unknown {
  return jacobian(f, "jacrev", rest, ({ flat, outs, linear }) =>
    outs.map((y, j) => {
      if (!isInexact(y.dtype))
        throw new DTypeError(
          "grad/output",
          `jacrev needs real-valued outputs, got ${showAval(y.aval)}: use jacfwd`,
        );
      const body = ([ct]: readonly ArrayValue[]) =>
        pullBack(
          linear,
          range(outs.length).map((m) => (m === j ? ct! : null)),
          flat.arrays.length,
        ).map((g, i) => g ?? zeroTangent(flat.arrays[i]!.aval));
      const [results, dims] = batchArrays(body, [standardBasis(y)], [0], y.size, "jacrev");
      return results.map((g, i) => {
        const found = rows(g, dims[i]!, y.size);
        return found && unflattenRows(found, y.shape);
      });
    }),
  );
}

/**
 * The Hessian of a scalar function: `jacfwd(jacrev(f))`.
 *
 * Shape: `[…in.shape, …in.shape]` for each pair of leaves of the argument.
 * @see `jax.hessian`
 */
export function hessian<
  Args extends unknown[] = ArrayValue[],
  R = unknown,
  const O extends JacobianOptions | number | readonly number[] = JacobianOptions,
>(f: Traceable<Args, R>, options?: O): (...args: Args) => Jacobian<Args, R, O>;
export function hessian(
  f: Traceable<unknown[], unknown>,
  ...rest: readonly unknown[]
): (...args: unknown[]) => unknown {
  const options = readOptions<JacobianOptions>("hessian", ["argnums", "hasAux"], rest);
  return jacfwd(jacrev(f, options), options);
}
