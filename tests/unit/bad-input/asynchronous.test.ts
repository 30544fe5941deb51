import { setTimeout } from "node:timers/promises";
import {
  ArgumentError,
  type ArrayValue,
  customJvp,
  evalShape,
  grad,
  hessian,
  jacrev,
  jit,
  jvp,
  lax,
  linearize,
  makeJaxpr,
  numpy as np,
  quaxify,
  register,
  valueAndGrad,
  vjp,
  vmap,
} from "cotangent";
import { afterEach, beforeEach, expect, test } from "vitest";
import { P } from "../../dispatch-values.ts";
import { afterEachAllWorks, refused } from "./refused.ts";

afterEachAllWorks();
const v = np.ones([3]);

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
// Vitest's own listeners would fail the run; what they hear is checked here.
let listeners: NodeJS.UnhandledRejectionListener[] = [];
beforeEach(() => {
  unhandled.length = 0;
  listeners = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", note);
});
afterEach(async () => {
  await setTimeout(5);
  process.removeAllListeners("unhandledRejection");
  for (const listener of listeners) process.on("unhandledRejection", listener);
  if (unhandled.length > 0) throw new Error("a rejection was not handled", { cause: unhandled });
});

/** Its continuation uses a tracer whose transformation is over: it rejects. */
async function later(x: ArrayValue): Promise<ArrayValue> {
  await setTimeout(1);
  return np.sum(np.sin(x));
}
const f = later as unknown as (x: ArrayValue) => ArrayValue;

test.each<[string, () => unknown]>([
  ["jit", () => jit(f)(v)],
  ["grad", () => grad(f)(v)],
  ["valueAndGrad", () => valueAndGrad(f)(v)],
  ["grad with hasAux", () => grad(f, { hasAux: true })(v)],
  ["jvp", () => jvp(f, [v], [v])],
  ["jvp with hasAux", () => jvp(f, [v], [v], { hasAux: true })],
  ["vjp", () => vjp(f, [v])],
  ["linearize", () => linearize(f, [v])],
  ["vmap", () => vmap(f)(v)],
  ["jacrev", () => jacrev(f)(v)],
  ["hessian", () => hessian(f)(v)],
  ["makeJaxpr", () => makeJaxpr(f)(v)],
  ["evalShape", () => evalShape(f, v)],
  ["quaxify", () => quaxify(f)(new P(v))],
  ["jit of vmap of grad", () => jit(vmap(grad(f)))(np.ones([2, 3]))],
  ["customJvp", () => customJvp(f)(v)],
])("%s refuses an async function, whose rejection does no harm", (_, run) =>
  refused(
    run,
    ArgumentError,
    "transform/async",
    "a traced function must be synchronous, but it returned a Promise",
  ),
);

test("a Promise inside a result is refused by path", () => {
  refused(
    () => jit((x: ArrayValue) => ({ y: x, late: [later(x)] }))(v),
    ArgumentError,
    "transform/async",
    "the result at .late[0] is a Promise",
  );
  refused(
    () => grad((x: ArrayValue) => [np.sum(x), later(x)], { hasAux: true })(v),
    ArgumentError,
    "transform/async",
    "grad of <lambda>: a traced function must be synchronous",
  );
});

test("a Promise among the arguments is refused by path", () => {
  refused(
    () => jit((x: unknown) => x)({ x: Promise.resolve(v) }),
    ArgumentError,
    "transform/async",
    "jit: argument 0 at .x is a Promise: await it before, and pass its value",
  );
  refused(
    () => np.sin(Promise.resolve(v) as never),
    ArgumentError,
    "numpy/operand",
    "np.sin: argument 0",
    "Promise",
  );
});

test("an async rule is refused", () => {
  const g = customJvp((x: ArrayValue) => np.sin(x));
  g.defjvp((async ([x]: [ArrayValue], [t]: [ArrayValue]) => {
    await setTimeout(1);
    return [np.sin(x), np.sin(t)];
  }) as never);
  refused(() => grad(jit(g))(np.float32(1)), ArgumentError, "transform/async", "the JVP rule of");
  class Slow extends P {}
  register(lax.tan, [Slow], (([x]: readonly [Slow]) => later(x.array)) as never);
  refused(
    () => lax.tan(new Slow(v)),
    ArgumentError,
    "transform/async",
    "a rule of tan: a traced function must be synchronous",
  );
});

test("without a transformation a function may be async, and await inside", async () => {
  expect((await later(v)).item()).toBeCloseTo(3 * Math.sin(1));
  expect((await (quaxify(f)(v) as unknown as Promise<ArrayValue>)).item()).toBeCloseTo(3 * Math.sin(1));
});
