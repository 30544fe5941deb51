import { ArgumentError, DifferentiationError } from "../core/errors.ts";
import type { ClosedJaxpr } from "../core/jaxpr.ts";
import { readOptions } from "../core/options.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type Primitive } from "../core/primitive.ts";
import { addTangents } from "../core/rules.ts";
import { describe } from "../core/trace.ts";
import { type ArrayValue, ArrayValue as ArrayValueClass, type Value } from "../core/value.ts";
import { materialiseBatch } from "../lax/algebra.ts";
import { resultPath, toFunction } from "../interpreters/arguments.ts";
import { guarded } from "../interpreters/closure.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { refuseAsync } from "../interpreters/signature.ts";
import { jvpArrays, matchTangents } from "../interpreters/jvp.ts";
import { quaxifyValues } from "../interpreters/quax.ts";
import { transposeJaxpr } from "../interpreters/transpose.ts";
import { batchArrays } from "../interpreters/vmap.ts";
import { Zero, zeroTangent } from "../interpreters/zero.ts";
import {
  callCustom,
  checkPair,
  customArguments,
  type Diff,
  instantiated,
  type Nondiff,
  primalOutputs,
} from "./custom-call.ts";
import { jvpLowering, revivedJvp } from "./lowered-rules.ts";
import type { Traced } from "./operands.ts";
import { batchOfRuled, quaxifyOfRuled } from "./ruled-call.ts";
import { alignTangents, tangentValues } from "./structured-tangents.ts";
import { setName } from "../core/function-name.ts";

type Arrays = readonly ArrayValue[];
type Tangents = readonly (ArrayValue | null)[];

export interface CustomJvpParams {
  readonly name: string;
  readonly callJaxpr: ClosedJaxpr;
  /** Leading operands that the function captured: of these the rule says nothing. */
  readonly numConsts: number;
  /** The user's rule, on the operands that are not captured. */
  readonly jvp: param.NamedRule<JvpOfArrays>;
  readonly symbolicZeros: boolean;
}
/** Null tangents are structural zeros. */
type JvpOfArrays = (primals: Arrays, tangents: Tangents) => readonly [outs: Arrays, tangents: Tangents];

/** A call whose derivative the user gave. @see `jax._src.custom_derivatives.custom_jvp_call_p` */
export const customJvpCall: Primitive<"custom_jvp_call", readonly ArrayValue[], CustomJvpParams> =
  definePrimitive("custom_jvp_call", {
    abstract: (_avals, { callJaxpr }) => callJaxpr.outAvals,
    axes: "any",
    effects: ({ callJaxpr }) => callJaxpr.jaxpr.effects,
    params: {
      name: param.name,
      callJaxpr: param.program,
      numConsts: param.unless(0, param.integer),
      jvp: param.rule(),
      symbolicZeros: param.boolean,
    },
    lower: jvpLowering,
    revive: revivedJvp,
    inline: ({ callJaxpr }) => callJaxpr,
    evaluate: (operands, { callJaxpr }) => evaluateJaxpr(callJaxpr, operands),
    jvp: (primals, tangents, params) => {
      const { numConsts, callJaxpr, name } = params;
      const captured = tangents.slice(0, numConsts);
      const [own, ownTangents] = [primals.slice(numConsts), tangents.slice(numConsts)];
      const ruled = ownTangents.some((t) => t !== null)
        ? guarded(`the JVP rule of ${name}`, () => params.jvp.run(own, ownTangents))
        : null;
      if (ruled && captured.every((t) => t === null)) return ruled;
      // In what it captured the function is differentiated as it is.
      const [outs, direct] = jvpArrays(
        (xs) => evaluateJaxpr(callJaxpr, [...xs, ...own]),
        primals.slice(0, numConsts),
        captured,
        `jvp of ${name}`,
      );
      return ruled ? [ruled[0], direct.map((t, i) => addTangents(ruled[1][i] ?? null, t))] : [outs, direct];
    },
    // A linear function may have a rule of its own; its transpose is that of the function.
    transpose: (cotangents, operands, { callJaxpr }) => transposeJaxpr(callJaxpr, operands, cotangents),
    batch: (operands, dims, size, params, axis) =>
      batchOfRuled(customJvpCall, operands, dims, size, params, axis, (own) => ({
        jvp: { name: params.jvp.name, run: batchedRule(params, own, size, axis) },
      })),
    quaxify: (values, params) => {
      const rule = `the JVP rule of ${params.name}`;
      return quaxifyOfRuled(customJvpCall, values, params, rule, (rebuild, flat) => {
        const run: JvpOfArrays = (primals, tangents) => {
          const [outs, outTangents] = structuredRule(rebuild(primals), tangents, params);
          return [flat(outs), outTangents];
        };
        return { jvp: { name: params.jvp.name, run } };
      });
    },
  });

/** The rule over a batch; outputs have their batch axis at 0. */
function batchedRule(
  { name, jvp }: CustomJvpParams,
  dims: readonly (number | null)[],
  size: number,
  axis: string | undefined,
): JvpOfArrays {
  return (primals, tangents) => {
    const present = tangents.flatMap((t, i) => (t === null ? [] : [i]));
    let active: boolean[] = [];
    const body = (inputs: Arrays): Arrays => {
      const given = tangents.map((t, i) =>
        t === null ? null : inputs[primals.length + present.indexOf(i)]!,
      );
      const [outs, outTangents] = jvp.run(inputs.slice(0, primals.length), given);
      active = outTangents.map((t) => t !== null);
      return [...outs, ...outTangents.filter((t) => t !== null)];
    };
    // A tangent has the batch axis of its primal.
    const inputs = [...primals, ...present.map((i) => tangents[i]!)];
    const inDims = [...dims, ...present.map((i) => dims[i]!)];
    const [outs, outDims] = batchArrays(body, inputs, inDims, size, `vmap of ${name}`, axis);
    const front = outs.map((x, i) => materialiseBatch(x, outDims[i]!, size));
    let next = active.length;
    return [front.slice(0, active.length), active.map((on) => (on ? front[next++]! : null))];
  };
}

/** The rule on structured values. */
function structuredRule(
  primals: readonly Value[],
  leafTangents: Tangents,
  { name, jvp }: CustomJvpParams,
): [outs: Value[], tangents: (ArrayValue | null)[]] {
  const tangents = tangentValues(primals, leafTangents);
  const present = tangents.filter((t) => t !== null);
  const [outs, outTangents] = quaxifyValues(
    [...primals, ...present],
    (boxed) => {
      let used = primals.length;
      return jvp.run(
        boxed.slice(0, primals.length) as unknown as Arrays,
        tangents.map((t) => (t === null ? null : (boxed[used++] as ArrayValue))),
      );
    },
    name,
  ) as readonly [readonly Value[], readonly (Value | null)[]];
  return alignTangents(outs, outTangents);
}

export interface CustomJvpOptions<N extends readonly number[] = readonly number[]> {
  /** Arguments that are not differentiated: functions, settings. The rule gets them first, in this order. */
  readonly nondiffArgnums?: N;
}
export interface DefjvpOptions {
  /** Give the rule a `Zero` for each tangent that is structurally zero, instead of an array of zeros. */
  readonly symbolicZeros?: boolean;
}

/** `(…nondiff, primals, tangents) => [out, tangentOut]`. */
export type CustomJvpRule = (...args: never[]) => readonly [out: unknown, tangentOut: unknown];

type JvpRule<Args extends unknown[], R, N extends readonly number[]> = (
  ...args: [...Nondiff<Args, N>, primals: Diff<Args, N>, tangents: Diff<Args, N>]
) => readonly [out: R, tangentOut: unknown];

/** A function with its own derivative. */
export interface CustomJvp<Args extends unknown[], R, N extends readonly number[] = readonly []> {
  (...args: Args): R;
  /** Sets the rule: primals and tangents come as lists, one entry for each differentiated argument. Returns the rule. */
  defjvp<Rule extends JvpRule<Args, R, N>>(rule: Rule): Rule;
  defjvp<Rule extends CustomJvpRule>(rule: Rule, options?: DefjvpOptions): Rule;
  /** Sets one rule per argument: `(tangent, out, ...primals) => tangentOut`, or null where there is no dependence. */
  defjvps(
    ...rules: {
      [K in keyof Args]:
        | ((tangent: Traced<Args[K]>, out: Traced<R>, ...primals: Traced<Args>) => unknown)
        | null;
    }
  ): void;
  defjvps(...rules: readonly (((tangent: never, out: never, ...primals: never[]) => unknown) | null)[]): void;
}

interface Rule {
  readonly call: (...args: readonly unknown[]) => unknown;
  readonly name: string;
  readonly zeros: "arrays" | "symbolic";
  readonly symbolicZeros: boolean;
}

/**
 * `f` with a derivative of your own, to be given with `defjvp` or `defjvps`.
 *
 * Of what `f` captured the rule says nothing: in that it is differentiated as it is.
 * @throws DifferentiationError when it is differentiated without a rule, or the rule captured a value that is being
 * transformed; TreeError, ShapeError, DTypeError when the rule's output or tangent does not match the function's.
 * @example
 * const logistic = customJvp((x) => np.divide(1, np.add(1, np.exp(np.negative(x)))));
 * logistic.defjvps((t, out) => np.multiply(t, np.multiply(out, np.subtract(1, out))));
 * @see `jax.custom_jvp`
 */
export function customJvp<
  Args extends unknown[] = ArrayValue[],
  R = unknown,
  const N extends readonly number[] = readonly [],
>(f: (...args: Args) => R, options?: N | CustomJvpOptions<N>): CustomJvp<Args, R, N>;
export function customJvp<Args extends unknown[], R>(
  f: (...args: Args) => R,
  ...rest: readonly unknown[]
): CustomJvp<Args, R> {
  const { nondiffArgnums = [] } = readOptions<CustomJvpOptions>("customJvp", ["nondiffArgnums"], rest);
  const { call, name } = toFunction(f, "customJvp");
  const label = `customJvp of ${name}`;
  let rule: Rule | undefined;

  const wrapped = (...args: Args): R => {
    const split = customArguments(args, nondiffArgnums, label);
    const { flat, nondiff } = split;
    return callCustom(call, split, label, ({ closed, captured }, out) =>
      customJvpCall.bind([...captured, ...flat.arrays], {
        name,
        callJaxpr: closed,
        numConsts: captured.length,
        symbolicZeros: rule?.symbolicZeros ?? false,
        jvp: {
          name: rule?.name ?? "None",
          run: (primals, tangents) => {
            if (rule === undefined) {
              throw new DifferentiationError(
                "custom/no-rule",
                `no JVP is defined for the customJvp function ${name}: give it one with defjvp or defjvps`,
              );
            }
            const { zeros } = rule;
            const zeroOf = zeros === "symbolic" ? zeroTangent : instantiated;
            const given = tangents.map((t, i) => t ?? zeroOf(primals[i]!.aval));
            const place = `the JVP rule of ${name}`;
            const result = rule.call(...nondiff, flat.rebuild(primals), flat.rebuild(given));
            const [value, tangent] = checkPair(result, place, "[out, tangentOut]");
            const ruled = primalOutputs(value, out, place);
            return [ruled.arrays, matchTangents(ruled, tangent, place, resultPath)];
          },
        },
      }),
    ) as R;
  };
  setName(wrapped, name);

  return Object.assign(wrapped, {
    defjvp<Given extends CustomJvpRule>(given: Given, options: DefjvpOptions = {}): Given {
      const { symbolicZeros = false } = readOptions<DefjvpOptions>("defjvp", ["symbolicZeros"], [options]);
      const { call, name } = toFunction(given, "defjvp");
      rule = { call, name, zeros: symbolicZeros ? "symbolic" : "arrays", symbolicZeros };
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
      for (const [i, given] of rules.entries()) {
        if (given !== null && typeof given !== "function")
          throw new ArgumentError(
            "custom/rule",
            `defjvps of ${name}: the rule for argument ${i} is a function, or null where nothing depends on it, got ${describe(given)}`,
          );
      }
      const call = (...[primals, tangents]: readonly unknown[]): unknown => {
        const { length } = tangents as readonly unknown[];
        if (length !== rules.length)
          throw new ArgumentError(
            "custom/arity",
            `defjvps of ${name}: it has ${rules.length} rules, but the function was called with ${length} arguments: give one for each, null where nothing depends on it`,
          );
        const out = wrapped(...(primals as Args));
        let total: ArrayValue | null = null;
        (tangents as readonly unknown[]).forEach((t, i) => {
          const push = rules[i] as ((...args: unknown[]) => unknown) | null;
          if (push === null || t instanceof Zero) return;
          const tangent = push(t, out, ...(primals as readonly unknown[]));
          refuseAsync(tangent, `defjvps of ${name}`);
          if (tangent !== null && !(tangent instanceof ArrayValueClass) && typeof tangent !== "number")
            throw new ArgumentError(
              "custom/rule",
              `defjvps of ${name}: the rule for argument ${i} must return a tangent of the result, or null, got ${describe(tangent)}`,
            );
          total = addTangents(total, tangent as ArrayValue);
        });
        return [out, total ?? zeroTangent((out as unknown as ArrayValue).aval)];
      };
      // Rules of single arguments never see a zero, so none is made.
      rule = { call, name: "jvp", zeros: "symbolic", symbolicZeros: false };
    },
  });
}
