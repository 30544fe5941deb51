import { describe, expect, test } from "vitest";
import {
  customJvp,
  customVjp,
  debug,
  grad,
  jit,
  jvp,
  lax,
  nn,
  numpy as np,
  pureCallback,
  ShapeDtypeStruct,
  vjp,
  vmap,
} from "cotangent";
import { checkJaxpr } from "../../../src/core/check.ts";
import { JaxprError, ParseError } from "../../../src/core/errors.ts";
import type { ClosedJaxpr } from "../../../src/core/jaxpr.ts";
import { parseJaxpr } from "../../../src/core/parse.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { fromJSON, toJSON } from "../../../src/inspect/index.ts";
import { evaluateJaxpr } from "../../../src/interpreters/evaluate.ts";
import { concrete, expectSameBits } from "../../laws/compare.ts";
import { f32, programOf } from "../compiler/programs.ts";
import { array } from "../lax/arrays.ts";

// Programs that hold rules and functions of the user's.

function reread(program: ClosedJaxpr): ClosedJaxpr {
  const json = toJSON(program);
  const read = fromJSON(JSON.parse(JSON.stringify(json)));
  checkJaxpr(read);
  expect(toJSON(read)).toEqual(json);
  expect(String(read)).toBe(String(program));
  expect(String(parseJaxpr(String(program), program.consts))).toBe(String(program));
  return read;
}
const running =
  (program: ClosedJaxpr) =>
  (...xs: ArrayValue[]): ArrayValue =>
    evaluateJaxpr(program, xs)[0]!;

const x3 = array([0.5, -1, 2], [3]);

const wavy = customJvp((x: ArrayValue) => lax.sin(x));
wavy.defjvps((t: ArrayValue) => lax.mul(t, 7));
const steep = customVjp((x: ArrayValue, n: ArrayValue) => lax.mul(x, lax.convertElementType(n, "float32")));
steep.defvjp(
  (x: ArrayValue, n: ArrayValue) => [steep(x, n), [x, n]],
  ([x]: [ArrayValue, ArrayValue], ct: ArrayValue) => [lax.mul(ct, lax.mul(x, 5)), null],
);
const n3 = array([1, 2, 3], [3], "int32");

describe("the rule of", () => {
  test("a customJvp is a program, and the derivative is the rule's", () => {
    const read = reread(programOf((x) => wavy(x), [f32(3)]));
    const [out, t] = jvp(running(read), [x3], [x3]) as [ArrayValue, ArrayValue];
    expectSameBits(concrete(out), concrete(lax.sin(x3)), "value");
    expectSameBits(concrete(t), concrete(lax.mul(x3, 7)), "tangent");
  });

  test("a customJvp in a batch, in a call and beside captured values", () => {
    const table = array([1, 2, 3], [3]);
    const captured = customJvp((x: ArrayValue) => lax.mul(x, table));
    captured.defjvps((t: ArrayValue) => lax.mul(t, table));
    const f = (x: ArrayValue) => vmap(jit((y: ArrayValue) => captured(wavy(y))))(x) as ArrayValue;
    const read = reread(programOf(f, [f32(2, 3)]));
    const x = np.stack([x3, x3]);
    const expected = grad((y: ArrayValue) => np.sum(f(y)))(x) as ArrayValue;
    const got = grad((y: ArrayValue) => np.sum(running(read)(y)))(x) as ArrayValue;
    expectSameBits(concrete(got), concrete(expected), "gradient");
  });

  test("a customVjp is two programs", () => {
    const read = reread(programOf((x) => steep(x, n3), [f32(3)]));
    const [out, pull] = vjp(running(read), [x3]);
    expectSameBits(concrete(out), concrete(lax.mul(x3, array([1, 2, 3], [3]))), "value");
    const [bar] = pull(x3) as ArrayValue[];
    expectSameBits(concrete(bar!), concrete(lax.mul(x3, lax.mul(x3, 5))), "cotangent");
  });

  test("a customVjp, once it is a tangent map", () => {
    const read = reread(
      programOf(
        (x) => jvp((y: ArrayValue) => jit((z: ArrayValue) => steep(z, n3))(y), [x], [x])[1] as ArrayValue,
        [f32(3)],
      ),
    );
    expect(String(read)).toContain("custom_lin");
  });

  test("nothing, if there is none: then its derivative is refused as before", () => {
    const bare = customJvp((x: ArrayValue) => lax.sin(x));
    const read = reread(programOf((x) => bare(x), [f32()]));
    expect(() => grad(running(read))(array([1], []))).toThrow("the rule None is not known");
  });

  test("relu, as nn has it", () => {
    const read = reread(programOf((x) => nn.relu(x), [f32(3)]));
    const got = grad((x: ArrayValue) => np.sum(running(read)(x)))(x3) as ArrayValue;
    expect([...concrete(got).storage]).toEqual([1, 0, 1]);
  });
});

test("a rule that cannot be traced is refused with its equation", () => {
  const odd = customJvp((x: ArrayValue) => lax.sin(x));
  odd.defjvps((t: ArrayValue, _out: ArrayValue, x: ArrayValue) => (Number(x.item()) > 0 ? t : lax.neg(t)));
  const program = programOf((x) => odd(x), [f32()]);
  expect(() => toJSON(program)).toThrow(JaxprError);
  expect(() => toJSON(program)).toThrow(
    /equation 1 of 1, .*json-functions\.test\.ts:\d+.*cannot be made a program: .*concrete/s,
  );
});

test("a rule of another arity is refused where it runs", () => {
  const json = toJSON(programOf((x) => wavy(x), [f32(3)]));
  const call = json.programs.at(-1)!.eqns[0]!;
  call.params["jvpJaxpr"] = call.params["callJaxpr"];
  const read = fromJSON(json);
  expect(() => jvp(running(read), [x3], [x3])).toThrow("takes 1 arrays, it is given 2");
  call.params["jvpJaxpr"] = 1;
  expect(() => fromJSON(json)).toThrow("$.programs[3].eqns[0].params.jvpJaxpr: expected a program");
  delete call.params["jvpJaxpr"];
  expect(() => fromJSON(json)).toThrow("expected custom_jvp_call to have jvpJaxpr, a program");
});

test.each<readonly [name: string, f: (x: ArrayValue) => ArrayValue]>([
  [
    "pure_callback",
    (x) => pureCallback((y: ArrayValue) => y, new ShapeDtypeStruct([3], "float32"), x) as ArrayValue,
  ],
  ["debug_callback", (x) => (debug.callback(() => {}, x), x)],
  ["debug_print", (x) => (debug.print("{}", x), x)],
])("%s is refused with its place, as JSON and as text", (name, f) => {
  const program = programOf(f, [f32(3)]);
  expect(() => toJSON(program)).toThrow(
    new RegExp(`equation 1 of 1, .*${name}.*json-functions.*a function of the host`, "s"),
  );
  expect(() => parseJaxpr(String(program))).toThrow(ParseError);
});

test.each<readonly [name: string, f: (x: ArrayValue) => ArrayValue]>([
  ["psum", (x) => lax.psum(x, "i")],
  ["pmax", (x) => lax.pmax(x, "i")],
  ["all_gather", (x) => lax.allGather(x, "i")],
  ["ppermute", (x) => lax.ppermute(x, "i", [[0, 1], [1, 0]])],
  ["all_to_all", (x) => lax.allToAll(x, "i", 0, 0)],
  ["axis_index", (x) => lax.mul(x, lax.convertElementType(lax.axisIndex("i"), "float32"))],
])("%s inside of its axis is read again", (name, f) => {
  let seen = "";
  const body = (x: ArrayValue): ArrayValue => {
    const program = programOf(f, [f32(2)]);
    seen = String(program);
    reread(program);
    return x;
  };
  vmap(body, { axisName: "i" })(np.ones([2, 2]));
  expect(seen).toContain(name);
}); // prettier-ignore
