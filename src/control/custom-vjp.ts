import { isInexact } from "../core/dtype.ts";
import { ArgumentError, DifferentiationError, DTypeError, ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { sameShape } from "../core/shape.ts";
import { describe, Tracer } from "../core/trace.ts";
import { type ArrayValue, type Aval, showAval } from "../core/value.ts";
import {
  argumentPath,
  arrayLeaf,
  avalsOf,
  type Flat,
  flattenArguments,
  isNode,
  numbersAmong,
  toFunction,
} from "../interpreters/arguments.ts";
import { refuseAsync } from "../interpreters/signature.ts";
import { Zero, zeroTangent } from "../interpreters/zero.ts";
import { broadcastTo, leaves, map } from "../tree/index.ts";
import {
  callCustom,
  checkPair,
  type CustomArguments,
  customArguments,
  instantiated,
  type Nondiff,
  primalOutputs,
  type Ruled,
} from "./custom-call.ts";
import { customVjpCall } from "./custom-vjp-call.ts";
import type { ForwardResult } from "./custom-vjp-rules.ts";
import type { Traced } from "./operands.ts";
import { setName } from "../core/function-name.ts";

export interface CustomVjpOptions<N extends readonly number[] = readonly number[]> {
  /** Arguments that are not differentiated: functions, settings. `bwd` gets them first, in this order. */
  readonly nondiffArgnums?: N;
}
export interface DefvjpOptions {
  /**
   * Give `bwd` a `Zero` for each cotangent that is structurally zero, instead of an array of zeros; and `fwd` a
   * `CustomVjpPrimal` in place of each array, which says whether it is being differentiated.
   */
  readonly symbolicZeros?: boolean;
}

/**
 * An array among the arguments of `fwd` under `symbolicZeros`: its value, and whether it is being differentiated.
 *
 * @see `jax.custom_derivatives.CustomVJPPrimal`
 */
export class CustomVjpPrimal {
  constructor(
    readonly value: ArrayValue,
    readonly perturbed: boolean,
  ) {}
}

/**
 * A tree of arguments of `fwd` with the values of its `CustomVjpPrimal`s in their places.
 *
 * @see `jax.custom_derivatives.custom_vjp_primal_tree_values`
 */
export const customVjpPrimalTreeValues = (tree: unknown): unknown =>
  map((leaf: unknown) => (leaf instanceof CustomVjpPrimal ? leaf.value : leaf), tree);

/** A function with its own reverse-mode derivative. */
export interface CustomVjp<Args extends unknown[], R, N extends readonly number[] = readonly []> {
  (...args: Args): R;
  /**
   * Sets the rules: `fwd(...args) => [out, residuals]`, and `bwd(...nondiff, residuals, ct) => cotangents`, a list
   * with one for each differentiated argument; `null` or `Zero` where nothing depends on it.
   */
  defvjp<Residuals>(
    fwd: (...args: Ruled<Args, N>) => readonly [out: R, residuals: Residuals],
    bwd: (...args: [...Nondiff<Args, N>, residuals: Residuals, ct: Traced<R>]) => readonly unknown[],
  ): void;
  defvjp<Residuals>(
    fwd: (...args: never[]) => readonly [out: R, residuals: Residuals],
    bwd: (...args: never[]) => readonly unknown[],
    options?: DefvjpOptions,
  ): void;
}

type AnyFunction = (...args: readonly unknown[]) => unknown;
interface Rule {
  readonly fwd: AnyFunction;
  readonly bwd: AnyFunction;
  readonly fwdName: string;
  readonly bwdName: string;
  readonly symbolicZeros: boolean;
}

/**
 * `f` with a reverse-mode derivative of your own, to be given with `defvjp`: `fwd` computes the value and what `bwd`
 * will need, the residuals, which may be any tree; `bwd` turns a cotangent of the value into those of the arguments.
 *
 * @throws DifferentiationError when it is differentiated without a rule, in forward mode, or with respect to a value
 * that `f`, `fwd` or `bwd` captured; TreeError, ShapeError, DTypeError when a rule's result does not match, by path.
 * @example
 * const clipGradient = customVjp((x, limit) => x, { nondiffArgnums: [1] });
 * clipGradient.defvjp((x, limit) => [x, null], (limit, residuals, ct) => [np.clip(ct, -limit, limit)]);
 * @see `jax.custom_vjp`
 */
export function customVjp<
  Args extends unknown[] = ArrayValue[],
  R = unknown,
  const N extends readonly number[] = readonly [],
>(f: (...args: Args) => R, options?: N | CustomVjpOptions<N>): CustomVjp<Args, R, N>;
export function customVjp<Args extends unknown[], R>(
  f: (...args: Args) => R,
  ...rest: readonly unknown[]
): CustomVjp<Args, R> {
  const { nondiffArgnums = [] } = readOptions<CustomVjpOptions>("customVjp", ["nondiffArgnums"], rest);
  const { call, name } = toFunction(f, "customVjp");
  const label = `customVjp of ${name}`;
  let rule: Rule | undefined;

  const wrapped = (...args: Args): R => {
    const split = customArguments(args, nondiffArgnums, label);
    refuseTracers(split.nondiff, nondiffArgnums, label);
    return callCustom(call, split, label, ({ closed, captured }, out) =>
      customVjpCall.bind([...captured, ...split.flat.arrays], {
        name,
        callJaxpr: closed,
        numConsts: captured.length,
        fwd: {
          name: rule?.fwdName ?? "None",
          run: (operands, perturbed) => runForward(rule, name, split, out, operands, perturbed),
        },
        bwd: rule?.bwdName ?? "None",
        symbolicZeros: rule?.symbolicZeros ?? false,
      }),
    ) as R;
  };
  setName(wrapped, name);

  return Object.assign(wrapped, {
    defvjp(fwd: unknown, bwd: unknown, options: DefvjpOptions = {}): void {
      const { symbolicZeros = false } = readOptions<DefvjpOptions>("defvjp", ["symbolicZeros"], [options]);
      const forward = toFunction(fwd, "defvjp");
      const backward = toFunction(bwd, "defvjp");
      rule = {
        fwd: forward.call,
        bwd: backward.call,
        fwdName: forward.name,
        bwdName: backward.name,
        symbolicZeros,
      };
    },
  });
}

/** The forward rule on the differentiated operands; what it leaves for the backward one. */
function runForward(
  rule: Rule | undefined,
  name: string,
  { flat, nondiff, merge }: CustomArguments,
  out: Flat,
  operands: readonly ArrayValue[],
  perturbed: readonly boolean[],
): ForwardResult {
  if (rule === undefined)
    throw new DifferentiationError(
      "custom/no-rule",
      `no VJP is defined for the customVjp function ${name}: give it one with defvjp`,
    );
  const { symbolicZeros, fwd, bwd } = rule;
  const [forward, backward] = [
    `fwd of the customVjp function ${name}`,
    `bwd of the customVjp function ${name}`,
  ];
  const given = symbolicZeros ? operands.map((x, i) => new CustomVjpPrimal(x, perturbed[i]!)) : operands;
  const [value, kept] = checkPair(fwd(...merge(flat.rebuild(given))), forward, "[out, residuals]");
  const ruled = primalOutputs(value, out, forward);
  const residuals = flattenArguments(kept, `the residuals of ${forward}`);
  // A number among the residuals stays one.
  const numbers = numbersAmong(residuals, kept);
  const [inAvals, outAvals] = [avalsOf(operands), avalsOf(ruled.arrays)];
  const zeroOf = symbolicZeros ? zeroTangent : instantiated;
  return {
    outs: ruled.arrays,
    residuals: residuals.arrays,
    pull: (arrays, cotangents) => {
      const tree = residuals.rebuild(arrays.map((x, i) => numbers[i] ?? x));
      const cts = ruled.rebuild(cotangents.map((ct, i) => ct ?? zeroOf(outAvals[i]!)));
      return matchPulled(bwd(...nondiff, tree, cts), flat, inAvals, backward);
    },
  };
}

/** @throws ArgumentError when an argument that is not differentiated is being transformed. */
function refuseTracers(nondiff: readonly unknown[], argnums: readonly number[], label: string): void {
  nondiff.forEach((arg, i) => {
    const tracer = leaves(arg).find((leaf) => leaf instanceof Tracer);
    if (tracer === undefined) return;
    throw new ArgumentError(
      "custom/nondiff",
      `${label}: argument ${argnums[i]}, which nondiffArgnums names, is a traced ${showAval(tracer.aval)}. ${tracer.origin} nondiffArgnums is for functions and settings; leave an array out of it, and have bwd return null for it`,
    );
  });
}

/** The cotangents that `bwd` returned, one for each array of the arguments; null where one is zero. */
function matchPulled(
  result: unknown,
  { treedef, slots, paths }: Flat,
  avals: readonly Aval[],
  bwd: string,
): (ArrayValue | null)[] {
  refuseAsync(result, bwd);
  const count = treedef.children.length;
  if (!Array.isArray(result) || result.length !== count)
    throw new ArgumentError(
      "custom/result",
      `${bwd} must return a list with one cotangent for each of the ${count} differentiated argument${count === 1 ? "" : "s"}, got ${describe(result)}`,
    );
  const isZero = (x: unknown): boolean => x === null || x instanceof Zero;
  const given = broadcastTo(treedef, result, isZero, `the result of ${bwd}`);
  return slots.flatMap((slot, i) =>
    slot < 0
      ? []
      : [matchCotangent(given[i], avals[slot]!, `${bwd}: the cotangent of ${argumentPath(paths[slot]!)}`)],
  );
}

function matchCotangent(given: unknown, aval: Aval, place: string): ArrayValue | null {
  if (given === null || !isInexact(aval.dtype)) return null;
  if (typeof given === "number" && aval.shape.length === 0) return scalarOf(given, aval.dtype, aval.weak);
  const ct = given instanceof Zero ? given : isNode(given) ? null : arrayLeaf(given, place, () => "it");
  if (ct === null)
    throw new ArgumentError(
      "custom/cotangent",
      `${place} must be an array, Zero or null, got ${describe(given)}`,
    );
  if (!sameShape(ct.shape, aval.shape) || ct.dtype !== aval.dtype) {
    const message = `${place} is ${showAval(ct.aval)}, but the argument is ${showAval(aval)}`;
    if (ct.dtype !== aval.dtype) throw new DTypeError("custom/dtype", message);
    throw new ShapeError("custom/shape", message);
  }
  return ct instanceof Zero ? null : ct;
}
