import { describe, expect, test } from "vitest";
import { inline, inlineCalls } from "../../../src/compiler/inline.ts";
import { customJvp, jit } from "../../../src/control/index.ts";
import { ClosedJaxpr, type Jaxpr, Var } from "../../../src/core/jaxpr.ts";
import { jitPrimitive } from "../../../src/control/jit.ts";
import * as param from "../../../src/core/param-kind.ts";
import { definePrimitive, type NoParams, type Primitive } from "../../../src/core/primitive.ts";
import { scalarOf } from "../../../src/core/scalar.ts";
import { showSource } from "../../../src/core/source.ts";
import { type ArrayValue, avalOf } from "../../../src/core/value.ts";
import * as lax from "../../../src/lax/index.ts";
import { applied, drawAll, recast, sampled, withX64 } from "../../laws/samples.ts";
import { array } from "../lax/arrays.ts";
import { expectSameProgram, f32, numberDTypes, primitivesOf, programOf, special } from "./programs.ts";

test("a call becomes what it calls, each time with variables of its own", () => {
  const twice = jit(function twice(x: ArrayValue): ArrayValue {
    return lax.mul(x, 2);
  });
  const program = programOf((x) => lax.add(twice(x), twice(lax.sin(x))), [f32(3)]);
  const result = inline(program);
  expect(String(result)).toMatchInlineSnapshot(`
    "{ lambda ; a:f32[3]. let
        b:f32[3] = mul a 2.0:f32[]
        c:f32[3] = sin a
        d:f32[3] = mul c 2.0:f32[]
        e:f32[3] = add b d
      in (e,) }"
  `);
  expectSameProgram(result, program, [special("float32", [3])]);
});

test("calls within calls, of results that are inputs, literals or repeated", () => {
  const inner = jit((x: ArrayValue, y: ArrayValue) => [
    y,
    x,
    y,
    lax.broadcastInDim(scalarOf(1, "float32"), [2], []),
  ]);
  const outer = jit((x: ArrayValue, y: ArrayValue) => {
    const [a, b, c, d] = inner(x, y);
    return [inner(a!, b!)[0]!, c!, lax.add(d!, y)];
  });
  const program = programOf((x, y) => outer(x, lax.neg(y)), [f32(2), f32(2)]);
  const result = inline(program);
  expect(primitivesOf(result)).toEqual(["neg", "broadcast_in_dim", "broadcast_in_dim", "add"]);
  expectSameProgram(result, program, [special("float32", [2], 1), special("float32", [2], 2)]);
});

test("constants of a call become constants of the program, each array once", () => {
  const data = array([1, 2, 3]);
  const body = programOf((x) => lax.add(x, data), [f32(3)]);
  const call = (x: ArrayValue) => jitPrimitive.bind([x], { name: "f", jaxpr: body })[0]!;
  const program = programOf((x) => lax.mul(call(call(x)), data), [f32(3)]);
  const result = inline(program);
  expect(result.consts.length).toBe(1);
  expect(result.consts[0]).toBe(data);
  expectSameProgram(result, program, [array([5, 6, 7])]);
});

test("a custom derivative is left out", () => {
  const f = customJvp(function f(x: ArrayValue): ArrayValue {
    return lax.sin(x);
  });
  f.defjvp(([x]: ArrayValue[], [t]: ArrayValue[]) => [lax.sin(x!), t!] as never);
  expect(primitivesOf(inlineCalls(programOf((x) => f(x) as ArrayValue, [f32(3)])))).toEqual(["sin"]);
});

test("a weak operand of a call that was traced on a strong one is made strong", () => {
  const body = programOf((x) => lax.add(x, x), [f32()]);
  const program = programOf(
    (x) => jitPrimitive.bind([x], { name: "f", jaxpr: body }),
    [avalOf([], "float32", true)],
  );
  const result = inline(program);
  expect(primitivesOf(result)).toEqual(["convert_element_type", "add"]);
  expectSameProgram(result, program, [special("float32", [], 3, true)]);
});

let expanded = 0;
/** x² + x², in terms of another derived primitive. */
const squares: Primitive<"test_squares", [x: ArrayValue], { readonly times: readonly number[] }> =
  definePrimitive("test_squares", {
    arity: 1,
    params: { times: param.integers },
    abstract: ([x]) => x,
    jvp: "none",
    batch: "elementwise",
    expand: ([x], { times }) => {
      expanded++;
      return [lax.mul(squared.bind([x], {})[0]!, scalarOf(times[0]!, "float32"))];
    },
  });
const squared: Primitive<"test_squared", [x: ArrayValue], NoParams> = definePrimitive("test_squared", {
  arity: 1,
  abstract: ([x]) => x,
  jvp: "none",
  batch: "elementwise",
  expand: ([x]) => [lax.mul(x, x)],
});

test("derived primitives become what they are short for, each form of one being expanded once", () => {
  expanded = 0;
  const program = programOf(
    (x) => [2, 2, 3].map((times) => squares.bind([x], { times: [times] })[0]!),
    [f32(3)],
  );
  const result = inline(program);
  expect(primitivesOf(result)).toEqual(["mul", "mul", "mul", "mul", "mul", "mul"]);
  expect(expanded).toBe(2);
  expect(new Set(result.jaxpr.eqns.map((eqn) => showSource(eqn.source)))).toEqual(
    new Set([showSource(program.jaxpr.eqns[0]!.source)]),
  );
  expect(primitivesOf(inlineCalls(program))).toEqual(["test_squares", "test_squares", "test_squares"]);
  expectSameProgram(result, program, [special("float32", [3])]);
});

test("calls nested ten thousand deep cost no stack", () => {
  let body = programOf((x) => lax.sin(x), [f32(2)]);
  for (let i = 0; i < 10_000; i++) {
    const [x, y, z] = [new Var(f32(2)), new Var(f32(2)), new Var(f32(2))];
    const call = {
      primitive: jitPrimitive,
      inputs: [x],
      outputs: [y],
      params: { name: "f", jaxpr: body },
      effects: [],
      source: undefined,
    };
    const next = {
      primitive: lax.neg,
      inputs: [y],
      outputs: [z],
      params: {},
      effects: [],
      source: undefined,
    };
    const jaxpr: Jaxpr = { constvars: [], invars: [x], eqns: [call, next], outvars: [z], effects: [] };
    body = new ClosedJaxpr(jaxpr, []);
  }
  const names = primitivesOf(inline(body));
  expect([names.length, names[0], names.at(-1)]).toEqual([10_001, "sin", "neg"]);
});

const derived = sampled.filter(([, { rules }]) => rules.expand);
test("there are derived primitives", () => {
  expect(derived.length).toBeGreaterThan(3);
});
describe.each(derived)("%s", (_name, prim) => {
  test.each([...numberDTypes, "bool"] as const)("is what it is short for, bit for bit: %s", (dtype) => {
    withX64(() => {
      for (const sample of prim.rules.samples) {
        const cast = recast(prim, sample, dtype);
        for (let seed = 1; seed < 4; seed++) {
          const operands = drawAll(cast, seed);
          const program = programOf(
            (...xs) => applied(prim, cast.params)(xs),
            operands.map((x) => x.aval),
          );
          const result = inline(program);
          expect(result.jaxpr.eqns.some(({ primitive }) => primitive.rules.expand)).toBe(false);
          expectSameProgram(result, program, operands);
        }
      }
    });
  });
});
