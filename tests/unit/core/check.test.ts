import { describe, expect, test } from "vitest";
import { jitPrimitive } from "../../../src/control/jit.ts";
import { checkJaxpr } from "../../../src/core/check.ts";
import { JaxprError } from "../../../src/core/errors.ts";
import { ClosedJaxpr, type Eqn, type Jaxpr, Literal, Var } from "../../../src/core/jaxpr.ts";
import { definePrimitive, type NoParams, type Primitive } from "../../../src/core/primitive.ts";
import { type ArrayValue, avalOf } from "../../../src/core/value.ts";
import * as lax from "../../../src/lax/index.ts";
import { chain, f32, programOf } from "../compiler/programs.ts";
import { array } from "../lax/arrays.ts";

const good = programOf((x, y) => lax.add(lax.mul(lax.sin(x), array([1, 2])), y), [f32(2), f32(2)]);

const altered = (change: Partial<Jaxpr>, consts = good.consts): ClosedJaxpr =>
  new ClosedJaxpr({ ...good.jaxpr, ...change }, consts);
const withEqn = (i: number, change: Partial<Eqn>): ClosedJaxpr =>
  altered({ eqns: good.jaxpr.eqns.with(i, { ...good.jaxpr.eqns[i]!, ...change }) });
const [sin, mul, add] = good.jaxpr.eqns as [Eqn, Eqn, Eqn];
const [x, y] = good.jaxpr.invars as [Var, Var];

const loud: Primitive<"test_loud", [x: ArrayValue], NoParams> = definePrimitive("test_loud", {
  arity: 1,
  abstract: ([aval]) => aval,
  jvp: "none",
  batch: "elementwise",
  effects: () => ["ordered"],
});

test("a traced program is well formed", () => {
  expect(() => checkJaxpr(good)).not.toThrow();
  expect(() => checkJaxpr(programOf((a) => loud.bind([a], {}), [f32()]))).not.toThrow();
});

describe("refused:", () => {
  test.each<readonly [name: string, program: ClosedJaxpr, code: string, message: string]>([
    [
      "a variable used before it is defined",
      altered({ eqns: [mul, sin, add] }),
      "jaxpr/scope",
      "equation 1 of 3, `d:f32[2] = mul _ a` (at core/check.test.ts): it reads a variable of aval f32[2] that is not defined before",
    ],
    [
      "a variable defined twice",
      altered({ eqns: [sin, sin, mul, add] }),
      "jaxpr/scope",
      "equation 2 of 4, `d:f32[2] = sin b` (at core/check.test.ts): a variable of aval f32[2] is defined twice",
    ],
    [
      "an input named twice",
      altered({ invars: [x, x] }),
      "jaxpr/scope",
      "the program's inputs: a variable of aval f32[2] is defined twice",
    ],
    [
      "an output that is not defined",
      altered({ outvars: [new Var(f32())] }),
      "jaxpr/scope",
      "the program's outputs: it reads a variable of aval f32[] that is not defined before",
    ],
    [
      "a missing constant",
      altered({}, []),
      "jaxpr/consts",
      "the program's inputs: the constants have avals [], their variables [f32[2]]",
    ],
    [
      "a constant of another aval",
      altered({}, [array([1])]),
      "jaxpr/consts",
      "the constants have avals [f32[1]], their variables [f32[2]]",
    ],
    [
      "an output of another shape",
      withEqn(2, { outputs: [new Var(f32(3))] }),
      "jaxpr/aval",
      "add gives [f32[2]], the outputs have [f32[3]]",
    ],
    [
      "an output of another weakness",
      withEqn(2, { outputs: [new Var(avalOf([2], "float32", true))] }),
      "jaxpr/aval",
      "add gives [f32[2]], the outputs have [f32[2] (weak)]",
    ],
    ["a missing output", withEqn(0, { outputs: [] }), "jaxpr/arity", "sin has 1 outputs, the equation 0"],
    [
      "operands that the shape rule refuses",
      withEqn(2, { inputs: [x, new Literal(array([1, 2, 3], [3, 1]))] }),
      "jaxpr/literal",
      "a literal is a scalar, but one has aval f32[3,1]: make it a constant",
    ],
    [
      "params that the shape rule refuses",
      withEqn(0, { primitive: lax.transpose, params: { permutation: [1, 0] } }),
      "jaxpr/aval",
      "transpose permutation isn't a permutation",
    ],
    [
      "a missing operand",
      withEqn(2, { primitive: lax.dotGeneral, inputs: [x], params: {} }),
      "jaxpr/arity",
      "dot_general takes 2 operands, it is given 1",
    ],
    [
      "params that its shape rule cannot read",
      withEqn(2, { primitive: lax.dotGeneral, inputs: [x, x], params: {} }),
      "jaxpr/aval",
      "equation 3 of 3, ",
    ],
    [
      "a missing effect",
      withEqn(0, { primitive: loud }),
      "jaxpr/effects",
      "test_loud has effects [ordered], the equation declares []",
    ],
    [
      "an effect of its own",
      withEqn(0, { effects: ["unordered"] }),
      "jaxpr/effects",
      "sin has effects [], the equation declares [unordered]",
    ],
    [
      "an effect that only the program has",
      altered({ effects: ["ordered"] }),
      "jaxpr/effects",
      "the program's outputs: the program declares effects [ordered], its equations have []",
    ],
  ])("%s", (_name, program, code, message) => {
    let error: unknown;
    try {
      checkJaxpr(program);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(JaxprError);
    expect((error as JaxprError).code).toBe(code);
    expect((error as JaxprError).message.replace(/:\d+:\d+\)/, ")")).toContain(message);
  });
});

test("the programs that equations hold are checked, and the calls of them", () => {
  const call = (jaxpr: ClosedJaxpr, inputs: readonly Var[]): ClosedJaxpr => {
    const out = new Var(f32(2));
    return altered({
      eqns: [
        ...good.jaxpr.eqns,
        {
          primitive: jitPrimitive,
          inputs,
          outputs: [out],
          params: { name: "f", jaxpr },
          effects: [],
          source: undefined,
        },
      ],
    });
  };
  expect(() => checkJaxpr(call(good, [x, y]))).not.toThrow();
  expect(() => checkJaxpr(call(withEqn(1, { outputs: [new Var(f32(5))] }), [x, y]))).toThrow(
    "equation 2 of 3",
  );
  expect(() => checkJaxpr(call(good, [x]))).toThrow(
    "the program that is called takes [f32[2], f32[2]], it is given [f32[2]]",
  );
});

test("calls a thousand deep, and shared a thousandfold, are checked once each", () => {
  let program = programOf((v) => lax.sin(v), [f32()]);
  for (let i = 0; i < 1000; i++) {
    const jaxpr = program;
    program = programOf(
      (v) => jitPrimitive.bind(jitPrimitive.bind([v], { name: "f", jaxpr }), { name: "f", jaxpr }),
      [f32()],
    );
  }
  expect(() => checkJaxpr(program)).not.toThrow();
  expect(() => checkJaxpr(chain(20_000, (v) => lax.sin(v)))).not.toThrow();
});
