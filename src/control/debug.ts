import { ArgumentError } from "../core/errors.ts";
import type { Effect } from "../core/jaxpr.ts";
import * as param from "../core/param-kind.ts";
import { type Declared, definePrimitive, type Op } from "../core/primitive.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Value } from "../core/value.ts";
import { unrolled } from "./unrolled-batch.ts";
import { checkFormat, formatText, parseFormat } from "./format.ts";
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
  splitNamed,
  unprinted,
} from "./host-arguments.ts";

interface DebugParams extends HostArguments {
  readonly ordered: boolean;
}
export interface DebugCallbackParams extends DebugParams {
  readonly callback: HostFunction;
}
export interface DebugPrintParams extends DebugParams {
  readonly fmt: string;
}

const debugEffect = ({ ordered }: DebugParams): readonly Effect[] => [ordered ? "ordered" : "unordered"];

/** The rules that both have: no outputs, so nothing to differentiate, and one call for each example of a batch. */
function debugRules<P extends DebugParams>(
  self: () => { bind(operands: readonly Value[], params: P): ArrayValue[] },
  run: (args: readonly unknown[], params: P) => void,
): Pick<
  Declared<readonly ArrayValue[], P>,
  "abstract" | "jvp" | "transpose" | "batch" | "effects" | "host" | "quaxify"
> {
  return {
    abstract: () => [],
    jvp: "none",
    // Nothing comes back from a call on tangents: it is not made in the backward pass.
    transpose: (_cotangents, operands) => operands.map(() => null),
    batch: (operands, dims, size, params) => {
      unrolled(operands, dims, size, (example) => self().bind(example, params));
      return [[], []];
    },
    effects: debugEffect,
    host: (operands, params) => {
      run(hostArguments(params, operands), params);
      return [];
    },
    // The function gets the structured values themselves.
    quaxify: (values, params) => {
      const { operands, ...args } = flattenHost(hostArguments(params, values), "debug");
      self().bind(operands, { ...params, ...args });
      return [];
    },
  };
}

/**
 * Calls `callback` with the values of the arguments, each time the program comes here: also under `jit`, and once for
 * each example under `vmap`. Derivatives call it in the forward pass only. What it returns is dropped.
 *
 * The callback gets concrete arrays in the places of arrays and numbers, the rest as it is. A plain object at the end is
 * its last argument, without the option `ordered`: ordered calls keep their order among each other.
 * @throws ArgumentError when `callback` is no function, or returns a Promise. What it throws itself comes through.
 * @example
 * debug.callback((x) => seen.push(x.item()), loss);
 * @see `jax.debug.callback`
 */
export const callback: Op<
  <Args extends unknown[]>(callback: (...args: Given<Args>) => unknown, ...args: Args) => void,
  "debug_callback",
  readonly ArrayValue[],
  DebugCallbackParams
> = definePrimitive("debug_callback", {
  call: (fn: unknown, ...rest: readonly unknown[]) => {
    checkCallback("debug.callback", fn);
    const { args, given } = callArguments(rest, ["ordered"]);
    const { operands, ...tree } = flattenHost(args, "debug.callback");
    const ordered = readFlag("debug.callback", given, "ordered");
    callback.bind(operands, { ...tree, callback: fn as HostFunction, ordered });
  },
  ...debugRules<DebugCallbackParams>(
    () => callback,
    (args, { callback: fn }) => {
      callSynchronous("debug.callback", fn, args);
    },
  ),
  params: {
    ...argumentKinds,
    callback: callbackKind(functionName),
    ordered: { ...param.boolean, write: unprinted },
  },
  alsoShow: ({ ordered }) => ({ effect: ordered ? "OrderedDebug" : "Debug", partitioned: false }),
});

/**
 * Prints a line with `console.log`, each time the program comes here: also under `jit`, and once for each example under
 * `vmap`.
 *
 * The format is that of Python's `str.format`: `{}`, `{0}`, `{name}`, `{name.path[0]}`, `{:.3f}`, `{!r}`. Named values
 * come in a plain object at the end, and with them the option `ordered`: ordered calls keep their order among each other.
 * @throws ArgumentError when the format is none, or its fields and the values do not match.
 * @example
 * debug.print("loss = {:.3f}, step {step}", loss, { step });
 * @see `jax.debug.print`
 */
export const print: Op<
  (format: string, ...values: readonly unknown[]) => void,
  "debug_print",
  readonly ArrayValue[],
  DebugPrintParams
> = definePrimitive("debug_print", {
  call: (fmt, ...values) => {
    if (typeof fmt !== "string")
      throw new ArgumentError(
        "debug/format",
        `debug.print takes a format first, got ${describe(fmt)}: debug.print("{}", x)`,
      );
    const { positional, named, given } = splitNamed(values, ["ordered"]);
    checkFormat(parseFormat(fmt), positional, named ?? {});
    const { operands, ...tree } = flattenHost([positional, named ?? {}], "debug.print");
    print.bind(operands, { ...tree, fmt, ordered: readFlag("debug.print", given, "ordered") });
  },
  ...debugRules<DebugPrintParams>(
    () => print,
    ([positional, named], { fmt }) =>
      console.log(formatText(parseFormat(fmt), positional as unknown[], named as Record<string, unknown>)),
  ),
  params: {
    ...argumentKinds,
    fmt: opaque<string>(
      "a format",
      (value) => typeof value === "string",
      (fmt) => fmt,
    ),
    ordered: param.boolean,
  },
  alsoShow: ({ fmt, inTree, staticArgs }) => ({
    has_placeholders: parseFormat(fmt).some((piece) => typeof piece === "object"),
    in_tree: showArguments(inTree.children[0]!.children, inTree.children[1]!),
    logging_record: null,
    np_printoptions: printOptions,
    partitioned: false,
    static_args: staticArgs,
  }),
});

/** NumPy's defaults, which are what arrays are printed by. */
const printOptions =
  "(('edgeitems', 3), ('threshold', 1000), ('floatmode', 'maxprec'), ('precision', 8), ('suppress', False), ('linewidth', 75), ('nanstr', 'nan'), ('infstr', 'inf'), ('sign', '-'), ('formatter', None), ('legacy', False), ('override_repr', None))";
