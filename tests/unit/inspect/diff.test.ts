import { expect, test } from "vitest";
import { type ArrayValue, inspect, lax, lora, makeJaxpr, numpy as np, random } from "cotangent";

const x = np.array([1, 2, 3]);
const of = (f: (x: ArrayValue) => ArrayValue) => makeJaxpr(f)(x);

test("a program has nothing to tell from itself", () => {
  const program = of((x) => np.sum(np.sin(np.cos(x))));
  const same = inspect.diff(program, inspect.parseJaxpr(String(program)));
  expect(same.entries.map(({ change }) => change)).toEqual(["kept", "kept", "kept"]);
});

test("what is gone and what is new, variables called the same in both", () => {
  const before = of((x) => lax.add(lax.sin(x), lax.cos(x)));
  const after = of((x) => lax.mul(lax.tan(x), lax.cos(x)));
  expect(String(inspect.diff(before, after)).replace(/ {2}#.*/g, "")).toBe(
    [
      "+ b:f32[3] = tan a",
      "- c:f32[3] = sin a",
      "  d:f32[3] = cos a",
      "+ e:f32[3] = mul b d",
      "- f:f32[3] = add c d",
      "1 kept, 2 removed, 2 added",
    ].join("\n"),
  );
});

test("the order of operations does not matter, how often they are there does", () => {
  const before = of((x) => lax.add(lax.sin(x), lax.cos(x)));
  const swapped = of((x) => {
    const c = lax.cos(x);
    return lax.add(lax.sin(x), c);
  });
  expect(inspect.diff(before, swapped).count("kept")).toBe(3);
  const twice = of((x) => lax.add(lax.sin(x), lax.sin(x)));
  const once = inspect.simplify(twice);
  const change = inspect.diff(twice, once);
  expect([change.count("kept"), change.count("removed"), change.count("added")]).toEqual([2, 1, 0]);
});

test("operations differ by params, dtypes, literals and inner programs", () => {
  const different = (f: (x: ArrayValue) => ArrayValue, g: (x: ArrayValue) => ArrayValue) =>
    inspect.diff(of(f), of(g)).count("added");
  expect(different((x) => lax.integerPow(x, 2), (x) => lax.integerPow(x, 3))).toBe(1);
  expect(different((x) => lax.mul(x, 2), (x) => lax.mul(x, 3))).toBe(1);
  expect(different((x) => lax.mul(x, x3), (x) => lax.mul(x, x3))).toBe(0);
  expect(different((x) => lax.mul(x, x3), (x) => lax.mul(x, np.array([4, 5, 6])))).toBe(1);
}); // prettier-ignore
const x3 = np.array([4, 5, 6]);

test("what a rule wrote is new, and says which rule", () => {
  const w = new lora.LoraArray(np.ones([4, 3]), { rank: 1, key: random.key(0) });
  const { traced, quaxified, programs } = inspect.stages((w: ArrayValue, x: ArrayValue) =>
    np.sum(np.matmul(w, x)),
  )(w, x);
  const change = inspect.diff(traced, quaxified);
  const added = change.entries.filter((entry) => entry.change === "added");
  expect(added.slice(0, 3).map(({ primitive, rule }) => [primitive, rule])).toEqual([
    ["stop_gradient", "dot_general(AdaptedArray, ArrayValue)"],
    ["dot_general", "dot_general(AdaptedArray, ArrayValue)"],
    ["dot_general", "dot_general(AdaptedArray, ArrayValue)"],
  ]);
  expect(added.every(({ source }) => source?.includes("diff.test.ts"))).toBe(true);
  expect(String(change)).toMatch(/# dot_general\(AdaptedArray, ArrayValue\) at .*diff\.test\.ts/);
  // The derivative of what a rule wrote comes from that rule; what there is without one does not.
  const joint = programs.get("joint")!;
  expect(joint.jaxpr.eqns.filter((eqn) => eqn.rule === undefined).length).toBeGreaterThan(0);
  expect(
    joint.jaxpr.eqns.filter((eqn) => eqn.rule === "dot_general(AdaptedArray, ArrayValue)").length,
  ).toBeGreaterThan(3);
});

test("each stage is a program that can be kept, printed and run", () => {
  const w = new lora.LoraArray(np.ones([4, 3]), { rank: 1, key: random.key(0) });
  const { programs } = inspect.stages((w: ArrayValue, x: ArrayValue) => np.sum(np.matmul(w, x)))(w, x);
  expect([...programs.keys()]).toEqual(inspect.stageNames);
  for (const program of programs.values()) {
    const read = inspect.fromJSON(JSON.parse(JSON.stringify(inspect.toJSON(program))));
    expect(read.jaxpr.eqns.map(({ rule }) => rule)).toEqual(program.jaxpr.eqns.map(({ rule }) => rule));
    const inputs = program.inAvals.map(({ shape, dtype }) => np.ones(shape, dtype));
    const [expected, got] = [program, read].map((p) =>
      inspect.evalJaxpr(p, inputs).map((out) => np.asarray(out).toList()),
    );
    expect(got).toEqual(expected);
    expect(String(inspect.parseJaxpr(String(program), program.consts))).toBe(String(program));
  }
});

test("explain names the rule of each operation", () => {
  const w = new lora.LoraArray(np.ones([4, 3]), { rank: 1, key: random.key(0) });
  const explanation = inspect.explain((w: ArrayValue, x: ArrayValue) => np.sum(np.matmul(w, x)))(w, x);
  expect(explanation.equations.map(({ rule }) => rule)).toContain("dot_general(AdaptedArray, ArrayValue)");
  expect(String(explanation).split("\n")[0]).toMatch(/rule +operation$/);
  expect(String(inspect.explain((x: ArrayValue) => np.sin(x))(x)).split("\n")[0]).not.toContain("rule");
});
