import { expect, onTestFinished, test } from "vitest";
import { config } from "../../../src/core/config.ts";
import { JaxprError } from "../../../src/core/errors.ts";
import { ClosedJaxpr, Var } from "../../../src/core/jaxpr.ts";
import * as param from "../../../src/core/param-kind.ts";
import { definePrimitive, type NoParams, type Primitive } from "../../../src/core/primitive.ts";
import { showSource } from "../../../src/core/source.ts";
import { type ArrayValue, avalOf } from "../../../src/core/value.ts";
import { evaluate, evaluateJaxpr, liveEquations } from "../../../src/interpreters/evaluate.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { cos, exp, neg, sin } from "../../../src/lax/index.ts";
import { array, values } from "../arrays.ts";

const calls: string[] = [];
/** Tells when it runs. */
const noisy: Primitive<"test_noisy", [x: ArrayValue], { readonly name: string; readonly keep: boolean }> =
  definePrimitive("test_noisy", {
    arity: 1,
    params: { name: param.name, keep: param.boolean },
    abstract: ([x]) => x,
    jvp: "none",
    batch: "elementwise",
    effects: ({ keep }) => (keep ? ["ordered"] : []),
    evaluate: ([x], { name }) => {
      calls.push(name);
      return [x];
    },
  });
const say = (x: ArrayValue, name: string, keep = false) => noisy.bind([x], { name, keep })[0]!;

const run = (f: (x: ArrayValue) => ArrayValue[], wanted?: boolean[]) => {
  calls.length = 0;
  const closed = makeJaxpr(f)(array([1, 2]));
  return wanted ? evaluate(closed, [array([1, 2])], wanted) : evaluateJaxpr(closed, [array([1, 2])]);
};

test("only what the wanted outputs need is run", () => {
  const f = (x: ArrayValue) => [say(say(x, "a"), "b"), say(x, "c")];
  run(f);
  expect(calls).toEqual(["a", "b", "c"]);
  const outs = run(f, [false, true]);
  expect(calls).toEqual(["c"]);
  expect(outs[0]).toBeNull();
  expect(values(outs[1])).toEqual([1, 2]);
  run(f, [false, false]);
  expect(calls).toEqual([]);
});

test("effects are run, in order, and what they read", () => {
  const f = (x: ArrayValue) => {
    say(say(x, "read"), "effect 1", true);
    say(x, "dead");
    say(x, "effect 2", true);
    return [x];
  };
  run(f, [false]);
  expect(calls).toEqual(["read", "effect 1", "effect 2"]);
});

test("an output may be an input, a literal, or named twice", () => {
  const outs = run((x) => [x, x, sin.bind([x], {})[0]!]);
  expect(outs.slice(0, 2).map(values)).toEqual([
    [1, 2],
    [1, 2],
  ]);
});

test("equations keep the source that they were staged with", () => {
  const closed = makeJaxpr((x: ArrayValue) => neg(sin(x)))(array([1]));
  const again = makeJaxpr((x: ArrayValue) => evaluateJaxpr(closed, [x]))(array([1]));
  expect(again.jaxpr.eqns.map((eqn) => eqn.source)).toEqual(closed.jaxpr.eqns.map((eqn) => eqn.source));
  expect(showSource(again.jaxpr.eqns[0]!.source)).toContain("evaluate.test.ts");
});

test("a very long chain costs no stack", () => {
  config.sources = false;
  onTestFinished(() => void (config.sources = true));
  const closed = makeJaxpr((x: ArrayValue) => {
    for (let i = 0; i < 20_000; i++) x = neg(x);
    return x;
  })(array([1]));
  expect(liveEquations(closed.jaxpr).length).toBe(20_000);
  expect(values(evaluateJaxpr(closed, [array([1])])[0])).toEqual([1]);
});

test("values that no one reads again are let go", () => {
  const closed = makeJaxpr((x: ArrayValue) => [cos(exp(sin(x)))])(array([1]));
  expect(closed.jaxpr.eqns.length).toBe(3);
  expect(values(evaluateJaxpr(closed, [array([0])])[0])[0]).toBeCloseTo(Math.cos(1));
});

test("a wrong number of inputs, or an undefined variable, is refused", () => {
  const closed = makeJaxpr((x: ArrayValue) => sin(x))(array([1]));
  expect(() => evaluateJaxpr(closed, [])).toThrow("evaluate: the jaxpr takes 1 inputs, got 0");
  const [stray, out] = [new Var(avalOf([], "float32")), new Var(avalOf([], "float32"))];
  const eqn = {
    primitive: sin,
    inputs: [stray],
    outputs: [out],
    params: {} satisfies NoParams,
    effects: [],
    source: undefined,
  };
  const broken = new ClosedJaxpr({ constvars: [], invars: [], eqns: [eqn], outvars: [out], effects: [] }, []);
  expect(() => evaluateJaxpr(broken, [])).toThrow(JaxprError);
});
