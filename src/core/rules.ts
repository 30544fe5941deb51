import { DifferentiationError } from "./errors.ts";
import type {
  AnyPrimitive,
  BatchRule,
  Declaration,
  JvpRule,
  PullBack,
  PushForward,
  Rules,
  TransposeRule,
} from "./primitive.ts";
import { Linear } from "./primitive.ts";
import { checkSize } from "./shape.ts";
import { bind } from "./trace.ts";
import type { ArrayValue, Aval } from "./value.ts";

/** What the shorthands need of arrays; `lax` installs it, being to the right of the core. */
export interface TangentAlgebra {
  zeros(aval: Aval): ArrayValue;
  add(x: ArrayValue, y: ArrayValue): ArrayValue;
  /** Operands with the batch axis first and ranks aligned, ready for an elementwise primitive. */
  alignBatch(
    operands: readonly ArrayValue[],
    dims: readonly (number | null)[],
  ): { operands: readonly ArrayValue[]; dim: number };
}

let algebra: TangentAlgebra;
export const installAlgebra = (installed: TangentAlgebra): void => {
  algebra = installed;
};
/** Zeros of an aval, in the current trace. */
export const zerosOf = (aval: Aval): ArrayValue => algebra.zeros(aval);
/** The sum of two tangents or cotangents, either of which may be structurally zero. */
export const addTangents = (x: ArrayValue | null, y: ArrayValue | null): ArrayValue | null =>
  x === null ? y : y === null ? x : algebra.add(x, y);

type Values = readonly ArrayValue[];
type Params = object;

function jvpRule(prim: AnyPrimitive, jvp: Declaration<Values, Params>["jvp"]): JvpRule<Values, Params> {
  if (typeof jvp === "function") return jvp;
  const primalOuts = (primals: Values, params: Params) => bind(prim, primals, params);
  if (jvp === "none") {
    return (primals, _tangents, params) => {
      const outs = primalOuts(primals, params);
      return [outs, outs.map(() => null)];
    };
  }
  if (jvp === "linear") {
    return (primals, tangents, params) => {
      const outs = primalOuts(primals, params);
      if (tangents.every((t) => t === null)) return [outs, outs.map(() => null)];
      return [
        outs,
        bind(
          prim,
          tangents.map((t, i) => t ?? zerosOf(primals[i]!.aval)),
          params,
        ),
      ];
    };
  }
  const pushes: readonly (PushForward<Values, Params> | null)[] | undefined =
    jvp === "multilinear" ? undefined : jvp;
  return (primals, tangents, params) => {
    const outs = primalOuts(primals, params);
    let tangent: ArrayValue | null = null;
    for (let i = 0; i < tangents.length; i++) {
      const t = tangents[i] ?? null;
      if (t === null) continue;
      const push = pushes?.[i];
      if (pushes && !push) continue;
      const term = push ? push(t, outs[0]!, primals, params) : bind(prim, primals.with(i, t), params)[0]!;
      tangent = addTangents(tangent, term);
    }
    return [outs, outs.map((_, i) => (i === 0 ? tangent : null))];
  };
}

function transposeRule(
  prim: AnyPrimitive,
  { transpose: rule, jvp }: Declaration<Values, Params>,
): TransposeRule<Params> | undefined {
  if (rule === undefined) return undefined;
  const general = typeof rule === "function" ? rule : byOperand(prim, rule);
  if (jvp !== "multilinear") return general;
  return (cotangents, operands, params, outs) => {
    // Linear in each operand, and so in two at once it is not.
    if (operands.filter((x) => x instanceof Linear).length > 1) noTranspose(prim);
    return general(cotangents, operands, params, outs);
  };
}

function byOperand(
  prim: AnyPrimitive,
  pulls: readonly (PullBack<Values, Params> | null)[],
): TransposeRule<Params> {
  return ([ct], operands, params) =>
    operands.map((x, i) => {
      if (!ct || !(x instanceof Linear)) return null;
      // A pull-back reads values of the other operands and only the aval of its own.
      return (pulls[i] ?? noTranspose(prim))(ct, operands as Values, params);
    });
}

function batchRule(
  prim: AnyPrimitive,
  batch: Declaration<Values, Params>["batch"],
): BatchRule<Values, Params> {
  if (typeof batch === "function") return batch;
  return (operands, dims, _size, params) => {
    const aligned = algebra.alignBatch(operands, dims);
    const outs = bind(prim, aligned.operands, params);
    return [outs, outs.map(() => aligned.dim)];
  };
}

/** The general forms of the shorthands. */
export function expandRules(prim: AnyPrimitive, declaration: Declaration<Values, Params>): Rules {
  const { abstract, effects, axes, params, alsoShow, revive, expand, evaluate, inline, prune, samples } =
    declaration;
  const { arity, lower, host, stepwise, partialEvaluate, rematerialise, quaxify } = declaration;
  return {
    abstract: (avals, params) => {
      const out = abstract(avals, params);
      const outs = Array.isArray(out) ? (out as readonly Aval[]) : [out as Aval];
      for (let i = 0; i < outs.length; i++) checkSize(outs[i]!.shape, prim.primitive);
      return outs;
    },
    jvp: jvpRule(prim, declaration.jvp),
    transpose: transposeRule(prim, declaration),
    batch: batchRule(prim, declaration.batch),
    elementwise: declaration.batch === "elementwise",
    effects,
    linearity: typeof declaration.jvp === "string" ? declaration.jvp : undefined,
    axes,
    arity,
    // Erased, as the other rules are.
    params: (params ?? {}) as Rules["params"],
    alsoShow,
    lower,
    revive,
    expand,
    evaluate,
    host,
    stepwise,
    partialEvaluate,
    rematerialise,
    quaxify,
    inline,
    prune,
    samples: samples ?? [],
  };
}

/** @throws DifferentiationError always: `prim` has no transpose rule. */
export function noTranspose(prim: AnyPrimitive): never {
  throw new DifferentiationError(
    "ad/transpose",
    `${prim.primitive} has no transpose rule: it is not linear, or not in the operand that is differentiated`,
  );
}
