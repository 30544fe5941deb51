import "../../../src/numpy/methods.ts";
import { describe, expect, test } from "vitest";
import { simplify } from "../../../src/compiler/index.ts";
import {
  checkpoint,
  cond,
  foriLoop,
  ioCallback,
  jit,
  pureCallback,
  scan,
  switch as switchOf,
  whileLoop,
} from "../../../src/control/index.ts";
import * as debug from "../../../src/control/debug.ts";
import { checkJaxpr } from "../../../src/core/check.ts";
import { ArgumentError } from "../../../src/core/errors.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { linearize } from "../../../src/interpreters/linearize.ts";
import { makeJaxpr, ShapeDtypeStruct } from "../../../src/interpreters/make-jaxpr.ts";
import { quaxify } from "../../../src/interpreters/quax.ts";
import { grad, vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { add, gt, lt, mul, psum, sin } from "../../../src/lax/index.ts";
import { P } from "../../dispatch-values.ts";
import { array, expectValues } from "../arrays.ts";

let seen: string[] = [];
const say = (name: string, x: ArrayValue, ordered = false): ArrayValue => {
  debug.callback((y) => seen.push(`${name} ${String(y.item())}`), x, { ordered });
  return x;
};
const calls = (run: () => unknown): string[] => {
  seen = [];
  run();
  return seen;
};
const one = array(1);
const batch = array([1, 2, 3]);
const above = (x: ArrayValue, limit: number) => gt(x, array(limit));

/** Three steps, that each say what they start from. */
const stepped = (x: ArrayValue): ArrayValue =>
  scan((c, y) => [mul(say("step", c), y), c], x, array([2, 3, 4]))[0];
const chosen = (x: ArrayValue): ArrayValue =>
  cond(
    above(x, 1.5),
    (y) => mul(say("large", y), y),
    (y) => sin(say("small", y)),
    x,
  );
const doubled = (x: ArrayValue): ArrayValue =>
  whileLoop(
    (c) => lt(say("test", c), array(4)),
    (c) => add(say("body", c), c),
    x,
  );

describe("a call in the body of a loop, or in a branch, happens when the body runs", () => {
  test.each([
    ["scan", stepped, ["step 1", "step 2", "step 6"]],
    ["cond", chosen, ["small 1"]],
    ["whileLoop", doubled, ["test 1", "body 1", "test 2", "body 2", "test 4"]],
    ["switch", (x: ArrayValue) => switchOf(1, [() => say("no", x), () => say("yes", x)]), ["yes 1"]],
    [
      "foriLoop",
      (x: ArrayValue) => foriLoop(0, 2, (_, c) => mul(say("step", c), array(3)), x),
      ["step 1", "step 3"],
    ],
    ["an empty scan", (x: ArrayValue) => scan((c) => [say("step", c), null], x, null, { length: 0 })[0], []],
    [
      "a scan backwards",
      (x: ArrayValue) => scan((c, y) => [c, say("y", y)], x, batch, { reverse: true })[1],
      ["y 3", "y 2", "y 1"],
    ],
  ])("%s, eagerly and compiled", (_, f, expected) => {
    expect(calls(() => f(one))).toEqual(expected);
    expect(calls(() => jit(f)(one))).toEqual(expected);
    expect(calls(() => jit(jit(f))(one))).toEqual(expected);
    const program = makeJaxpr(f)(one);
    checkJaxpr(program);
    expect(program.jaxpr.effects).toEqual(["unordered"]);
    expect(simplify(program, [false]).jaxpr.effects).toEqual(["unordered"]);
  });

  test("also where nobody needs what the loop computes, and where the call depends on nothing", () => {
    const f = jit((x: ArrayValue): ArrayValue => {
      stepped(x);
      scan(
        () => {
          debug.callback(() => seen.push("tick"));
          return [null, null];
        },
        null,
        null,
        { length: 2 },
      );
      return x;
    });
    expect(calls(() => f(one))).toEqual(["step 1", "step 2", "step 6", "tick", "tick"]);
  });
});

describe("derivatives call in the forward pass, once", () => {
  const expected = ["step 1", "step 2", "step 6"];

  test("through scan", () => {
    for (const f of [stepped, jit(stepped), checkpoint(stepped)]) {
      expect(calls(() => grad(f)(one))).toEqual(expected);
      expect(calls(() => jit(grad(f))(one))).toEqual(expected);
      expect(calls(() => jvp(f, [one], [one]))).toEqual(expected);
      expect(calls(() => grad(grad(f))(one))).toEqual(expected);
      const [, pull] = vjp(f, [one]);
      expect(calls(() => [pull(one), pull(one)])).toEqual([]);
      const [, push] = linearize(f, [one]);
      expect(calls(() => [push(one), push(one)])).toEqual([]);
    }
  });

  test("also of what does not depend on the step", () => {
    const f = (x: ArrayValue): ArrayValue => foriLoop(0, 3, (_, c) => say("same", c), x);
    expect(calls(() => grad(f)(one))).toEqual(["same 1", "same 1", "same 1"]);
  });

  test("through cond, for the branch that is taken", () => {
    for (const f of [chosen, jit(chosen), checkpoint(chosen)]) {
      expect(calls(() => grad(f)(one))).toEqual(["small 1"]);
      expect(calls(() => jit(grad(f))(array(2)))).toEqual(["large 2"]);
    }
  });

  test("through while, forwards", () => {
    const all = ["test 1", "body 1", "test 2", "body 2", "test 4"];
    expect(calls(() => jvp(doubled, [one], [one]))).toEqual(all);
    expect(calls(() => jit((x: ArrayValue) => jvp(doubled, [x], [x]))(one))).toEqual(all);
  });
});

describe("vmap calls for an example what it would call by itself", () => {
  const sorted = (lines: readonly string[]) => [...lines].sort();

  test.each([
    ["scan", stepped],
    ["cond on what differs", chosen],
    ["while on what differs", doubled],
    ["cond in scan", (x: ArrayValue) => scan((c, y) => [mul(chosen(c), y), null], x, array([1, 0.5]))[0]],
    ["while in cond", (x: ArrayValue) => cond(above(x, 2.5), doubled, stepped, x)],
    ["scan in while", (x: ArrayValue) => whileLoop((c) => lt(c, array(30)), stepped, x)],
  ])("%s", (_, f) => {
    let values: number[] = [];
    const singly = calls(() => (values = [1, 2, 3].map((x) => Number(f(array(x)).item()))));
    for (const g of [vmap(f), jit(vmap(f)), vmap(jit(f))]) {
      let result: ArrayValue | undefined;
      expect(sorted(calls(() => (result = g(batch))))).toEqual(sorted(singly));
      expectValues(result, values);
    }
  });

  test("ordered calls of an example keep their order", () => {
    const f = (x: ArrayValue): ArrayValue =>
      cond(
        above(x, 1.5),
        (y) => say("b", say("a", y, true), true),
        (y) => say("c", y, true),
        x,
      );
    expect(calls(() => jit(vmap(f))(batch))).toEqual(["c 1", "a 2", "b 2", "a 3", "b 3"]);
  });

  test("but not along the axis itself, where examples differ in what they run", () => {
    const f = (x: ArrayValue): ArrayValue =>
      cond(
        above(x, 1.5),
        (y) => psum(say("sum", y), "i"),
        (y) => y,
        x,
      );
    expect(() => vmap(f, { axisName: "i" })(batch)).toThrow(ArgumentError);
    expect(() => vmap(f, { axisName: "i" })(batch)).toThrow(/cannot work along their axis i/);
  });

  test("callbacks with results", () => {
    const scalar = new ShapeDtypeStruct([], "float32");
    const f = (x: ArrayValue): ArrayValue =>
      cond(
        above(x, 1.5),
        (y) => ioCallback((z) => seen.push("io") * 0 + Number(z.item()) * 10, scalar, y),
        (y) => y,
        x,
      );
    let result: ArrayValue | undefined;
    expect(calls(() => (result = jit(vmap(f))(batch)))).toEqual(["io", "io"]);
    expectValues(result, [1, 20, 30]);
    const pure = (x: ArrayValue): ArrayValue =>
      pureCallback((z) => Number(z.item()) * 10, scalar, x, { vmapMethod: "sequential" });
    expectValues(
      vmap((x: ArrayValue) => scan((c) => [pure(c), null], x, null, { length: 2 })[0])(batch),
      [100, 200, 300],
    );
    expect(String(makeJaxpr(vmap(pure))(batch))).toMatch(/scan\[[^]*vmap_method=sequential[^]*length=3/);
  });
});

test("structured values come to callbacks in bodies as what they are", () => {
  const f = (x: ArrayValue): ArrayValue =>
    scan(
      (c) => {
        debug.callback((y) => seen.push(y.constructor.name), c);
        return [c, null];
      },
      x,
      null,
      { length: 2 },
    )[0];
  expect(calls(() => quaxify(f)(new P(one)))).toEqual(["P", "P"]);
  expect(calls(() => quaxify(jit(f))(new P(one)))).toEqual(["P", "P"]);
});

test("an error in a body comes through, and the loop can run again", () => {
  const error = new Error("mine");
  let fail = true;
  const f = jit((x: ArrayValue) =>
    scan(
      (c, y) => {
        debug.callback((z) => {
          if (fail && z.item() === 2) throw error;
        }, y);
        return [add(c, y), null];
      },
      x,
      batch,
    ),
  );
  expect(() => f(one)).toThrow(error);
  fail = false;
  expectValues(f(one)[0], 7);
});
