import { DifferentiationError, DTypeError } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type Op } from "../core/primitive.ts";
import { zerosOf } from "../core/rules.ts";
import { activeSource, showSource } from "../core/source.ts";
import { type ArrayValue, type Aval, type NDArray, showAval } from "../core/value.ts";
import { avalsOf } from "../interpreters/arguments.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { materialiseBatch } from "../lax/algebra.ts";
import { type Caller, traceLoop } from "./carry.ts";
import { refuseAxis, stacked, unrolled } from "./unrolled-batch.ts";
import { Form, rebuildAll } from "./form.ts";
import { allArraysAs } from "./joined-form.ts";
import { checkFit, checkFunction, type Like, located, traceBody, type Traced } from "./operands.ts";
import { quaxifiedJaxpr } from "./quaxified-jaxpr.ts";
import { settledForms } from "./settled-forms.ts";
import {
  batchedJaxpr,
  chosen,
  cut,
  fixedPoint,
  jvpJaxpr,
  positions,
  prunedJaxpr,
  rearranged,
  splitJaxpr,
  tangentAval,
} from "./transformed-jaxpr.ts";
import { whileAny, type WhileParams } from "./while-batch.ts";

type Arrays = readonly ArrayValue[];
type Dims = readonly (number | null)[];

type While = <const Carry, const Next extends Like<Carry>>(
  condFun: (carry: Traced<Carry>) => ArrayValue | boolean,
  bodyFun: (carry: Traced<Carry>) => Next,
  init: Carry,
) => Traced<Carry>;

/**
 * Runs `bodyFun` on the carry, from `init` on, while `condFun` of it is true; returns the last carry.
 *
 * The carry keeps its structure, shapes and dtypes; a plain number takes the dtype that the body gives it. How often
 * the body runs is not known before, so there is no reverse mode: use `scan`, or `foriLoop` with static bounds.
 * @throws ArgumentError, ShapeError, DTypeError when the body does not return such a carry, by path, or the condition
 * no boolean scalar; DifferentiationError when it is differentiated in reverse.
 * @example
 * lax.whileLoop((x) => np.less(x, 100), (x) => np.multiply(x, 2), 1); // 128
 * @see `jax.lax.while_loop`
 */
export const whileLoop: Op<While, "while", readonly ArrayValue[], WhileParams> = definePrimitive("while", {
  params: {
    condJaxpr: param.program,
    condNconsts: param.integer,
    bodyJaxpr: param.program,
    bodyNconsts: param.integer,
  },
  call: (condFun, bodyFun, init) =>
    whileFor({ name: "whileLoop", depth: 0 }, condFun, bodyFun, init) as never,
  abstract: (avals, { condJaxpr, condNconsts, bodyJaxpr, bodyNconsts }) => {
    const [cond, body, carry] = cut(avals, condNconsts, bodyNconsts);
    checkFit("while", condJaxpr.inAvals, [...cond, ...carry]);
    checkFit("while", bodyJaxpr.inAvals, [...body, ...carry]);
    return bodyJaxpr.outAvals;
  },
  effects: ({ condJaxpr, bodyJaxpr }) => [
    ...new Set([...condJaxpr.jaxpr.effects, ...bodyJaxpr.jaxpr.effects]),
  ],
  stepwise: (operands, { condJaxpr, condNconsts, bodyJaxpr, bodyNconsts }) => {
    const [cond, body, start] = cut(operands, condNconsts, bodyNconsts);
    let carry: Arrays = start;
    while ((evaluateJaxpr(condJaxpr, [...cond, ...carry])[0] as NDArray).storage[0])
      carry = evaluateJaxpr(bodyJaxpr, [...body, ...carry]);
    return carry;
  },
  jvp: (primals, tangents, { condJaxpr, condNconsts, bodyJaxpr, bodyNconsts }) => {
    const [cond, body, carry] = cut(primals, condNconsts, bodyNconsts);
    const [, bodyTangents, carryTangents] = cut(tangents, condNconsts, bodyNconsts);
    const constActive = bodyTangents.map((t) => t !== null);
    const active = fixedPoint(
      carryTangents.map((t) => t !== null),
      (mask) => jvpJaxpr(bodyJaxpr, [...constActive, ...mask]).outActive,
    );
    const { closed, consts } = jvpJaxpr(bodyJaxpr, [...constActive, ...active], active);
    const moving = bodyTangents.filter((t) => t !== null);
    const started = chosen(carryTangents, active).map(
      (t, i) => t ?? zerosOf(tangentAval(chosen(carry, active)[i]!.aval)),
    );
    const [own, ownCarry, t, tCarry] = cut(
      positions(closed),
      consts.length + bodyNconsts,
      carry.length,
      moving.length,
    );
    const results = whileLoop.bind([...cond, ...consts, ...body, ...moving, ...carry, ...started], {
      condJaxpr: rearranged(condJaxpr, [...positions(condJaxpr), ...avalsOf(started)]),
      condNconsts,
      bodyJaxpr: rearranged(closed, [...own, ...t, ...ownCarry, ...tCarry]),
      bodyNconsts: consts.length + bodyNconsts + moving.length,
    });
    let next = carry.length;
    return [results.slice(0, next), active.map((on) => (on ? results[next++]! : null))];
  },
  // The tangents' loop runs the primal one again: how many values it would have to keep is not known.
  partialEvaluate: (operands, unknown, params, stageEquation) => {
    const { condJaxpr, condNconsts, bodyJaxpr, bodyNconsts } = params;
    const [condUnknown, bodyUnknown, carryUnknown] = cut(unknown, condNconsts, bodyNconsts);
    const later = fixedPoint(
      carryUnknown,
      (mask) => splitJaxpr(bodyJaxpr, [...bodyUnknown, ...mask], mask).outUnknown,
    );
    const waits = [...condUnknown, ...later];
    const outs = (): Arrays => stageEquation(whileLoop, operands, params);
    if (!later.includes(false) || prunedJaxpr(condJaxpr, [true]).inputs.some((read, i) => read && waits[i]))
      return outs();
    const { known, knownConsts } = splitJaxpr(bodyJaxpr, [...bodyUnknown, ...later], later);
    const now = later.map((u) => !u);
    const count = now.filter((on) => on).length;
    const kept = known.jaxpr.invars.map(() => true);
    const [cond, body, carry] = cut(operands, condNconsts, bodyNconsts);
    const keep = <T>(items: readonly T[], mask: readonly boolean[]) => items.filter((_, i) => !mask[i]);
    const computed = whileLoop.bind(
      [...keep(cond, condUnknown), ...knownConsts, ...keep(body, bodyUnknown), ...chosen(carry, now)],
      {
        condJaxpr: rearranged(condJaxpr, keep(positions(condJaxpr), waits)),
        condNconsts: keep(cond, condUnknown).length,
        bodyJaxpr: prunedJaxpr(
          known,
          known.jaxpr.outvars.map((_, i) => i < count),
          kept,
        ).closed,
        bodyNconsts: knownConsts.length + keep(body, bodyUnknown).length,
      },
    );
    const staged = outs();
    let next = 0;
    return later.map((u, i) => (u ? staged[i]! : computed[next++]!));
  },
  transpose: () => {
    const position = showSource(activeSource());
    const error = new DifferentiationError(
      "ad/while",
      `reverse-mode differentiation does not work through lax.whileLoop, or lax.foriLoop with bounds that are known only at run time: how many steps it takes, and so what it would have to remember, is not known. Use lax.scan, or lax.foriLoop with static bounds${position ? ` (at ${position})` : ""}`,
    );
    throw position ? error : located(error);
  },
  batch: (operands, dims, size, params, name) => {
    const { condJaxpr, condNconsts, bodyJaxpr, bodyNconsts } = params;
    const [cond, body, carry] = cut(operands, condNconsts, bodyNconsts);
    const [condDims, bodyDims, given] = cut(dims, condNconsts, bodyNconsts);
    const dimsOf = (mask: readonly boolean[]): Dims => given.map((dim, i) => (mask[i] ? (dim ?? 0) : null));
    const batched = fixedPoint(
      given.map((dim) => dim !== null),
      (mask) =>
        batchedJaxpr(bodyJaxpr, [...bodyDims, ...dimsOf(mask)], size, [], name).outDims.map(
          (dim) => dim !== null,
        ),
    );
    const carryDims = dimsOf(batched);
    const test = batchedJaxpr(condJaxpr, [...condDims, ...carryDims], size, [], name);
    if (test.outDims[0] !== null) {
      // An effect happens as often as its example takes a step.
      if (condJaxpr.jaxpr.effects.length + bodyJaxpr.jaxpr.effects.length > 0) {
        refuseAxis(whileLoop, params, name);
        const examples = unrolled(operands, dims, size, (example) => whileLoop.bind(example, params));
        return [stacked(examples, bodyJaxpr.outAvals), bodyJaxpr.outAvals.map(() => 0)];
      }
      const any = whileAny(operands, dims, size, params, name);
      return [whileLoop.bind(any.operands, any.params).slice(1), any.dims];
    }
    const step = batchedJaxpr(bodyJaxpr, [...bodyDims, ...carryDims], size, carryDims, name);
    const started = carry.map((x, i) =>
      carryDims[i] === null ? x : materialiseBatch(x, given[i]!, size, carryDims[i]),
    );
    const outs = whileLoop.bind([...test.consts, ...cond, ...step.consts, ...body, ...started], {
      condJaxpr: test.closed,
      condNconsts: test.consts.length + condNconsts,
      bodyJaxpr: step.closed,
      bodyNconsts: step.consts.length + bodyNconsts,
    });
    return [outs, carryDims];
  },
  quaxify: (values, { condJaxpr, condNconsts, bodyJaxpr, bodyNconsts }) => {
    const [cond, body, carry] = cut(values, condNconsts, bodyNconsts);
    const [tested, fixed] = [cond.map(Form.known), body.map(Form.known)];
    const forms = settledForms(
      carry.map(Form.known),
      bodyJaxpr.outAvals,
      "whileLoop",
      (given) => quaxifiedJaxpr(bodyJaxpr, [...fixed, ...given], whileLoop).known,
    );
    const step = quaxifiedJaxpr(bodyJaxpr, [...fixed, ...forms], whileLoop, forms);
    const test = quaxifiedJaxpr(condJaxpr, [...tested, ...forms], whileLoop, [
      Form.plain(condJaxpr.outAvals[0]!),
    ]);
    const condArrays = allArraysAs(cond, tested, whileLoop);
    const bodyArrays = allArraysAs(body, fixed, whileLoop);
    const started = allArraysAs(carry, forms, whileLoop);
    const outs = whileLoop.bind([...test.consts, ...condArrays, ...step.consts, ...bodyArrays, ...started], {
      condJaxpr: test.closed,
      condNconsts: test.consts.length + condArrays.length,
      bodyJaxpr: step.closed,
      bodyNconsts: step.consts.length + bodyArrays.length,
    });
    return rebuildAll(forms, outs);
  },
  prune: ({ condJaxpr, condNconsts, bodyJaxpr, bodyNconsts }, wanted) => {
    const tested = prunedJaxpr(condJaxpr, [true]).inputs.slice(condNconsts);
    const carried = fixedPoint(
      wanted.map((on, i) => on || tested[i]!),
      (mask) => prunedJaxpr(bodyJaxpr, mask).inputs.slice(bodyNconsts),
    );
    const none = (count: number) => Array.from({ length: count }, () => false);
    const test = prunedJaxpr(condJaxpr, [true], [...none(condNconsts), ...carried]);
    const step = prunedJaxpr(bodyJaxpr, carried, [...none(bodyNconsts), ...carried]);
    const [condRead, bodyRead] = [test.inputs.slice(0, condNconsts), step.inputs.slice(0, bodyNconsts)];
    return {
      params: {
        condJaxpr: test.closed,
        condNconsts: condRead.filter((on) => on).length,
        bodyJaxpr: step.closed,
        bodyNconsts: bodyRead.filter((on) => on).length,
      },
      inputs: [...condRead, ...bodyRead, ...carried],
      outputs: carried,
    };
  },
});

function checkPredicate(avals: readonly Aval[], tree: string): void {
  const [aval] = avals;
  if (avals.length === 1 && aval!.shape.length === 0 && aval!.dtype === "bool" && tree === "*") return;
  throw located(
    new DTypeError(
      "control/predicate",
      `whileLoop: condFun must return a boolean scalar, got ${avals.length === 1 && tree === "*" ? showAval(aval!) : `a tree ${tree}`}${avals.length === 1 && aval!.dtype === "bool" ? ": use np.any or np.all" : ": compare, as in np.less(x, limit)"}`,
    ),
  );
}

/** `whileLoop`, on behalf of a function that is made of it. */
export function whileFor(caller: Caller, condFun: unknown, bodyFun: unknown, init: unknown): unknown {
  const test = checkFunction(condFun, caller.name, "condFun");
  const next = checkFunction(bodyFun, caller.name, "bodyFun");
  const { carry, body } = traceLoop(caller, init, [], (value) => [next(value as never), null]);
  const condition = traceBody(
    (inputs) => test(carry.rebuild(inputs) as never),
    avalsOf(carry.arrays),
    `the condition of ${caller.name}`,
    () => "the carry",
  );
  checkPredicate(condition.closed.outAvals, String(condition.out.treedef));
  const params = {
    condJaxpr: condition.closed,
    condNconsts: condition.consts.length,
    bodyJaxpr: body.closed,
    bodyNconsts: body.consts.length,
  };
  return carry.rebuild(whileLoop.bind([...condition.consts, ...body.consts, ...carry.arrays], params));
}
