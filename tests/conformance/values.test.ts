import { type ArrayValue, customVjp, grad, jit, lax, nn, numpy as np, quaxify, vmap, Zero } from "cotangent";
import { expect, test } from "vitest";
import { R } from "../dispatch-values.ts";
import { load, type Program } from "./golden.ts";
import { reasonLeft } from "./left.ts";
import { sparse } from "./sparse-programs.ts";
import { named } from "./named-programs.ts";
import { unitful } from "./unitful-programs.ts";
import { decodeValue, expectValue } from "./value-kinds.ts";

type Unary = (x: ArrayValue) => unknown;
type Binary = (x: ArrayValue, y: ArrayValue) => unknown;
const unary = (f: Unary): Program => quaxify(f) as Program;
const binary = (f: Binary): Program => quaxify(f) as Program;

const bias = [-0.6967917680740356, -0.6775621771812439, 0.1151544600725174];
const zeroWeight = new Zero([3, 2], "float32");

const multiply: Binary = (x, y) => lax.mul(x, y);
const two = (x: number) => new R(np.array(x));

const doubled = customVjp((x: ArrayValue) => np.multiply(x, 2));
doubled.defvjp(
  (x: ArrayValue) => [doubled(x), null],
  (_residuals: null, ct: ArrayValue) => [np.multiply(ct, 7)],
);

/** The programs of the cases; `params.src` says them in Python. */
const programs: Readonly<Record<string, Program>> = {
  "zero/cet": unary((z) => lax.convertElementType(z, "float32")),
  "zero/add": binary((z, x) => np.add(z, x)),
  "zero/radd": binary((z, x) => np.add(x, z)),
  "zero/mul": binary((z, x) => np.multiply(z, x)),
  "zero/rmul": binary((z, x) => np.multiply(x, z)),
  "zero/nan_mul": binary((z, x) => np.multiply(z, x)),
  "zero/vecmat": binary((z, x) => np.matmul(x, z)),
  "zero/slice_stride": unary((z) => z.get("::2")),
  "zero/index": unary((z) => z.get(0)),
  "zero/dyn_slice": unary((z) => lax.dynamicSlice(z, [0, 1], [2, 2])),
  "zero/pow0": unary((z) => np.power(z, 0)),
  "zero/pow_zz": unary((z) => np.power(z, z)),
  "zero/rpow": unary((z) => np.power(3, z)),
  "zero/sin_materialise": unary((z) => np.sin(z)),
  "zero/sum_materialise": unary((z) => np.sum(z)),
  "zero/neg_materialise": unary((z) => np.negative(z)),
  "zero/sub_materialise": binary((z, x) => np.subtract(x, z)),
  "zero/jit_add": binary(jit((z: ArrayValue, x: ArrayValue) => np.add(z, x))),
  "zero/zeros_like": unary((z) => np.zerosLike(z)),
  "zero/relu": unary(nn.relu),
  "zero/where": binary((z, x) => np.where(np.array([true, true, true]), z, x)),
  "zero/reshape": unary((z) => np.reshape(z, [6])),
  "zero/linear_biasFalse": () => quaxify((w: ArrayValue) => np.matmul(w, np.ones([2])))(zeroWeight),
  "zero/linear_biasTrue": () =>
    quaxify((w: ArrayValue) => np.add(np.matmul(w, np.ones([2])), np.array(bias)))(zeroWeight),
  "zero/materialise": (z) => (z as Zero).materialise(),
  "core/materialise_fallback": unary((x) => np.sin(x)),
  "core/default_beats_plain": binary((x, y) => lax.add(x, y)),
  "core/rule_match": binary(multiply),
  "core/rule_miss_materialise": binary(multiply),
  "core/rule_subclass": binary(multiply),
  "core/ambiguous_one_side": binary((x, y) => lax.sub(x, y)),
  "core/precedence": binary((x, y) => lax.sub(x, y)),
  "core/nested": binary(quaxify(multiply)),
  "core/filter_spec_false": quaxify(quaxify(multiply), { filterSpec: false }) as Program,
  "core/jit_outside": jit(quaxify(multiply)) as Program,
  "core/jit_inside": quaxify(jit(multiply)) as Program,
  "core/vmap_outside": vmap(quaxify(multiply)) as Program,
  "core/custom_jvp": unary(nn.relu),
  "core/custom_jvp_grad": unary(grad((x: ArrayValue) => np.sum(nn.relu(x)))),
  "core/custom_vjp_fwd": unary(doubled),
  "core/custom_vjp_grad_inside": unary(grad(doubled)),
  "core/custom_vjp_dense_only": unary(doubled),
  "core/scan": binary((c, xs) => lax.scan((c: ArrayValue, x: ArrayValue) => [np.multiply(c, x), c], c, xs)),
  "core/scan_plain_xs": binary((c, xs) =>
    lax.scan((c: ArrayValue, x: ArrayValue) => [np.add(c, x), c], c, xs),
  ),
  "core/while_wrapper_settles": unary((x) =>
    lax.whileLoop(
      ([, i]: [ArrayValue, ArrayValue]) => np.less(i, 3),
      ([c, i]) => [np.add(c, 1), np.add(i, 1)],
      [x, np.array(0, "int32")],
    ),
  ),
  "core/python_if": unary((x) => (x.toBool() ? x : 0)),
  "core/str_operand": unary((x) => lax.add.bind([x, "a" as never], {})),
  // Where we are better than Quax.
  "core/not_quaxified": ((x: ArrayValue, y: ArrayValue) => lax.add(x, y)) as Program,
  "core/closure_value": unary((x) => lax.mul(x, two(2))),
  "core/filter_spec_false_direct": quaxify(multiply, { filterSpec: false }) as Program,
  ...unitful.programs,
  ...sparse.programs,
  ...named.programs,
};

const dense = (value: number) => ({ dtype: "float32", shape: [], data: [value] });
/** What is defined here where Quax fails. */
const better: Readonly<Record<string, unknown>> = {
  "core/not_quaxified": dense(3),
  "core/custom_vjp_fwd": dense(2),
  "core/closure_value": { type: "R", array: dense(102) },
  "core/filter_spec_false_direct": { type: "R", array: dense(102) },
  ...unitful.better,
  ...sparse.better,
  ...named.better,
};

/** The carry is of one type in every step, and so is what the steps put out; in Quax it has the type of the first step. */
const settled: Readonly<Record<string, unknown>> = {
  "core/scan_plain_xs": [dense(4), { dtype: "float32", shape: [2], data: [1, 2] }],
};

/** What is refused here as in Quax, in words of our own. */
const refusals: Readonly<Record<string, string>> = {
  "core/python_if": "toBool() needs a concrete value",
  "core/str_operand": 'add.bind takes values; operand 1 is the string "a"',
  ...unitful.refusals,
  ...sparse.refusals,
  ...named.refusals,
};

const own = /^(prng|structured)\//; // run by structured.test.ts
const cases = load("values").filter((c) => reasonLeft(c, "values") === undefined && !own.test(c.name));
const programOf = (name: string): Program | undefined =>
  programs[name] ?? programs[/^zero\/r?(add|mul)/.exec(name)?.[0] ?? ""];

test("every case has a program, and a refusal where Quax fails", () => {
  const failing = cases.filter((c) => "error" in c.expected).map(({ name }) => name);
  expect(failing.toSorted()).toEqual([...Object.keys(refusals), ...Object.keys(better)].toSorted());
  expect(cases.filter(({ name }) => programOf(name) === undefined).map(({ name }) => name)).toEqual([]);
});

test.each(cases)("$name is as in Quax, or better", ({ name, inputs, expected }) => {
  const run = () => programOf(name)!(...(inputs["args"] as unknown[]).map(decodeValue));
  if (name in refusals) expect(run).toThrow(refusals[name]!);
  else expectValue(run(), better[name] ?? settled[name] ?? expected["out"]);
});
