import { isInexact } from "../core/dtype.ts";
import { DifferentiationError } from "../core/errors.ts";
import type { ClosedJaxpr } from "../core/jaxpr.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, Linear, type Primitive } from "../core/primitive.ts";
import { Word } from "../core/python-text.ts";
import { showSource } from "../core/source.ts";
import { type ArrayValue, type Aval, showAval } from "../core/value.ts";
import { avalsOf } from "../interpreters/arguments.ts";
import { guarded } from "../interpreters/closure.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { transposeJaxpr } from "../interpreters/transpose.ts";
import {
  batchedForward,
  batchedPull,
  type Forward,
  type Pull,
  structuredForward,
} from "./custom-vjp-rules.ts";
import { linearLowering, revivedLinear, revivedVjp, vjpLowering } from "./lowered-rules.ts";
import { batchOfRuled, quaxifyOfRuled } from "./ruled-call.ts";
import { jvpJaxpr } from "./transformed-jaxpr.ts";

type Arrays = readonly ArrayValue[];

export interface CustomVjpParams {
  readonly name: string;
  readonly callJaxpr: ClosedJaxpr;
  /** Leading operands that the function captured: in these it cannot be differentiated. */
  readonly numConsts: number;
  /** The user's forward rule, on the operands that are not captured. It leaves the backward one. */
  readonly fwd: param.NamedRule<Forward>;
  /** What the backward rule is called. */
  readonly bwd: string;
  readonly symbolicZeros: boolean;
}

/** A call whose reverse-mode derivative the user gave. @see `jax._src.custom_derivatives.custom_vjp_call_p` */
export const customVjpCall: Primitive<"custom_vjp_call", readonly ArrayValue[], CustomVjpParams> =
  definePrimitive("custom_vjp_call", {
    abstract: (_avals, { callJaxpr }) => callJaxpr.outAvals,
    axes: "any",
    effects: ({ callJaxpr }) => callJaxpr.jaxpr.effects,
    params: {
      name: param.name,
      callJaxpr: param.program,
      numConsts: param.unless(0, param.integer),
      fwd: param.rule(),
      bwd: param.name,
      symbolicZeros: param.boolean,
    },
    lower: vjpLowering,
    revive: revivedVjp,
    inline: ({ callJaxpr }) => callJaxpr,
    evaluate: (operands, { callJaxpr }) => evaluateJaxpr(callJaxpr, operands),
    jvp: (primals, tangents, params) => {
      const { name, numConsts, symbolicZeros, bwd } = params;
      refuseMovingCapture(
        params,
        tangents.map((t, i) => i < numConsts && t !== null),
      );
      const own = tangents.slice(numConsts);
      const perturbed = own.map((t) => t !== null);
      const { outs, residuals, pull } = guarded(`fwd of the customVjp function ${name}`, () =>
        params.fwd.run(primals.slice(numConsts), perturbed),
      );
      const outAvals = avalsOf(outs);
      const pushed = customLinear.bind([...residuals, ...own.filter((t) => t !== null)], {
        bwd: {
          name: bwd,
          run: (given, cts) => guarded(`bwd of the customVjp function ${name}`, () => pull(given, cts)),
        },
        callName: name,
        numRes: residuals.length,
        inZeros: perturbed.map((on) => !on),
        outAvals,
        symbolicZeros,
      });
      let next = 0;
      return [outs, outAvals.map(({ dtype }) => (isInexact(dtype) ? pushed[next++]! : null))];
    },
    // A linear function may have a rule of its own; its transpose is that of the function.
    transpose: (cotangents, operands, { callJaxpr }) => transposeJaxpr(callJaxpr, operands, cotangents),
    batch: (operands, dims, size, params, axis) =>
      batchOfRuled(customVjpCall, operands, dims, size, params, axis, (own) => ({
        fwd: { name: params.fwd.name, run: batchedForward(params, own, size, axis) },
      })),
    quaxify: (values, params) => {
      const rule = `fwd of the customVjp function ${params.name}`;
      return quaxifyOfRuled(customVjpCall, values, params, rule, (rebuild, flat) => {
        const run: Forward = (primals, perturbed) => {
          const { outs, ...rest } = structuredForward(rebuild(primals), perturbed, params);
          return { outs: flat(outs), ...rest };
        };
        return { fwd: { name: params.fwd.name, run } };
      });
    },
  });

export interface CustomLinearParams {
  readonly callName: string;
  readonly bwd: param.NamedRule<Pull>;
  /** Leading operands that are residuals; the others are the tangents of those operands of the call that have one. */
  readonly numRes: number;
  /** For each operand of the call, whether its tangent is structurally zero. */
  readonly inZeros: readonly boolean[];
  /** Of all outputs of the call; only the inexact ones have tangents. */
  readonly outAvals: readonly Aval[];
  readonly symbolicZeros: boolean;
}

/** Printed in square brackets, as JAX has a list here. */
const flags: param.ParamKind<readonly boolean[]> = {
  ...param.list(param.boolean),
  write: (value) => new Word(`[${value.map((on) => (on ? "True" : "False")).join(", ")}]`),
};
const avals: param.ParamKind<readonly Aval[]> = {
  expected: "a list of avals",
  is: Array.isArray,
  write: (value) => value,
  read: () => undefined,
};

/** The tangent map of a call, of which only the transpose is known. @see `jax._src.interpreters.ad.custom_lin_p` */
const customLinear: Primitive<"custom_lin", readonly ArrayValue[], CustomLinearParams> = definePrimitive(
  "custom_lin",
  {
    abstract: (_avals, { outAvals }) => outAvals.filter(({ dtype }) => isInexact(dtype)),
    axes: "any",
    params: {
      bwd: param.rule(),
      callName: param.following(param.name, () => "of a program that was read"),
      inZeros: flags,
      numRes: param.integer,
      outAvals: param.following(avals, (_operands, outs) => outs),
      symbolicZeros: param.boolean,
    },
    lower: linearLowering,
    revive: revivedLinear,
    inline: ({ callName }) => noForwardMode(callName),
    evaluate: (_operands, { callName }) => noForwardMode(callName),
    quaxify: (_values, { callName }) => noForwardMode(callName),
    jvp: (_primals, _tangents, { callName }) => noForwardMode(callName),
    transpose: (cotangents, operands, { numRes, outAvals, inZeros, bwd, callName }) => {
      const residuals = operands.slice(0, numRes);
      if (residuals.some((x) => x instanceof Linear)) noForwardMode(callName);
      let next = 0;
      const cts = outAvals.map(({ dtype }) => (isInexact(dtype) ? cotangents[next++]! : null));
      const pulled = bwd.run(residuals as Arrays, cts);
      return [...residuals.map(() => null), ...pulled.filter((_, i) => !inZeros[i])];
    },
    batch: (operands, dims, size, params, axis) => {
      const { numRes, inZeros, outAvals, bwd, callName } = params;
      let next = numRes;
      const inDims = inZeros.map((zero) => (zero ? null : dims[next++]!));
      const outs = customLinear.bind([...operands], {
        ...params,
        outAvals: outAvals.map((aval) => ({ ...aval, shape: [size, ...aval.shape] })),
        bwd: {
          name: bwd.name,
          run: batchedPull(bwd.run, dims.slice(0, numRes), inDims, size, callName, axis),
        },
      });
      return [outs, outs.map(() => 0)];
    },
  },
);

function noForwardMode(name: string): never {
  throw new DifferentiationError(
    "custom/forward-mode",
    `can't apply forward-mode differentiation (jvp, jacfwd, linearize's push) to the customVjp function ${name}: its rule is for reverse mode. Use grad, vjp or jacrev, or give the function a customJvp rule, which serves both`,
  );
}

/** @throws DifferentiationError when the result moves with what the function captured. */
function refuseMovingCapture({ name, callJaxpr }: CustomVjpParams, moving: readonly boolean[]): void {
  // A captured value may have a tangent that its gradient being stopped keeps from the result.
  if (!moving.includes(true) || !jvpJaxpr(callJaxpr, moving).outActive.includes(true)) return;
  const index = moving.findIndex(
    (on, i) =>
      on &&
      jvpJaxpr(
        callJaxpr,
        moving.map((_, k) => k === i),
      ).outActive.includes(true),
  );
  const { invars, eqns } = callJaxpr.jaxpr;
  const user = eqns.find(({ inputs }) => inputs.includes(invars[index]!));
  const source = showSource(user?.source);
  const use = user ? `, which its ${user.primitive.primitive} reads${source ? ` (at ${source})` : ""}` : "";
  throw new DifferentiationError(
    "custom/closure",
    `the customVjp function ${name} captured a value of ${showAval(invars[index]!.aval)} that is being differentiated${use}: its rule speaks only of its arguments. Pass the value as an argument, or stop its gradient with lax.stopGradient before; closureConvert turns what a function captured into arguments.`,
  );
}
