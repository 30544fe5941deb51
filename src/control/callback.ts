import { ArgumentError, DifferentiationError, DTypeError, nearest, ShapeError } from "../core/errors.ts";
import type { Effect } from "../core/jaxpr.ts";
import * as param from "../core/param-kind.ts";
import { type Declared, definePrimitive, type Op } from "../core/primitive.ts";
import { Word } from "../core/python-text.ts";
import { scalarOf } from "../core/scalar.ts";
import { sameShape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { fromTypedArray, isTypedArray } from "../core/typed-array.ts";
import { type ArrayValue, type Aval, avalOf, NDArray, Value } from "../core/value.ts";
import { ShapeDtypeStruct } from "../interpreters/make-jaxpr.ts";
import { broadcastBatch, moveAxis } from "../lax/algebra.ts";
import { flatten, flattenUpTo, pathToString, TreeDef } from "../tree/index.ts";
import { stacked, unrolled } from "./unrolled-batch.ts";
import { scan } from "./scan.ts";
import {
  argumentKinds,
  callArguments,
  callbackKind,
  callSynchronous,
  checkCallback,
  flattenHost,
  functionName,
  type Given,
  type HostArguments,
  hostArguments,
  type HostFunction,
  opaque,
  readFlag,
  showArguments,
  unprinted,
} from "./host-arguments.ts";

interface CallbackParams extends HostArguments {
  readonly callback: HostFunction;
  readonly resultAvals: readonly Aval[];
  readonly outTree: TreeDef;
}

const vmapMethods = {
  sequential: "sequential",
  sequentialUnrolled: "sequential_unrolled",
  expandDims: "expand_dims",
  broadcastAll: "broadcast_all",
  legacyVectorized: "legacy_vectorized",
} as const;
/**
 * How a callback is applied to a batch. `sequential` and `sequentialUnrolled`: one call for each example. The others make
 * one call with a leading batch axis on the operands that have one, and on the results; operands without one get an axis
 * of size 1 (`expandDims`), are repeated (`broadcastAll`) or stay as they are (`legacyVectorized`).
 */
export type VmapMethod = keyof typeof vmapMethods;
const methodNames = Object.keys(vmapMethods) as VmapMethod[];

export interface PureCallbackParams extends CallbackParams {
  readonly vmapMethod: VmapMethod | null;
}
export interface IoCallbackParams extends CallbackParams {
  readonly ordered: boolean;
}

/** Arrays in the places of the structs that say what a callback returns. */
export type CallbackResult<T> = T extends ShapeDtypeStruct | Value
  ? ArrayValue
  : T extends readonly unknown[] | Readonly<Record<string, unknown>>
    ? { -readonly [K in keyof T]: CallbackResult<T[K]> }
    : T;

/** The rules that both have: abstract, run, and no derivative. */
function callbackRules<P extends CallbackParams>(
  caller: string,
): Pick<Declared<readonly ArrayValue[], P>, "abstract" | "jvp" | "transpose" | "host"> {
  const noDerivative = ({ callback }: P): never => {
    throw new DifferentiationError(
      "callback/derivative",
      `${caller} has no derivative: ${callback.name || "the function"} cannot be seen into. Wrap the call in customJvp or customVjp and give it a rule, or pass it lax.stopGradient(x).`,
    );
  };
  return {
    abstract: (_avals, { resultAvals }) => resultAvals,
    jvp: (_primals, _tangents, params) => noDerivative(params),
    transpose: (_cotangents, _operands, params) => noDerivative(params),
    host: (operands, params) => {
      const { callback, resultAvals, outTree } = params;
      const name = `${caller}: the result of ${callback.name || "the function"}`;
      const result = callSynchronous(caller, callback, hostArguments(params, operands));
      const paths = outTree.paths();
      return flattenUpTo(outTree, result, name).map((leaf, i) => {
        const path = pathToString(paths[i]!);
        return resultArray(leaf, resultAvals[i]!, path === "" ? name : `${name} at ${path}`);
      });
    },
  };
}

/** @throws ShapeError, DTypeError, ArgumentError when a leaf of the result is not what was announced. */
function resultArray(leaf: unknown, aval: Aval, place: string): NDArray {
  const { shape, dtype } = aval;
  if (shape.length === 0 && dtype === "bool" && typeof leaf === "boolean") return scalarOf(leaf, dtype);
  if (shape.length === 0 && dtype !== "bool" && typeof leaf === "number") {
    if (/int/.test(dtype) && !Number.isInteger(leaf))
      throw new DTypeError("callback/dtype", `${place} is ${leaf}, but resultShapeDtypes says ${dtype}`);
    return scalarOf(leaf, dtype);
  }
  const array = isTypedArray(leaf) ? fromTypedArray(leaf) : leaf;
  if (!(array instanceof NDArray))
    throw new ArgumentError(
      "callback/result",
      `${place} must be an array of shape ${showShape(shape)} and dtype ${dtype}, got ${describe(leaf)}`,
    );
  if (!sameShape(array.shape, shape))
    throw new ShapeError(
      "callback/shape",
      `${place} has shape ${showShape(array.shape)}, but resultShapeDtypes says ${showShape(shape)}`,
    );
  if (array.dtype !== dtype)
    throw new DTypeError(
      "callback/dtype",
      `${place} has dtype ${array.dtype}, but resultShapeDtypes says ${dtype}: convert it with astype`,
    );
  return new NDArray(aval, array.buffer);
}

/** What a callback says that it returns. */
function resultTypes(caller: string, structs: unknown): { resultAvals: readonly Aval[]; outTree: TreeDef } {
  const [leaves, outTree] = flatten(
    structs,
    (node) => node instanceof ShapeDtypeStruct || node instanceof Value,
  );
  const resultAvals = leaves.map((leaf, i) => {
    if (leaf instanceof ShapeDtypeStruct || leaf instanceof Value) {
      const { shape, dtype } = leaf.aval;
      return avalOf(shape, dtype);
    }
    const path = pathToString(outTree.paths()[i]!);
    throw new ArgumentError(
      "callback/result",
      `${caller} takes the shapes and dtypes of the result second, as a tree of ShapeDtypeStruct, got ${describe(leaf)}${path && ` at ${path}`}`,
    );
  });
  return { resultAvals, outTree };
}

const batchedAvals = (avals: readonly Aval[], size: number): Aval[] =>
  avals.map(({ shape, dtype, weak }) => avalOf([size, ...shape], dtype, weak));

const callbackKinds = {
  ...argumentKinds,
  callback: callbackKind(unprinted),
  outTree: opaque<TreeDef>("the structure of results", (value) => value instanceof TreeDef, unprinted),
  resultAvals: opaque<readonly Aval[]>("a list of avals", Array.isArray, (avals) =>
    avals.map(({ shape, dtype }) => new Word(`ShapedArray(${dtype}[${shape.join(",")}])`)),
  ),
};
const alsoShown = ({ callback, inTree }: CallbackParams): Readonly<Record<string, unknown>> => ({
  callback: `_FlatCallback(callback_func=${String(functionName(callback))}, in_tree=${showArguments(inTree.children, null)})`,
  sharding: null,
});

/** One call after the other, in a loop over the examples. */
function scanned<P extends CallbackParams>(
  prim: { bind(operands: readonly ArrayValue[], params: P): ArrayValue[] },
  operands: readonly ArrayValue[],
  dims: readonly (number | null)[],
  params: P,
): [outs: ArrayValue[], dims: number[]] {
  const batched = operands.flatMap((x, i) => (dims[i] === null ? [] : [moveAxis(x, dims[i]!, 0)]));
  const [, outs] = scan(
    (carry, examples: readonly ArrayValue[]) => {
      let next = 0;
      return [
        carry,
        prim.bind(
          operands.map((x, i) => (dims[i] === null ? x : examples[next++]!)),
          params,
        ),
      ];
    },
    null,
    batched,
  );
  return [outs, outs.map(() => 0)];
}

type CallbackCall = <Args extends unknown[], const R>(
  callback: (...args: Given<Args>) => unknown,
  resultShapeDtypes: R,
  ...args: Args
) => CallbackResult<R>;

function bindCallback<P extends CallbackParams>(
  prim: { bind(operands: readonly ArrayValue[], params: P): ArrayValue[] },
  caller: string,
  [callback, structs, ...rest]: readonly unknown[],
  option: string,
  read: (given: Readonly<Record<string, unknown>>) => Omit<P, keyof CallbackParams>,
): unknown {
  checkCallback(caller, callback);
  const { resultAvals, outTree } = resultTypes(caller, structs);
  const { args, given } = callArguments(rest, [option]);
  const { operands, ...tree } = flattenHost(args, caller);
  const params = { ...tree, callback, resultAvals, outTree, ...read(given) };
  return outTree.unflatten(prim.bind(operands, params as unknown as P));
}

/**
 * What `callback` returns for the values of the arguments: a computation outside of the library, as part of a program.
 * Works under `jit` and `vmap`; it has no derivative.
 *
 * The callback must be a pure function: it may be called any number of times, or not at all where nobody needs the
 * result. It gets concrete arrays in the places of arrays and numbers, the rest as it is, and returns a tree of arrays,
 * typed arrays or numbers with the shapes and dtypes of `resultShapeDtypes`. A plain object at the end is its last
 * argument, without the option `vmapMethod`: how it is applied to a batch, which is an error without it.
 * @throws ArgumentError, ShapeError, DTypeError, TreeError when the result is not as announced; DifferentiationError
 * when it is differentiated. What the callback throws itself comes through.
 * @example
 * pureCallback((x) => besselJ0(x.data), new ShapeDtypeStruct(x.shape, x.dtype), x, { vmapMethod: "broadcastAll" });
 * @see `jax.pure_callback`
 */
export const pureCallback: Op<CallbackCall, "pure_callback", readonly ArrayValue[], PureCallbackParams> =
  definePrimitive("pure_callback", {
    call: (...args: readonly unknown[]) =>
      bindCallback<PureCallbackParams>(
        pureCallback,
        "pureCallback",
        args,
        "vmapMethod",
        ({ vmapMethod }) => ({
          vmapMethod: readMethod(vmapMethod),
        }),
      ) as never,
    ...callbackRules<PureCallbackParams>("pureCallback"),
    batch: (operands, dims, size, params) => {
      const { vmapMethod, resultAvals, callback } = params;
      if (vmapMethod === null)
        throw new ArgumentError(
          "callback/vmap",
          `vmap of pureCallback needs to know how ${callback.name || "the function"} is applied to a batch: give it vmapMethod, one of ${methodNames.join(", ")}`,
        );
      if (vmapMethod === "sequential") return scanned(pureCallback, operands, dims, params);
      if (vmapMethod === "sequentialUnrolled") {
        const outs = unrolled(operands, dims, size, (example) => pureCallback.bind(example, params));
        return [stacked(outs, resultAvals), resultAvals.map(() => 0)];
      }
      const inFront = operands.map((x, i) => {
        const dim = dims[i] ?? null;
        if (dim !== null) return moveAxis(x, dim, 0);
        return vmapMethod === "legacyVectorized"
          ? x
          : broadcastBatch(x, vmapMethod === "broadcastAll" ? size : 1);
      });
      const outs = pureCallback.bind(inFront, { ...params, resultAvals: batchedAvals(resultAvals, size) });
      return [outs, outs.map(() => 0)];
    },
    params: {
      ...callbackKinds,
      vmapMethod: param.nullable(param.oneOf(methodNames, (method) => vmapMethods[method])),
    },
    alsoShow: alsoShown,
  });

function readMethod(method: unknown): VmapMethod | null {
  if (method === undefined || method === null) return null;
  if (typeof method === "string" && Object.hasOwn(vmapMethods, method)) return method as VmapMethod;
  const near = typeof method === "string" ? nearest(method.replace(/_/g, ""), methodNames) : undefined;
  throw new ArgumentError(
    "callback/option",
    `pureCallback: vmapMethod is one of ${methodNames.join(", ")}, got ${describe(method)}${near ? `; did you mean ${near}?` : ""}`,
  );
}

const ioEffect = ({ ordered }: IoCallbackParams): readonly Effect[] => [ordered ? "ordered" : "unordered"];

/**
 * What `callback` returns for the values of the arguments: for functions with side effects. It is called exactly as
 * often as the program comes here, also where nobody needs the result. Otherwise as `pureCallback`; under `vmap` it is
 * called once for each example. `resultShapeDtypes` is null where nothing is returned.
 *
 * A plain object at the end is the callback's last argument, without the option `ordered`: ordered calls keep their
 * order among each other.
 * @throws ArgumentError under `vmap` when the calls are ordered; otherwise as `pureCallback`.
 * @example
 * ioCallback((step) => log.append(step.item()), null, step, { ordered: true });
 * @see `jax.experimental.io_callback`
 */
export const ioCallback: Op<CallbackCall, "io_callback", readonly ArrayValue[], IoCallbackParams> =
  definePrimitive("io_callback", {
    call: (...args: readonly unknown[]) =>
      bindCallback<IoCallbackParams>(ioCallback, "ioCallback", args, "ordered", (given) => ({
        ordered: readFlag("ioCallback", given, "ordered"),
      })) as never,
    ...callbackRules<IoCallbackParams>("ioCallback"),
    effects: ioEffect,
    batch: (operands, dims, _size, params) => {
      if (params.ordered)
        throw new ArgumentError(
          "callback/vmap",
          "vmap of an ordered ioCallback: the examples of a batch have no order. Leave ordered out, or loop over the examples.",
        );
      return scanned(ioCallback, operands, dims, params);
    },
    params: { ...callbackKinds, ordered: param.boolean },
    alsoShow: alsoShown,
  });
