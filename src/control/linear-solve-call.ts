import { DifferentiationError, DispatchError } from "../core/errors.ts";
import type { ClosedJaxpr } from "../core/jaxpr.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, Linear, type Primitive } from "../core/primitive.ts";
import { addTangents, noTranspose, zerosOf } from "../core/rules.ts";
import { type ArrayValue, type Aval, sameAval, type Value } from "../core/value.ts";
import { materialiseBatch } from "../lax/algebra.ts";
import { neg } from "../lax/index.ts";
import type { Lifted } from "../interpreters/closure.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { jvpArrays } from "../interpreters/jvp.ts";
import { arraysOf, Form, rebuildAll } from "./form.ts";
import { quaxifiedJaxpr } from "./quaxified-jaxpr.ts";
import { amongOperands } from "./solver-functions.ts";
import { batchedJaxpr } from "./transformed-jaxpr.ts";

type Arrays = readonly ArrayValue[];

/** Something for each of the four functions: the linear map, its transpose, and the solvers of both. */
interface Four<T> {
  readonly matvec: T;
  readonly vecmat: T;
  readonly solve: T;
  readonly transposeSolve: T;
}
const four = ["matvec", "vecmat", "solve", "transposeSolve"] as const;

/** Operands are what the four functions captured, in the order of `constLengths`, and the right-hand side. */
export interface LinearSolveParams {
  readonly constLengths: Four<number>;
  readonly matvec: ClosedJaxpr;
  /** Null, as is `transposeSolve`, where the transposed system cannot be solved. */
  readonly vecmat: ClosedJaxpr | null;
  readonly solve: ClosedJaxpr;
  readonly transposeSolve: ClosedJaxpr | null;
}

/** Operands, or what belongs to them, by the function that captured them. */
function split<T>(list: readonly T[], { constLengths }: LinearSolveParams): Four<T[]> & { b: T[] } {
  let next = 0;
  const [matvec, vecmat, solve, transposeSolve] = four.map((name) =>
    list.slice(next, (next += constLengths[name])),
  ) as [T[], T[], T[], T[]];
  return { matvec, vecmat, solve, transposeSolve, b: list.slice(next) };
}
const joined = <T>({
  matvec,
  vecmat,
  solve,
  transposeSolve,
  b,
}: Four<readonly T[]> & { b: readonly T[] }): T[] => [
  ...matvec,
  ...vecmat,
  ...solve,
  ...transposeSolve,
  ...b,
];
const lengths = (parts: Four<readonly unknown[]>): Four<number> => ({
  matvec: parts.matvec.length,
  vecmat: parts.vecmat.length,
  solve: parts.solve.length,
  transposeSolve: parts.transposeSolve.length,
});

/** The same for the transposed system. */
const transposed = <T>({ matvec, vecmat, solve, transposeSolve }: Four<T>): Four<T> => ({
  matvec: vecmat,
  vecmat: matvec,
  solve: transposeSolve,
  transposeSolve: solve,
});

const program: param.ParamKind<ClosedJaxpr | null> = { ...param.nullable(param.program), programs: true };

/** The solution of a linear system, differentiated as such. @see `jax._src.lax.control_flow.solves.linear_solve_p` */
export const linearSolve: Primitive<"custom_linear_solve", readonly ArrayValue[], LinearSolveParams> =
  definePrimitive("custom_linear_solve", {
    abstract: (_avals, { solve }) => solve.outAvals,
    effects: ({ solve }) => solve.jaxpr.effects,
    params: {
      constLengths: param.record("LinearSolveTuple", {
        matvec: param.integer,
        vecmat: param.integer,
        solve: param.integer,
        transposeSolve: param.integer,
      }),
      matvec: param.program,
      vecmat: program,
      solve: param.program,
      transposeSolve: program,
    },
    evaluate: (operands, params) => {
      const { solve, b } = split(operands, params);
      return evaluateJaxpr(params.solve, [...solve, ...b]);
    },
    inline: (params) => {
      const { matvec, vecmat, solve, transposeSolve, constLengths } = params;
      const captured = (jaxpr: ClosedJaxpr | null, count: number): Aval[] =>
        jaxpr?.inAvals.slice(0, count) ?? [];
      const before = [...captured(matvec, constLengths.matvec), ...captured(vecmat, constLengths.vecmat)];
      const after = captured(transposeSolve, constLengths.transposeSolve);
      return amongOperands(solve, constLengths.solve, before, after);
    },
    // From A x = b follows ∂x = A⁻¹ (∂b − ∂A x).
    jvp: (primals, tangents, params) => {
      const outs = linearSolve.bind(primals, params);
      const [own, dots] = [split(primals, params), split(tangents, params)];
      const x = outs.slice(0, own.b.length);
      const moving = dots.matvec.some((t) => t !== null);
      const moved = moving
        ? jvpArrays(
            (a) => evaluateJaxpr(params.matvec, [...a, ...x]),
            own.matvec,
            dots.matvec,
            "jvp of matvec in lax.customLinearSolve",
          )[1]
        : x.map(() => null);
      const right = dots.b.map((t, i) => addTangents(t, moved[i] ? neg(moved[i]) : null));
      if (right.every((t) => t === null)) return [outs, outs.map(() => null)];
      const b = right.map((t, i) => t ?? zerosOf(own.b[i]!.aval));
      const slopes = linearSolve.bind(joined({ ...own, b }), params);
      return [outs, outs.map((_, i) => (i < x.length ? slopes[i]! : null))];
    },
    transpose: (cotangents, operands, params) => {
      const { vecmat, transposeSolve } = params;
      if (vecmat === null || transposeSolve === null)
        throw new DifferentiationError(
          "ad/transpose",
          "lax.customLinearSolve needs transposeSolve for reverse mode: give it, or set symmetric",
        );
      const { b, ...captured } = split(operands, params);
      if (joined({ ...captured, b: [] }).some((x) => x instanceof Linear)) noTranspose(linearSolve);
      // Only the solution is linear in b; what else the solver gave has no tangent.
      const cts = b.map(({ aval }, i) => cotangents[i] ?? zerosOf(aval));
      const pulled = linearSolve.bind(joined({ ...transposed(captured as Four<ArrayValue[]>), b: cts }), {
        ...transposed<ClosedJaxpr>({ matvec: params.matvec, vecmat, solve: params.solve, transposeSolve }),
        constLengths: transposed(params.constLengths),
      });
      return [...operands.slice(0, -b.length || undefined).map(() => null), ...pulled.slice(0, b.length)];
    },
    batch: (operands, dims, size, params, axis) => {
      const [own, ownDims] = [split(operands, params), split(dims, params)];
      // The solution and the right-hand side have the batch axis, at 0, whichever operand brought it.
      const front = own.b.map(() => 0);
      const batched = mapPrograms(params, (jaxpr, name) => {
        const { closed, consts } = batchedJaxpr(
          jaxpr,
          [...ownDims[name], ...front],
          size,
          jaxpr.outAvals.map(() => 0),
          axis,
        );
        return { closed, captured: [...(consts as Arrays), ...own[name]] };
      });
      const b = own.b.map((x, i) => materialiseBatch(x, ownDims.b[i]!, size));
      const outs = bindFour(batched, b);
      return [outs, outs.map(() => 0)];
    },
    quaxify: (values, params) => {
      const own = split(values, params);
      const forms = (list: readonly Value[]): Form[] => list.map(Form.of);
      const b = forms(own.b);
      const solved = quaxifiedJaxpr(params.solve, [...forms(own.solve), ...b], linearSolve);
      // The solution is of the class of what the solver returns; the other functions go to and fro.
      const x = solved.outs.slice(0, b.length);
      const rewritten = mapPrograms(params, (jaxpr, name) => {
        const backwards = name === "matvec" || name === "transposeSolve";
        const [from, to] = backwards ? [x, b] : [b, x];
        const { closed, consts } =
          name === "solve" ? solved : quaxifiedJaxpr(jaxpr, [...forms(own[name]), ...from], linearSolve, to);
        checkSpace(closed, to, name);
        return { closed, captured: [...(consts as Arrays), ...arraysOf(own[name])] };
      });
      return rebuildAll(solved.outs, bindFour(rewritten, arraysOf(own.b)));
    },
  });

/** @throws DispatchError when a rewritten function leaves the space of right-hand sides or that of solutions. */
function checkSpace({ outAvals }: ClosedJaxpr, forms: readonly Form[], name: string): void {
  const expected = forms.flatMap((form) => form.avals);
  if (
    outAvals.length < expected.length ||
    !expected.every((aval, i) => sameAval(aval, { ...outAvals[i]!, weak: aval.weak }))
  )
    throw new DispatchError(
      "solve/structure",
      `lax.customLinearSolve under quaxify: ${name} does not map between values like the right-hand side and values like the solution; materialise them before`,
    );
}

type FourLifted = Four<Lifted | null> & { readonly matvec: Lifted; readonly solve: Lifted };

/** Each of the programs transformed; the two for the transposed system may be missing. */
function mapPrograms(
  { matvec, vecmat, solve, transposeSolve }: LinearSolveParams,
  f: (jaxpr: ClosedJaxpr, name: (typeof four)[number]) => Lifted,
): FourLifted {
  return {
    matvec: f(matvec, "matvec"),
    vecmat: vecmat && f(vecmat, "vecmat"),
    solve: f(solve, "solve"),
    transposeSolve: transposeSolve && f(transposeSolve, "transposeSolve"),
  };
}

/** Binds the solve, from the four functions and what they captured. */
export function bindFour({ matvec, vecmat, solve, transposeSolve }: FourLifted, b: Arrays): ArrayValue[] {
  const captured = {
    matvec: matvec.captured,
    vecmat: vecmat?.captured ?? [],
    solve: solve.captured,
    transposeSolve: transposeSolve?.captured ?? [],
  };
  return linearSolve.bind(joined({ ...captured, b }), {
    constLengths: lengths(captured),
    matvec: matvec.closed,
    vecmat: vecmat?.closed ?? null,
    solve: solve.closed,
    transposeSolve: transposeSolve?.closed ?? null,
  });
}
