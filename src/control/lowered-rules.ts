import { isInexact } from "../core/dtype.ts";
import { DifferentiationError, JaxprError } from "../core/errors.ts";
import type { ClosedJaxpr } from "../core/jaxpr.ts";
import * as param from "../core/param-kind.ts";
import type { Lowering } from "../core/primitive.ts";
import { zerosOf } from "../core/rules.ts";
import type { ArrayValue, Aval } from "../core/value.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { stage } from "../interpreters/stage.ts";
import type { CustomJvpParams } from "./custom-jvp.ts";
import type { CustomLinearParams, CustomVjpParams } from "./custom-vjp-call.ts";
import type { Forward, Pull } from "./custom-vjp-rules.ts";

// Rules of the user's as programs, for JSON: traced for all tangents and cotangents. A program has no structural zeros, so
// where one comes it is given an array of zeros.

type Arrays = readonly ArrayValue[];
type MaybeArrays = readonly (ArrayValue | null)[];

const flags = param.list(param.boolean);
const inexact = (avals: readonly Aval[]): Aval[] => avals.filter(({ dtype }) => isInexact(dtype));

/** What a list of arrays and nulls is in a program: the arrays, and where they stand. */
function packed(results: MaybeArrays): { arrays: Arrays; active: boolean[] } {
  return { arrays: results.filter((x) => x !== null), active: results.map((x) => x !== null) };
}
function unpacked(arrays: Arrays, active: readonly boolean[]): MaybeArrays {
  let next = 0;
  return active.map((on) => (on ? arrays[next++]! : null));
}

const unknown: ReadonlySet<string> = new Set(["custom/no-rule", "custom/unread"]);
/** What a rule is as programs; nothing where there is no rule. */
function lowered(rule: param.NamedRule<unknown>, lower: () => object): object {
  try {
    return rule.lowered ?? lower();
  } catch (error) {
    if (error instanceof DifferentiationError && unknown.has(error.code)) return {};
    throw error;
  }
}

/** @throws JaxprError when a rule that was read does not take what it is given. */
function run(closed: ClosedJaxpr, inputs: Arrays, rule: string): Arrays {
  if (inputs.length !== closed.jaxpr.invars.length)
    throw new JaxprError(
      "custom/rule",
      `${rule} takes ${closed.jaxpr.invars.length} arrays, it is given ${inputs.length}`,
    );
  return evaluateJaxpr(closed, inputs);
}

/** Tangents of the inexact avals, zeros in place of structural ones. */
const filled = (tangents: MaybeArrays, avals: readonly Aval[]): ArrayValue[] =>
  avals.flatMap((aval, i) => (isInexact(aval.dtype) ? [tangents[i] ?? zerosOf(aval)] : []));

interface LoweredJvp {
  readonly jvpJaxpr: ClosedJaxpr;
  readonly outActive: readonly boolean[];
}
export const jvpLowering: Lowering<CustomJvpParams> = {
  params: { jvpJaxpr: param.program, outActive: flags },
  of: ({ name, numConsts, jvp }, operands) =>
    lowered(jvp, (): LoweredJvp => {
      const own = operands.slice(numConsts);
      let outActive: readonly boolean[] = [];
      const body = (inputs: Arrays): Arrays => {
        const tangents = unpacked(
          inputs.slice(own.length),
          own.map(({ dtype }) => isInexact(dtype)),
        );
        const [outs, outTangents] = jvp.run(inputs.slice(0, own.length), tangents);
        const { arrays, active } = packed(outTangents);
        outActive = active;
        return [...outs, ...arrays];
      };
      return { jvpJaxpr: stage(body, [...own, ...inexact(own)], `the JVP rule of ${name}`), outActive };
    }),
};

export function revivedJvp(data: Readonly<Record<string, unknown>>): CustomJvpParams {
  const { jvpJaxpr, outActive, ...params } = data as unknown as CustomJvpParams & Partial<LoweredJvp>;
  if (jvpJaxpr === undefined || outActive === undefined) return params;
  const jvp: CustomJvpParams["jvp"]["run"] = (primals, tangents) => {
    const given = filled(
      tangents,
      primals.map((x) => x.aval),
    );
    const results = run(jvpJaxpr, [...primals, ...given], `the JVP rule of ${params.name}`);
    return [results.slice(0, outActive.length), unpacked(results.slice(outActive.length), outActive)];
  };
  return { ...params, jvp: { name: params.jvp.name, run: jvp, lowered: { jvpJaxpr, outActive } } };
}

interface LoweredPull {
  readonly bwdJaxpr: ClosedJaxpr;
  /** Which operands get a cotangent. */
  readonly inActive: readonly boolean[];
}

/** A backward rule as a program: from residuals and the cotangents of inexact outputs. */
function lowerPull(
  pull: Pull,
  residuals: readonly Aval[],
  outs: readonly Aval[],
  label: string,
): LoweredPull {
  let inActive: readonly boolean[] = [];
  const body = (inputs: Arrays): Arrays => {
    const cts = unpacked(
      inputs.slice(residuals.length),
      outs.map(({ dtype }) => isInexact(dtype)),
    );
    const { arrays, active } = packed(pull(inputs.slice(0, residuals.length), cts));
    inActive = active;
    return arrays;
  };
  return { bwdJaxpr: stage(body, [...residuals, ...inexact(outs)], label), inActive };
}

const revivedPull =
  ({ bwdJaxpr, inActive }: LoweredPull, outs: readonly Aval[], rule: string): Pull =>
  (residuals, cotangents) =>
    unpacked(run(bwdJaxpr, [...residuals, ...filled(cotangents, outs)], rule), inActive);

const pullKinds = { bwdJaxpr: param.program, inActive: flags };

interface LoweredVjp extends LoweredPull {
  /** From operands to outputs and residuals. */
  readonly fwdJaxpr: ClosedJaxpr;
}
export const vjpLowering: Lowering<CustomVjpParams> = {
  params: { fwdJaxpr: param.program, ...pullKinds },
  of: ({ name, numConsts, fwd }, operands) =>
    lowered(fwd, (): LoweredVjp => {
      const own = operands.slice(numConsts);
      let pull: Pull | undefined;
      let count = 0;
      const body = (inputs: Arrays): Arrays => {
        const result = fwd.run(
          inputs,
          own.map(({ dtype }) => isInexact(dtype)),
        );
        pull = result.pull;
        count = result.outs.length;
        return [...result.outs, ...result.residuals];
      };
      const fwdJaxpr = stage(body, own, `fwd of the customVjp function ${name}`);
      const avals = fwdJaxpr.outAvals;
      const label = `bwd of the customVjp function ${name}`;
      return { fwdJaxpr, ...lowerPull(pull!, avals.slice(count), avals.slice(0, count), label) };
    }),
};

export function revivedVjp(data: Readonly<Record<string, unknown>>): CustomVjpParams {
  const { fwdJaxpr, bwdJaxpr, inActive, ...params } = data as unknown as CustomVjpParams &
    Partial<LoweredVjp>;
  if (fwdJaxpr === undefined || bwdJaxpr === undefined || inActive === undefined) return params;
  const { name, callJaxpr, fwd } = params;
  const outs = callJaxpr.outAvals;
  const pull = revivedPull({ bwdJaxpr, inActive }, outs, `bwd of the customVjp function ${name}`);
  const forward: Forward = (operands) => {
    const results = run(fwdJaxpr, operands, `fwd of the customVjp function ${name}`);
    return { outs: results.slice(0, outs.length), residuals: results.slice(outs.length), pull };
  };
  return { ...params, fwd: { name: fwd.name, run: forward, lowered: { fwdJaxpr, bwdJaxpr, inActive } } };
}

export const linearLowering: Lowering<CustomLinearParams> = {
  params: pullKinds,
  of: ({ callName, numRes, outAvals, bwd }, operands) =>
    lowered(bwd, () =>
      lowerPull(bwd.run, operands.slice(0, numRes), outAvals, `bwd of the customVjp function ${callName}`),
    ),
};

export function revivedLinear(data: Readonly<Record<string, unknown>>): CustomLinearParams {
  const { bwdJaxpr, inActive, ...params } = data as unknown as CustomLinearParams & Partial<LoweredPull>;
  if (bwdJaxpr === undefined || inActive === undefined) return params;
  const { callName, outAvals, bwd } = params;
  const rule = revivedPull({ bwdJaxpr, inActive }, outAvals, `bwd of the customVjp function ${callName}`);
  return { ...params, bwd: { name: bwd.name, run: rule, lowered: { bwdJaxpr, inActive } } };
}
