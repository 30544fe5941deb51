import { flatten } from "../tree/index.ts";
import { ArgumentError, DifferentiationError, EscapedTracerError } from "../core/errors.ts";
import type { ClosedJaxpr } from "../core/jaxpr.ts";
import * as param from "../core/param-kind.ts";
import { readOptions } from "../core/options.ts";
import { definePrimitive, type Primitive, type Staged } from "../core/primitive.ts";
import { addTangents, zerosOf } from "../core/rules.ts";
import { isEager, Tracer } from "../core/trace.ts";
import { type ArrayValue, Dense, type Value } from "../core/value.ts";
import { materialiseBatch } from "../lax/algebra.ts";
import {
  avalsOf,
  checkList,
  type Flat,
  flattenArguments,
  flattenResult,
  toFunction,
} from "../interpreters/arguments.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { jvpArrays, matchTangents } from "../interpreters/jvp.ts";
import { quaxifyValues } from "../interpreters/quax.ts";
import { refuseAsync } from "../interpreters/signature.ts";
import { hoistConstants, stage } from "../interpreters/stage.ts";
import { batchArrays } from "../interpreters/vmap.ts";
import { Zero, zeroTangent } from "../interpreters/zero.ts";
import { flattenValues } from "./transformed-jaxpr.ts";

type Arrays = readonly ArrayValue[];

export interface CustomJvpParams {
  readonly name: string;
  /** The function, on lists of arrays. */
  readonly call: (operands: Arrays) => Arrays;
  /** Its derivative, by the user's rule: null tangents are structural zeros. */
  readonly jvp: (
    primals: Arrays,
    tangents: readonly (ArrayValue | null)[],
  ) => readonly [outs: Arrays, tangents: readonly (ArrayValue | null)[]];
  readonly symbolicZeros: boolean;
  /** The function as a program; present once it is recorded in one. */
  readonly callJaxpr?: ClosedJaxpr;
}

/** A call whose derivative the user gave. @see `jax._src.custom_derivatives.custom_jvp_call_p` */
export const customJvpCall: Primitive<"custom_jvp_call", readonly ArrayValue[], CustomJvpParams> =
  definePrimitive("custom_jvp_call", {
    abstract: (avals, { call, callJaxpr, name }) =>
      (callJaxpr ?? stage(call, avals, `customJvp of ${name}`)).outAvals,
    axes: "any",
    effects: ({ callJaxpr }) => callJaxpr?.jaxpr.effects ?? [],
    params: {
      name: param.name,
      call: param.hostFunction(),
      jvp: param.hostFunction("jvp"),
      symbolicZeros: param.boolean,
      callJaxpr: param.program,
    },
    revive: (data) => revived(data as unknown as Read),
    inline: ({ callJaxpr }) => callJaxpr!,
    evaluate: (operands, { call }) => call(operands),
    jvp: (primals, tangents, { jvp }) => jvp(primals, tangents),
    batch: (operands, dims, size, params, axis) => {
      const batched = batchedCall(dims, size, params, axis);
      const outs = customJvpCall.bind(operands, batched);
      return [outs, outs.map(() => 0)];
    },
    quaxify: (values, params) => {
      const flat = flattenValues(values);
      let rebuildOuts: ((arrays: Arrays) => Value[]) | undefined;
      const finish = (outs: readonly Value[]): Arrays => {
        const { arrays, rebuild } = flattenValues(outs);
        rebuildOuts = rebuild;
        return arrays;
      };
      const outs = customJvpCall.bind(flat.arrays, {
        name: params.name,
        symbolicZeros: params.symbolicZeros,
        call: (operands) =>
          finish(
            quaxifyValues(
              flat.rebuild(operands),
              (boxed) => params.call(boxed as unknown as Arrays),
              params.name,
            ),
          ),
        jvp: (primals, tangents) => {
          const [outValues, outTangents] = structuredJvp(flat.rebuild(primals), tangents, params);
          return [finish(outValues), outTangents];
        },
      });
      return rebuildOuts!(outs);
    },
    stage: (operands, params) => (params.callJaxpr ? { operands, params } : lifted(operands, params)),
  });

type Read = Required<Omit<CustomJvpParams, "call" | "jvp">>;
/** The call of a program that was read: text does not hold the rule. */
const revived = (data: Read): CustomJvpParams => ({
  ...data,
  call: (operands) => evaluateJaxpr(data.callJaxpr, operands),
  jvp: () => {
    throw new DifferentiationError(
      "custom/unread",
      `the JVP rule of ${data.name} is not known: the text of a program does not hold the rules of its functions, JSON does`,
    );
  },
});

/**
 * The call as a program, with what the function captured as operands ahead of its own. The user's rule says nothing of
 * captured values: in those the function is differentiated as it is.
 */
function lifted(operands: Arrays, params: CustomJvpParams): Staged<CustomJvpParams> {
  const { closed, consts } = hoistConstants(
    stage(params.call, avalsOf(operands), `customJvp of ${params.name}`),
  );
  const skip = consts.length;
  const call = (all: Arrays): Arrays => evaluateJaxpr(closed, all);
  const jvp: CustomJvpParams["jvp"] = (primals, tangents) => {
    const [own, ownTangents] = [primals.slice(skip), tangents.slice(skip)];
    const ruled = ownTangents.some((t) => t !== null) ? params.jvp(own, ownTangents) : null;
    const capturedTangents = tangents.slice(0, skip);
    if (ruled && capturedTangents.every((t) => t === null)) return ruled;
    const [outs, direct] = jvpArrays(
      (captured) => call([...captured, ...own]),
      primals.slice(0, skip),
      capturedTangents,
      `jvp of ${params.name}`,
    );
    return ruled ? [ruled[0], direct.map((t, i) => addTangents(ruled[1][i] ?? null, t))] : [outs, direct];
  };
  return {
    operands: [...(consts as Arrays), ...operands],
    params: { ...params, callJaxpr: closed, call, jvp },
  };
}

/** Binds the call; where the function turns out to have captured values that are being transformed, lifted. */
function bindCall(operands: Arrays, params: CustomJvpParams): Arrays {
  try {
    return customJvpCall.bind(operands, params);
  } catch (error) {
    if (!(error instanceof EscapedTracerError) || isEager()) throw error;
    const call = lifted(operands, params);
    if (!call.operands.some((x) => x instanceof Tracer && !operands.includes(x))) throw error;
    return customJvpCall.bind(call.operands, call.params);
  }
}

/** The same call over a batch; outputs have their batch axis at 0. */
function batchedCall(
  dims: readonly (number | null)[],
  size: number,
  { name, symbolicZeros, call, jvp }: CustomJvpParams,
  axis: string | undefined,
): CustomJvpParams {
  const front = ([outs, outDims]: [ArrayValue[], (number | null)[]]): ArrayValue[] =>
    outs.map((x, i) => materialiseBatch(x, outDims[i]!, size));
  return {
    name,
    symbolicZeros,
    call: (operands) => front(batchArrays(call, operands, dims, size, `vmap of ${name}`, axis)),
    jvp: (primals, tangents) => {
      const present = tangents.flatMap((t, i) => (t === null ? [] : [i]));
      let active: boolean[] = [];
      const body = (inputs: Arrays): Arrays => {
        const given = tangents.map((t, i) =>
          t === null ? null : inputs[primals.length + present.indexOf(i)]!,
        );
        const [outs, outTangents] = jvp(inputs.slice(0, primals.length), given);
        active = outTangents.map((t) => t !== null);
        return [...outs, ...outTangents.filter((t) => t !== null)];
      };
      // A tangent has the batch axis of its primal.
      const inputs = [...primals, ...present.map((i) => tangents[i]!)];
      const results = front(
        batchArrays(body, inputs, [...dims, ...present.map((i) => dims[i]!)], size, `vmap of ${name}`, axis),
      );
      let next = active.length;
      return [results.slice(0, active.length), active.map((on) => (on ? results[next++]! : null))];
    },
  };
}

/** The user's rule on structured values: a tangent has its primal's class, its leaves being tangents. */
function structuredJvp(
  primals: readonly Value[],
  leafTangents: readonly (ArrayValue | null)[],
  { name, jvp }: CustomJvpParams,
): [outs: Value[], tangents: (ArrayValue | null)[]] {
  let next = 0;
  const tangents = primals.map((value) => {
    const [leaves, treedef] = flatten(value) as [ArrayValue[], ReturnType<typeof flatten>[1]];
    const own = leaves.map((leaf) => (leaf instanceof Dense ? leafTangents[next++]! : null));
    return own.every((t) => t === null)
      ? null
      : treedef.unflatten<Value>(
          own.map(
            (t, i) =>
              t ?? (leaves[i] instanceof Dense ? zerosOf(zeroTangent(leaves[i]!.aval).aval) : leaves[i]),
          ),
        );
  });
  const present = tangents.filter((t) => t !== null);
  const [outs, outTangents] = quaxifyValues(
    [...primals, ...present],
    (boxed) => {
      let used = primals.length;
      return jvp(
        boxed.slice(0, primals.length) as unknown as Arrays,
        tangents.map((t) => (t === null ? null : (boxed[used++] as ArrayValue))),
      );
    },
    name,
  ) as readonly [readonly Value[], readonly (Value | null)[]];
  // Where a result and its tangent are of different classes, both become plain arrays.
  const plain = outs.map((out, i) => {
    const t = outTangents[i] ?? null;
    if (t === null || flatten(out)[1].equals(flatten(t)[1])) return [out, t] as const;
    return [out.materialise(), t.materialise()] as const;
  });
  const flatTangents = plain.flatMap(([out, t]) => {
    const count = flattenValues([out]).arrays.length;
    return t === null ? Array.from({ length: count }, () => null) : flattenValues([t]).arrays;
  });
  return [plain.map(([out]) => out), flatTangents];
}

export interface CustomJvpOptions {
  /** Arguments that are not differentiated: functions, settings. The rule gets them first. */
  readonly nondiffArgnums?: readonly number[];
}
export interface DefjvpOptions {
  /** Give the rule a `Zero` for each tangent that is structurally zero, instead of an array of zeros. */
  readonly symbolicZeros?: boolean;
}

/** `(…nondiff, primals, tangents) => [out, tangentOut]`. */
export type CustomJvpRule = (...args: never[]) => readonly [out: unknown, tangentOut: unknown];

/** A function with its own derivative. */
export interface CustomJvp<Args extends unknown[], R> {
  (...args: Args): R;
  /** Sets the rule: primals and tangents come as lists, one entry for each differentiated argument. Returns the rule. */
  defjvp<Rule extends CustomJvpRule>(rule: Rule, options?: DefjvpOptions): Rule;
  /** Sets one rule per argument: `(tangent, out, ...primals) => tangentOut`, or null where there is no dependence. */
  defjvps(...rules: readonly (((tangent: never, out: never, ...primals: never[]) => unknown) | null)[]): void;
}

/**
 * `f` with a derivative of your own, to be given with `defjvp` or `defjvps`.
 *
 * @throws DifferentiationError when it is differentiated without a rule; TreeError, ShapeError, DTypeError when the
 * rule's tangent does not match its output.
 * @example
 * const logistic = customJvp((x) => np.divide(1, np.add(1, np.exp(np.negative(x)))));
 * logistic.defjvps((t, out) => np.multiply(t, np.multiply(out, np.subtract(1, out))));
 * @see `jax.custom_jvp`
 */
export function customJvp<Args extends unknown[], R>(
  f: (...args: Args) => R,
  ...rest: readonly unknown[]
): CustomJvp<Args, R> {
  const { nondiffArgnums = [] } = readOptions<CustomJvpOptions>("customJvp", ["nondiffArgnums"], rest);
  const { call: original, name } = toFunction(f, "customJvp");
  let rule: ((...args: readonly unknown[]) => unknown) | undefined;
  let symbolicZeros = false;
  /** The rules of `defjvps` never see a zero, so none is made. */
  let skipsZeros = false;

  const wrapped = (...args: Args): R => {
    const nondiff = args.filter((_, i) => nondiffArgnums.includes(i));
    const flat = flattenArguments(
      args.filter((_, i) => !nondiffArgnums.includes(i)),
      `customJvp of ${name}`,
    );
    const merge = (diff: unknown): unknown[] => {
      const [fixed, others] = [[...nondiff], [...(diff as unknown[])]];
      return args.map((_, i) => (nondiffArgnums.includes(i) ? fixed.shift() : others.shift()));
    };
    let out: Flat | undefined;
    const outs = bindCall(flat.arrays, {
      name,
      symbolicZeros,
      call: (operands) => {
        out = flattenResult(original(...merge(flat.rebuild(operands))), name);
        return out.arrays;
      },
      jvp: (primals, tangents) => {
        if (rule === undefined) {
          throw new DifferentiationError(
            "custom/no-rule",
            `no JVP is defined for the customJvp function ${name}: give it one with defjvp or defjvps`,
          );
        }
        const given = tangents.map(
          (t, i) =>
            t ?? (symbolicZeros || skipsZeros ? zeroTangent(primals[i]!.aval) : instantiated(primals[i]!)),
        );
        const result = checkPair(rule(...nondiff, flat.rebuild(primals), flat.rebuild(given)), name);
        out = flattenResult(result[0], name);
        return [out.arrays, matchTangents(out, result[1], `the JVP rule of ${name}`)];
      },
    });
    return out!.rebuild(outs) as R;
  };
  Object.defineProperty(wrapped, "name", { value: name, configurable: true });

  return Object.assign(wrapped, {
    defjvp<Rule extends CustomJvpRule>(given: Rule, options: DefjvpOptions = {}): Rule {
      ({ symbolicZeros = false } = readOptions<DefjvpOptions>("defjvp", ["symbolicZeros"], [options]));
      skipsZeros = false;
      rule = given as unknown as (...args: readonly unknown[]) => unknown;
      return given;
    },
    defjvps(
      ...rules: readonly (((tangent: never, out: never, ...primals: never[]) => unknown) | null)[]
    ): void {
      if (nondiffArgnums.length > 0)
        throw new ArgumentError(
          "custom/nondiff",
          `defjvps does not go with nondiffArgnums: give ${name} its rule with defjvp`,
        );
      skipsZeros = true;
      rule = (primals, tangents) => {
        const out = wrapped(...(primals as Args));
        let total: ArrayValue | null = null;
        (tangents as readonly unknown[]).forEach((t, i) => {
          const push = rules[i] as ((...args: unknown[]) => unknown) | null | undefined;
          if (push && !(t instanceof Zero))
            total = addTangents(total, push(t, out, ...(primals as readonly unknown[])) as ArrayValue);
        });
        return [out, total ?? zeroTangent((out as unknown as ArrayValue).aval)];
      };
    },
  });
}

/** Zeros as an array, for a rule that takes no symbolic ones; integers have no tangent but `Zero`. */
function instantiated(primal: ArrayValue): ArrayValue {
  const zero = zeroTangent(primal.aval);
  return zero.dtype === "float0" ? zero : zerosOf(primal.aval);
}

function checkPair(result: unknown, name: string): readonly [out: unknown, tangentOut: unknown] {
  refuseAsync(result, `the JVP rule of ${name}`);
  const list = checkList(result, `the JVP rule of ${name}`, "result [out, tangentOut]");
  if (list.length !== 2)
    throw new ArgumentError(
      "custom/result",
      `the JVP rule of ${name} must return a list [out, tangentOut], got a list of ${list.length}`,
    );
  return [list[0], list[1]];
}
