import "../../../src/numpy/methods.ts";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkpoint, checkpointName, checkpointPolicies, jit } from "../../../src/control/index.ts";
import { cond } from "../../../src/control/cond.ts";
import * as debug from "../../../src/control/debug.ts";
import { scan } from "../../../src/control/scan.ts";
import type { CheckpointParams } from "../../../src/control/checkpoint.ts";
import { fromJSON, parseJaxpr, toJSON } from "../../../src/inspect/index.ts";
import { simplify } from "../../../src/compiler/simplify.ts";
import { ArgumentError, ConcretizationError } from "../../../src/core/errors.ts";
import type { ClosedJaxpr } from "../../../src/core/jaxpr.ts";
import type { CheckpointPolicy } from "../../../src/core/primitive.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { evaluateJaxpr } from "../../../src/interpreters/evaluate.ts";
import { hessian } from "../../../src/interpreters/jacobian.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { linearize } from "../../../src/interpreters/linearize.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { quaxify } from "../../../src/interpreters/quax.ts";
import { grad, valueAndGrad } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { LoraArray } from "../../../src/lora/array.ts";
import * as np from "../../../src/numpy/index.ts";
import { key, normal } from "../../../src/random/index.ts";
import { array, expectValues, values } from "../arrays.ts";

type F = (x: ArrayValue) => ArrayValue;
const sinSin: F = (x) => np.sin(np.sin(x));
const text = <Args extends unknown[]>(f: (...args: Args) => unknown, ...args: unknown[]) =>
  String(makeJaxpr(f)(...args));
const count = ({ jaxpr }: ClosedJaxpr, primitive: string): number =>
  jaxpr.eqns.filter((eqn) => eqn.primitive.primitive === primitive).length;
const simplified = <Args extends unknown[]>(f: (...args: Args) => unknown, ...args: unknown[]) =>
  simplify(makeJaxpr(f)(...args));

describe("programs are printed as JAX prints them", () => {
  test("a checkpoint", () => {
    expect(text(checkpoint(sinSin), 1.5)).toBe(`{ lambda ; a:f32[]. let
    b:f32[] = remat2[
      differentiated=False
      jaxpr={ lambda ; c:f32[]. let d:f32[] = sin c; e:f32[] = sin d in (e,) }
      policy=None
      prevent_cse=True
    ] a
  in (b,) }`);
  });
  test("its gradient: the forward pass in the open, and once more in the backward pass", () => {
    expect(text(grad(checkpoint(sinSin)), 1.5)).toBe(`{ lambda ; a:f32[]. let
    b:f32[] = sin a
    _:f32[] = sin b
    c:f32[] = remat2[
      differentiated=True
      jaxpr={ lambda ; d:f32[] e:f32[]. let
          f:f32[] = sin d
          g:f32[] = cos d
          h:f32[] = cos f
          i:f32[] = mul e h
          j:f32[] = mul i g
        in (j,) }
      policy=None
      prevent_cse=True
    ] a 1.0:f32[]
  in (c,) }`);
  });
  test("its jvp: a checkpoint of both", () => {
    expect(text((x: ArrayValue) => jvp(checkpoint(sinSin), [x], [x]), 1.5)).toBe(`{ lambda ; a:f32[]. let
    b:f32[] c:f32[] = remat2[
      differentiated=False
      jaxpr={ lambda ; d:f32[] e:f32[]. let
          f:f32[] = sin d
          g:f32[] = cos d
          h:f32[] = mul e g
          i:f32[] = sin f
          j:f32[] = cos f
          k:f32[] = mul h j
        in (i, k) }
      policy=None
      prevent_cse=True
    ] a a
  in (b, c) }`);
  });
  test.each([
    [checkpointPolicies.everythingSaveable, "<function everything_saveable>"],
    [checkpointPolicies.nothingSaveable, "<function nothing_saveable>"],
    [checkpointPolicies.dotsSaveable, "DotsSaveable(only_if_no_batch_dims=False)"],
    [checkpointPolicies.dotsWithNoBatchDimsSaveable, "DotsSaveable(only_if_no_batch_dims=True)"],
    [
      checkpointPolicies.saveOnlyTheseNames("a", "b"),
      "SaveOnlyTheseNames(saveable_names=frozenset({'a', 'b'}))",
    ],
    [checkpointPolicies.saveAnyNamesButThese(), "SaveAnyNamesButThese(names=frozenset())"],
    [function mine() { return true; }, "<function mine>"], // prettier-ignore
  ])("policy %#", (policy, shown) => {
    expect(text(checkpoint(sinSin, { policy, preventCse: false }), 1.5)).toContain(
      `policy=${shown}\n      prevent_cse=False`,
    );
  });
  test.each([
    null,
    checkpointPolicies.everythingSaveable,
    checkpointPolicies.dotsSaveable,
    checkpointPolicies.saveOnlyTheseNames("b", "a long name"),
    checkpointPolicies.saveAnyNamesButThese(),
  ])("and read again, from text and from JSON, policy %#", (policy) => {
    const program = makeJaxpr(grad(checkpoint(sinSin, { policy })))(1.5);
    const { params } = parseJaxpr(String(program)).jaxpr.eqns.at(-1)!;
    expect((params as CheckpointParams).policy).toBe(policy);
    expect(String(parseJaxpr(String(program)))).toBe(String(program));
    expect(String(fromJSON(JSON.parse(JSON.stringify(toJSON(program)))))).toBe(String(program));
  });
  test("but not a policy of the user's own", () => {
    const program = makeJaxpr(grad(checkpoint(sinSin, { policy: () => true })))(1.5);
    expect(() => parseJaxpr(String(program))).toThrow(/expected policy of remat2 to be one of JAX's/);
  });
  test("a name, which the tangent does not have", () => {
    expect(text((x: ArrayValue) => jvp((y: ArrayValue) => checkpointName(y, "foo"), [x], [x]), 1.5)).toBe(
      "{ lambda ; a:f32[]. let b:f32[] = name[name=foo] a in (b, a) }",
    );
  });
});

/** Two layers, the first of which has a name. */
const network = (w1: ArrayValue, w2: ArrayValue, x: ArrayValue): ArrayValue => {
  const hidden = checkpointName(np.tanh(np.matmul(x, w1)), "hidden");
  return np.sum(np.sin(np.matmul(hidden, w2)));
};
const layers = [normal(key(0), [3, 4]), normal(key(1), [4, 5]), normal(key(2), [2, 3])] as const;

/** Avals of what the backward pass takes from the forward pass, arguments last. */
const saved = (f: unknown, ...args: readonly unknown[]): string[] => {
  const { jaxpr } = makeJaxpr(grad(f as F))(...args);
  const remat = jaxpr.eqns.find((eqn) => eqn.primitive.primitive === "remat2")!;
  return remat.inputs
    .slice(0, -1)
    .map((x) => (jaxpr.invars.includes(x as never) ? "argument " : "") + x.aval.shape.join("×"));
};
const weights = ["argument 3×4", "argument 4×5", "argument 2×3"];

describe("a policy decides what is saved", () => {
  // As jax.ad_checkpoint.print_saved_residuals says of the same function.
  test.each<[string, CheckpointPolicy | null, string[]]>([
    ["none", null, weights],
    ["nothing", checkpointPolicies.nothingSaveable, weights],
    [
      "everything",
      checkpointPolicies.everythingSaveable,
      ["2×4", "2×4", "2×5", "argument 4×5", "argument 2×3"],
    ],
    ["products", checkpointPolicies.dotsSaveable, ["2×4", "2×5", "argument 4×5", "argument 2×3"]],
    [
      "products without batch axes",
      checkpointPolicies.dotsWithNoBatchDimsSaveable,
      ["2×4", "2×5", "argument 4×5", "argument 2×3"],
    ],
    ["a name", checkpointPolicies.saveOnlyTheseNames("hidden"), ["2×4", ...weights]],
    ["another name", checkpointPolicies.saveOnlyTheseNames("other"), weights],
    ["any name but this", checkpointPolicies.saveAnyNamesButThese("hidden"), weights],
    ["any name but another", checkpointPolicies.saveAnyNamesButThese("other"), ["2×4", ...weights]],
    [
      "either of two",
      checkpointPolicies.saveFromBothPolicies(
        checkpointPolicies.dotsSaveable,
        checkpointPolicies.saveOnlyTheseNames("hidden"),
      ),
      ["2×4", "2×5", "argument 4×5", "argument 2×3"],
    ],
    [
      "by a function of one's own",
      ({ primitive }, [x]) => primitive === "tanh" && x!.shape[0] === 2,
      ["2×4", "argument 4×5", "argument 2×3"],
    ],
  ])("%s", (_name, policy, expected) => {
    expect(saved(checkpoint(network, { policy }), ...layers)).toEqual(expected);
    const plain = values(grad(network)(...layers));
    expectValues(grad(checkpoint(network, { policy }))(...layers), plain);
    expectValues(jit(grad(checkpoint(network, { policy })))(...layers), plain);
  });
  test("products among a batch are not those without batch axes", () => {
    const f = checkpoint((x: ArrayValue) => np.sum(np.sin(np.matmul(x, x))), {
      policy: checkpointPolicies.dotsWithNoBatchDimsSaveable,
    });
    expect(saved(f, normal(key(0), [2, 3, 3]))).toEqual(["argument 2×3×3"]);
    expect(saved(f, normal(key(0), [3, 3]))).toEqual(["3×3", "argument 3×3"]);
  });
  test("inside of calls too", () => {
    const inner = jit(function layer(w: ArrayValue, x: ArrayValue) {
      return np.sin(np.matmul(x, w));
    });
    const f = (w: ArrayValue, x: ArrayValue) => np.sum(np.sin(inner(w, inner(w, x))));
    const args = [normal(key(0), [3, 3]), normal(key(1), [2, 3])] as const;
    const g = checkpoint(f, { policy: checkpointPolicies.dotsSaveable });
    expect(saved(g, ...args)).toEqual(["2×3", "2×3", "argument 3×3", "argument 2×3"]);
    expectValues(grad(g)(...args), values(grad(f)(...args)));
    expect(count(simplified(grad(g), ...args), "dot_general")).toBe(
      count(simplified(grad(f), ...args), "dot_general"),
    );
  });
  test("what a call saves is not kept twice, and what it does not need is not kept", () => {
    const policy = checkpointPolicies.saveOnlyTheseNames("a");
    const inner = jit(function inner(x: ArrayValue, y: ArrayValue) {
      const named = checkpointName(np.sin(x), "a");
      return [np.multiply(np.cos(named), named), y] as const;
    });
    const f = (x: ArrayValue, y: ArrayValue) => np.sum(np.sin(inner(x, y)[0]));
    const args = [array([0.3, 0.4]), array([1, 2, 3])] as const;
    expect(saved(checkpoint(f, { policy }), ...args)).toEqual(["2", "argument 2"]);
    expectValues(grad(checkpoint(f, { policy }))(...args), values(grad(f)(...args)));
  });
  test("of a checkpoint in a checkpoint, both decide", () => {
    const inner = checkpoint((x: ArrayValue) => np.sin(checkpointName(np.sin(x), "inner")), {
      policy: checkpointPolicies.saveOnlyTheseNames("inner"),
    });
    const f = (policy: CheckpointPolicy | null) =>
      checkpoint((x: ArrayValue) => np.sin(inner(np.sin(x))), { policy });
    const x = array(0.3);
    for (const policy of [null, checkpointPolicies.everythingSaveable, checkpointPolicies.dotsSaveable])
      expectValues(grad(f(policy))(x), values(grad((y: ArrayValue) => sinSin(sinSin(y)))(x)));
    expect(saved(f(null), x)).toEqual(["argument "]);
  });
});

describe("loops and branches", () => {
  const w = normal(key(0), [2, 2]);
  const xs = normal(key(1), [3, 2]);
  const loop = (w: ArrayValue, x: ArrayValue, xs: ArrayValue): ArrayValue => {
    const step = (c: ArrayValue, x: ArrayValue) => {
      const hidden = checkpointName(np.tanh(np.matmul(w, c)), "hidden");
      const next = np.sin(np.add(hidden, x));
      return [next, np.multiply(hidden, next)];
    };
    const [last, ys] = scan(step as never, x, xs) as unknown as [ArrayValue, ArrayValue];
    return np.add(np.sum(last), np.sum(ys));
  };
  const branch = (p: ArrayValue, x: ArrayValue, w: ArrayValue): ArrayValue =>
    cond(
      np.greater(p, 0),
      (x: ArrayValue) => np.sum(np.sin(checkpointName(np.tanh(np.matmul(w, x)), "hidden"))),
      (x: ArrayValue) => np.sum(sinSin(np.multiply(x, p))),
      x,
    ) as ArrayValue;
  const { saveOnlyTheseNames, dotsSaveable, everythingSaveable } = checkpointPolicies;
  const all = ["argument 2×2", "argument 2", "argument 3×2"];
  // As jax.ad_checkpoint.print_saved_residuals says.
  test.each<[string, CheckpointPolicy | null, string[]]>([
    ["nothing", null, all],
    ["products", dotsSaveable, ["3×2", ...all]],
    ["a name", saveOnlyTheseNames("hidden"), ["3×2", ...all]],
  ])("a policy saves %s of every step of a loop", (_name, policy, expected) => {
    const f = checkpoint(loop, { policy });
    expect(saved(f, w, xs.get(0), xs)).toEqual(expected);
  });
  test.each<[string, CheckpointPolicy | null, string[]]>([
    ["nothing", null, ["argument ", "argument 2", "argument 2×2"]],
    ["products", dotsSaveable, ["2", "argument ", "argument 2"]],
    ["a name", saveOnlyTheseNames("hidden"), ["2", "argument ", "argument 2", "argument 2×2"]],
  ])("a policy saves %s of the branch that runs", (_name, policy, expected) => {
    const f = (w: ArrayValue, p: ArrayValue, x: ArrayValue) => checkpoint(branch, { policy })(p, x, w);
    const shown = saved(f, w, array(1), xs.get(0));
    expect(shown.toSorted()).toEqual(expected.toSorted());
  });
  test.each([null, dotsSaveable, saveOnlyTheseNames("hidden"), everythingSaveable])(
    "values and gradients are the same, policy %#",
    (policy) => {
      const args = [w, xs.get(0), xs] as const;
      const expected = values(grad(loop)(...args));
      expectValues(grad(checkpoint(loop, { policy }))(...args), expected);
      expectValues(jit(grad(checkpoint(loop, { policy })))(...args), expected);
      for (const p of [1, -1]) {
        const operands = [array(p), xs.get(0), w] as const;
        const slope = values(grad(branch, { argnums: 1 })(...operands));
        const f = checkpoint(branch, { policy });
        expectValues(grad(f, { argnums: 1 })(...operands), slope);
        expectValues(jit(grad(f, { argnums: 1 }))(...operands), slope);
        expectValues(vmap(grad(f, { argnums: 1 }), { inAxes: [null, 0, null] })(array(p), xs, w), [
          ...values(vmap(grad(branch, { argnums: 1 }), { inAxes: [null, 0, null] })(array(p), xs, w)),
        ]);
      }
    },
  );
  test("a loop of checkpoints keeps only the carry of each step", () => {
    const step = (wrap: (f: F) => F) => (x: ArrayValue) =>
      (scan((c: never) => [wrap(sinSin)(c), null] as never, x as never, null, { length: 4 }) as never)[0];
    const wrapped = step((f) => checkpoint(f, { preventCse: false }));
    const program = makeJaxpr(grad(wrapped))(0.8);
    expect(program.jaxpr.eqns[0]!.outputs.map(({ aval }) => aval.shape)).toEqual([[], [4]]);
    expectValues(grad(wrapped)(array(0.8)), values(grad(step((f) => f))(array(0.8))));
    expectValues(jit(grad(wrapped))(array(0.8)), values(grad(step((f) => f))(array(0.8))));
    expectValues(grad(grad(wrapped))(array(0.8)), values(grad(grad(step((f) => f)))(array(0.8))));
  });
});

describe("what runs", () => {
  const deep: F = (x) => np.sum(sinSin(sinSin(x)));
  const x = array([0.5, 1]);
  test("computes the forward pass for a second time", () => {
    expect(count(simplified(valueAndGrad(deep), x), "sin")).toBe(4);
    expect(count(simplified(valueAndGrad(checkpoint(deep)), x), "sin")).toBe(7);
  });
  test("and once, where the compiler may merge the two", () => {
    expect(count(simplified(valueAndGrad(checkpoint(deep, { preventCse: false })), x), "sin")).toBe(4);
  });
  test("computes the forward pass only once where no one wants the value", () => {
    expect(count(simplified(grad(checkpoint(deep)), x), "sin")).toBe(3);
  });
  test("computes nothing again for an argument without a gradient", () => {
    const f = checkpoint((a: ArrayValue, b: ArrayValue) => np.sum(np.add(np.sin(a), np.exp(np.cos(b)))));
    const program = simplified(grad(f), x, x);
    expect(program.jaxpr.eqns.map((eqn) => eqn.primitive.primitive)).not.toContain("exp");
    expect(program.jaxpr.eqns.find((eqn) => eqn.primitive.primitive === "optimization_barrier")!.inputs)
      .toHaveLength(2); // prettier-ignore
  });
  test("computes nothing again for a gradient that is dropped", () => {
    const f = checkpoint((a: ArrayValue, b: ArrayValue) => np.sum(np.add(np.sin(a), np.exp(np.cos(b)))));
    const first = (a: ArrayValue, b: ArrayValue) => grad(f, { argnums: [0, 1] })(a, b)[0];
    expect(count(simplified(first, x, x), "exp")).toBe(0);
    expect(count(simplified(first, x, x), "sin")).toBe(0);
  });
  test("gives the bits of the function without a checkpoint", () => {
    const args = [layers[0], layers[1], layers[2]] as const;
    expect(values(jit(grad(checkpoint(network)))(...args))).toEqual(values(jit(grad(network))(...args)));
  });
});

describe("composition", () => {
  const f = checkpoint(sinSin);
  const x = array([0.3, -1.2, 2]);
  const orders: readonly [string, (f: F) => unknown][] = [
    ["jvp", (f) => jvp(f, [x], [x])[1]],
    ["linearize", (f) => linearize(f, [x])[1](x)],
    ["vmap of grad", (f) => vmap(grad(f))(x)],
    ["grad of vmap", (f) => grad((y: ArrayValue) => np.sum(vmap(f)(y)))(x)],
    ["grad of jit", (f) => grad((y: ArrayValue) => np.sum(jit(f)(y)))(x)],
    ["jit of grad", (f) => jit(grad((y: ArrayValue) => np.sum(f(y))))(x)],
    ["hessian", (f) => hessian((y: ArrayValue) => np.sum(f(y)))(x)],
    ["grad of grad", (f) => vmap(grad(grad(f)))(x)],
    ["three times", (f) => vmap(grad(grad(grad(f))))(x)],
    ["grad of a checkpoint's grad", (f) => vmap(grad(checkpoint(grad(f))))(x)],
    ["checkpoint of a checkpoint", (f) => vmap(grad(checkpoint(f)))(x)],
    ["jvp of grad", (f) => jvp(vmap(grad(f)), [x], [x])[1]],
    ["grad of jvp", (f) => grad((y: ArrayValue) => np.sum(jvp(f, [y], [x])[1]))(x)],
    ["quaxify", (f) => quaxify(vmap(grad(f)))(x)],
  ];
  test.each(orders)("%s", (_name, run) => expectValues(run(f), values(run(sinSin))));

  test("a captured value has its gradient", () => {
    const g = (w: ArrayValue) => np.sum(checkpoint((y: ArrayValue) => np.sin(np.multiply(w, y)))(x));
    const plain = (w: ArrayValue) => np.sum(np.sin(np.multiply(w, x)));
    expectValues(grad(g)(x), values(grad(plain)(x)));
  });
  test("trees go in and out", () => {
    const g = checkpoint(({ a, b }: { a: ArrayValue; b: number }) => ({ y: [np.sin(a)], label: "sum", b }));
    const { y, label } = g({ a: x, b: 2 });
    expectValues(y[0], [0.3, -1.2, 2].map(Math.sin));
    expect(label).toBe("sum");
  });
  test("a body is rewritten for structured values, and never materialised", () => {
    const w = new LoraArray(normal(key(3), [4, 3]), { rank: 2, key: key(4), allowMaterialise: false });
    const loss = (w: ArrayValue, y: ArrayValue) => np.sum(np.tanh(checkpointName(np.matmul(w, y), "h")));
    const policy = checkpointPolicies.saveOnlyTheseNames("h");
    const rewritten = quaxify(checkpoint(loss, { policy }), { strict: true });
    expectValues(rewritten(w as never, x), values(quaxify(loss)(w as never, x)));
    const gradients = (f: typeof loss) => grad((w: LoraArray) => quaxify(f)(w as never, x))(w);
    const [got, expected] = [gradients(checkpoint(loss, { policy })), gradients(loss)];
    expectValues(got.a, values(expected.a));
    expectValues(got.b, values(expected.b));
  });
  test("a name of a structured value leaves it what it is", () => {
    const w = new LoraArray(layers[0], { rank: 1, key: key(4), allowMaterialise: false });
    expect(checkpointName(w, "weight")).toBeInstanceOf(LoraArray);
  });
  test("a static argument comes as it is", () => {
    const g = checkpoint((n: number, y: ArrayValue) => (n > 1 ? np.sin(y) : y), { staticArgnums: 0 });
    expectValues(vmap(grad((y: ArrayValue) => g(2, y)))(x), [0.3, -1.2, 2].map(Math.cos));
  });
});

/** Random programs of one argument, whose parts are checkpointed or not. */
type Make = (wrap: (f: F) => F) => F;
const leaf = (f: F): Make => () => f; // prettier-ignore
const program = fc.letrec<{ tree: Make }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(...[np.sin, np.tanh, (x: ArrayValue) => np.multiply(x, 0.5)].map(leaf)),
    fc.tuple(tie("tree"), tie("tree")).map(
      ([f, g]): Make =>
        (wrap) =>
        (x) =>
          f(wrap)(g(wrap)(x)),
    ),
    fc.tuple(tie("tree"), tie("tree")).map(
      ([f, g]): Make =>
        (wrap) =>
        (x) =>
          np.multiply(f(wrap)(x), g(wrap)(x)),
    ),
    tie("tree").map(
      (f): Make =>
        (wrap) =>
          wrap(f(wrap)),
    ),
    tie("tree").map(
      (f): Make =>
        (wrap) =>
          jit((x: ArrayValue) => f(wrap)(x)),
    ),
    tie("tree").map(
      (f): Make =>
        (wrap) =>
        (x) =>
          checkpointName(f(wrap)(x), "part"),
    ),
  ),
})).tree;
const policies = [
  null,
  checkpointPolicies.everythingSaveable,
  checkpointPolicies.saveOnlyTheseNames("part"),
  ({ primitive }: { primitive: string }) => primitive === "sin",
];

test("checkpoints do not change values or derivatives of random programs", () => {
  fc.assert(
    fc.property(program, fc.constantFrom(...policies), fc.boolean(), (make, policy, preventCse) => {
      const plain = make((f) => f);
      const wrapped = make((f) => checkpoint(f, { policy, preventCse }));
      const x = array(0.7);
      const [value, slope] = valueAndGrad(wrapped)(x);
      const [expectedValue, expectedSlope] = valueAndGrad(plain)(x);
      expectValues(value, values(expectedValue));
      expectValues(slope, values(expectedSlope));
      expectValues(jit(grad(wrapped))(x), values(expectedSlope));
      expectValues(grad(grad(wrapped))(x), values(grad(grad(plain))(x)));
      const whole = makeJaxpr(grad(wrapped))(x);
      expectValues(evaluateJaxpr(simplify(whole), [x])[0], values(expectedSlope));
    }),
    { numRuns: 60 },
  );
});

test("an effect happens once, in the forward pass", () => {
  const seen: number[] = [];
  const f = checkpoint((x: ArrayValue) => {
    const y = np.sin(x);
    debug.callback((value: unknown) => seen.push(values(value)[0]!), y);
    return np.sin(y);
  });
  const x = array(0.3);
  expectValues(grad(f)(x), values(grad(sinSin)(x)));
  expect(seen.length).toBe(1);
  expectValues(jit(grad(f))(x), values(grad(sinSin)(x)));
  expect(seen.length).toBe(2);
});

describe("bad input", () => {
  const x = array(0.3);
  test("a policy that does not say true or false", () => {
    for (const answer of [3, undefined, null, "yes"]) {
      const policy = function mine() {
        return answer as never;
      };
      expect(() => grad(checkpoint(sinSin, { policy }))(x)).toThrow(
        /checkpoint policy mine must return a boolean, whether to save what sin gives; it returned/,
      );
      expect(() =>
        grad(checkpoint(sinSin, { policy: checkpointPolicies.saveFromBothPolicies(policy, policy) }))(x),
      ).toThrow(ArgumentError);
    }
  });
  test("options of another kind", () => {
    expect(() => checkpoint(sinSin, { policy: 3 as never })).toThrow(
      /policy is a function such as .* got the number 3/,
    );
    expect(() => checkpoint(sinSin, { preventCse: 1 as never })).toThrow(/preventCse is a boolean/);
    expect(() => checkpoint(sinSin, { polcy: null } as never)).toThrow(/policy/);
    expect(() => checkpoint(sinSin, { staticArgnums: 0.5 })).toThrow(
      /checkpoint: staticArgnums takes integers/,
    );
    expect(() => checkpoint(sinSin, { staticArgnums: 1 })(x)).toThrow(
      /checkpoint of sinSin: staticArgnums names argument 1/,
    );
    expect(() => checkpoint(3 as never)).toThrow(/checkpoint takes a function or a Module/);
  });
  test("names that are no strings", () => {
    expect(() => checkpointName(x, 3 as never)).toThrow(ArgumentError);
    expect(() => checkpointPolicies.saveOnlyTheseNames(["a"] as never)).toThrow(/takes names/);
  });
  test("a branch on an argument says what to do", () => {
    const f = checkpoint((y: ArrayValue) => (Number(y.item()) > 0 ? y : np.negative(y)));
    expect(() => f(x)).toThrow(ConcretizationError);
    expect(() => f(x)).toThrow(/goes into staticArgnums/);
  });
  test("a tracer that escapes is recognised, and the next call works", () => {
    let kept: ArrayValue | undefined;
    const f = checkpoint((y: ArrayValue) => {
      kept = y;
      return np.sin(y);
    });
    grad(f)(x);
    expect(() => np.sin(kept!)).toThrow(/outside the transformation that made it/);
    expectValues(grad(f)(x), Math.cos(0.3));
  });
});

test("policies that move values to another memory are refused, with what to use instead", () => {
  expect(() => checkpointPolicies.saveAndOffloadOnlyTheseNames({ names: ["a"] })).toThrow(
    /use saveOnlyTheseNames/,
  );
  expect(() => checkpointPolicies.offloadDotWithNoBatchDims("device", "host")).toThrow(/another memory/);
});
