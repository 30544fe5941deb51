import { readFileSync } from "node:fs";
import {
  closureConvert,
  config,
  checkpoint,
  checkpointName,
  checkpointPolicies,
  customJvp,
  customVjp,
  evalShape,
  grad,
  hessian,
  jacfwd,
  jacrev,
  jit,
  jvp,
  lax,
  linearize,
  linearTranspose,
  lora,
  makeJaxpr,
  NDArray,
  nn,
  numpy as np,
  ops,
  quaxify,
  ravelPytree,
  random,
  scipy,
  ShapeDtypeStruct,
  tree,
  Value,
  valueAndGrad,
  vjp,
  vmap,
  Zero,
} from "cotangent";
import { expect } from "vitest";

/** A result of real JAX, Quax or Equinox; see tests/goldens/README.md. */
export interface Case {
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, unknown>> & { readonly ts?: string };
  readonly expected: Readonly<Record<string, unknown>>;
  readonly note: string;
  readonly tol?: "exact" | { readonly rtol: number; readonly atol: number };
  readonly better?: boolean;
}
type Tolerance = NonNullable<Case["tol"]>;

export const load = (file: string): Case[] =>
  JSON.parse(readFileSync(new URL(`../goldens/${file}.json`, import.meta.url), "utf8")) as Case[];

interface GoldenArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}
const isArray = (x: unknown): x is GoldenArray =>
  typeof x === "object" && x !== null && "dtype" in x && "shape" in x && "data" in x;
const isWeak = (x: unknown): x is { weak: "float" | "int" | "bool"; value: unknown } =>
  typeof x === "object" && x !== null && "weak" in x && "value" in x;

const number = (x: unknown): number =>
  x === "NaN" ? NaN : x === "Infinity" ? Infinity : x === "-Infinity" ? -Infinity : Number(x);

/** The value that a golden stands for: arrays, weak numbers, keys, trees of them. */
export function decode(x: unknown): unknown {
  if (isArray(x)) {
    const { dtype, shape, data } = x;
    if (dtype === "key<fry>")
      return random.wrapKeyData(np.array(Uint32Array.from(data as number[])).reshape([...shape, 2]));
    if (dtype === "float0") return new Zero(shape, "float0");
    if (dtype === "complex64") {
      const parts = data as [number, number][];
      const part = (i: number) => np.array(Float32Array.from(parts, (z) => number(z[i]))).reshape(shape);
      return lax.complex(part(0), part(1));
    }
    if (dtype === "bool") return np.array(data.map(Boolean), { dtype: np.bool }).reshape(shape);
    return np.array(data.map(number), { dtype: dtype as "float32" }).reshape(shape);
  }
  if (isWeak(x))
    return x.weak === "bool"
      ? Boolean(x.value)
      : x.weak === "int"
        ? number(x.value)
        : np.weak(number(x.value), "float");
  if (Array.isArray(x)) return x.map(decode);
  if (typeof x === "object" && x !== null)
    return Object.fromEntries(Object.entries(x).map(([key, value]) => [key, decode(value)]));
  return x;
}

/** What `params.ts` may name. */
export const scope = {
  np,
  lax,
  nn,
  random,
  scipy,
  lora,
  tree,
  ops,
  ravelPytree,
  Zero,
  closureConvert,
  config,
  checkpoint,
  checkpointName,
  checkpointPolicies,
  customJvp,
  customVjp,
  evalShape,
  grad,
  hessian,
  jacfwd,
  jacrev,
  jit,
  jvp,
  linearize,
  linearTranspose,
  makeJaxpr,
  quaxify,
  ShapeDtypeStruct,
  valueAndGrad,
  vjp,
  vmap,
  pick: (v: unknown, i: number): unknown =>
    Array.isArray(v) ? (v as unknown[]).at(i) : (v as NDArray).get(i),
};

export type Program = (...args: unknown[]) => unknown;

/** Cases without `params.ts`, translated from `params.src`. */
const translations: Readonly<Record<string, string>> = {
  "linearize/basic":
    "((x, t) => { const [y, f] = linearize((x) => np.multiply(np.tanh(x), np.sum(x)), [x]); return [y, f(t), f(np.multiply(2, t))]; })",
  "customJvp/symzeros":
    "(() => { const g = customJvp((x, y) => np.multiply(x, y)); g.defjvp((p, t) => [g(...p), np.multiply(t[1] instanceof Zero ? 100 : 1, np.onesLike(p[0]))], { symbolicZeros: true }); return (x, y) => grad(g)(x, y); })()",
  "eqx/linear":
    "(() => { const linear = new nn.Linear(3, 4, { key: random.key(0) }); return (x) => linear.forward(x); })()",
  "quax/lora_linear_closed":
    "((x) => quaxify(lora.loraify(new nn.Linear(3, 4, { key: random.key(0) }), { rank: 2, key: random.key(1) }))(x))",
  "quax/lora_jit":
    "jit((w, a, b, x) => quaxify((W, v) => np.matmul(W, v))(tree.at((l) => [l.a, l.b], new lora.LoraArray(w, { rank: 1, key: random.key(0) }), [a, b]), x))",
  "quax/zero_add": '((x) => quaxify((a, b) => np.add(a, b))(x, new Zero([3], "float32")))',
  "misc/ravel_pytree": "((d) => ravelPytree(d)[0])",
};

/** The function of a case. */
export const programOf = (c: Case): Program => compile(c.params.ts ?? translations[c.name]!);

const compile = (ts: string): Program =>
  // oxlint-disable-next-line typescript/no-implied-eval -- the goldens hold their programs as source text
  new Function(...Object.keys(scope), `"use strict"; return ${ts};`)(...Object.values(scope)) as Program;

/** The array that a result stands for. */
function dense(x: unknown): NDArray {
  if (x instanceof NDArray) return x;
  if (x instanceof Value) return x.materialise() as NDArray;
  return np.asarray(x as number) as NDArray;
}

function expectArray(actual: unknown, expected: GoldenArray, tol: Tolerance, path: string): void {
  if (expected.dtype === "float0") {
    expect(actual, `${path} is a tangent of an integer`).toBeInstanceOf(Zero);
    return;
  }
  const array = dense(actual);
  expect({ dtype: array.dtype, shape: [...array.shape] }, `${path}: dtype and shape`).toEqual({
    dtype: expected.dtype,
    shape: [...expected.shape],
  });
  const found: number[] =
    expected.dtype === "key<fry>" ? Array.from(random.keyData(array).data as Uint32Array) : flat(array);
  const wanted = expected.data.flat().map(number);
  expect(found.length, `${path}: number of elements`).toBe(wanted.length);
  // Floats of up to 32 bits are written as the shortest decimals that read back as float32.
  const isFloat = np.isdtype(expected.dtype as "float32", "real floating");
  const round = expected.dtype === "float64" ? (x: number) => x : Math.fround;
  for (let i = 0; i < wanted.length; i++) {
    const [a, e] = [found[i]!, isFloat ? round(wanted[i]!) : wanted[i]!];
    const close =
      Object.is(a, e) ||
      (tol !== "exact" && Math.abs(a - e) <= tol.atol + tol.rtol * Math.abs(e)) ||
      (tol !== "exact" && a === e);
    if (!close)
      expect.fail(
        `${path}[${i}]: got ${a}, expected ${e} (${JSON.stringify(tol)})\n got ${found.join(" ")}\n expected ${wanted.join(" ")}`,
      );
  }
}

const flat = (array: NDArray): number[] =>
  Array.from(array.data as Iterable<number | bigint | boolean>, Number);

/** Compares a result with what JAX gave: trees, dtypes, shapes, values. */
export function expectMatch(
  actual: unknown,
  expected: unknown,
  tol: Tolerance = { rtol: 1e-5, atol: 1e-6 },
  path = "out",
): void {
  if (isArray(expected)) return expectArray(actual, expected, tol, path);
  if (isWeak(expected)) {
    const value = actual instanceof Value ? dense(actual).item() : actual;
    if (expected.weak === "float")
      expectArray(
        np.asarray(value as number).astype(np.float32),
        { dtype: "float32", shape: [], data: [expected.value] },
        tol,
        path,
      );
    else expect(Number(value), path).toBe(Number(expected.value));
    return;
  }
  if (expected === null) {
    expect(actual ?? null, path).toBeNull();
    return;
  }
  if (Array.isArray(expected)) {
    const list = Array.isArray(actual) ? actual : undefined;
    expect(list?.length, `${path}: a list of ${expected.length}, got ${String(actual)}`).toBe(
      expected.length,
    );
    expected.forEach((item, i) => expectMatch(list![i], item, tol, `${path}[${i}]`));
    return;
  }
  if (typeof expected === "object") {
    const record = actual as Record<string, unknown>;
    expect(Object.keys(record).toSorted(), `${path}: keys`).toEqual(Object.keys(expected).toSorted());
    for (const [key, value] of Object.entries(expected))
      expectMatch(record[key], value, tol, `${path}.${key}`);
    return;
  }
  expect(actual, path).toEqual(expected);
}

/** The arguments of a case. */
export const argumentsOf = (c: Case): unknown[] => (decode(c.inputs["args"]) as unknown[] | undefined) ?? [];

/** Whether the case is an error of JAX's that is one of ours. */
export const isRefused = ({ expected, better }: Case): boolean => Boolean(expected["error"]) && !better;

/** What every error of the library looks like. */
export const typedError: unknown = expect.objectContaining({
  code: expect.any(String),
  message: expect.any(String),
});

export interface JvpExpectation {
  readonly argnums: readonly number[];
  readonly tangents: readonly unknown[];
  readonly outTangent: unknown;
}
export interface VjpExpectation {
  readonly cotangent: unknown;
  readonly grads: readonly unknown[];
}

/** A function of the arguments at `argnums` only, the others being fixed. */
export const partial =
  (f: Program, args: readonly unknown[], argnums: readonly number[]): Program =>
  (...chosen) =>
    f(...args.map((x, i) => (argnums.includes(i) ? chosen[argnums.indexOf(i)] : x)));
