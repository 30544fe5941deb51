import { type ArrayValue, jit, lax, numpy as np, quaxify, random, type Value, values } from "cotangent";
import { describe, expect, test } from "vitest";
import { type Case, decode, expectMatch, load } from "./golden.ts";
import { reasonLeft } from "./left.ts";

const { prng, TridiagonalMatrix } = values;
const run = load("values").filter((c) => reasonLeft(c, "values") === undefined);
const group = (name: string): Case[] => run.filter((c) => c.name.startsWith(`${name}/`));

interface Encoded {
  readonly type: string;
}
const fieldsOf = (x: Encoded): Record<string, ArrayValue> => {
  const { type: _, ...fields } = x;
  return decode(fields) as Record<string, ArrayValue>;
};
const isEncoded = (x: unknown): x is Encoded => typeof x === "object" && x !== null && "type" in x;

/** Compares a value with its class and fields, or a list of them, or an array. */
function expectValue(actual: unknown, expected: unknown, c: Case): void {
  if (Array.isArray(expected)) {
    expect(actual).toHaveLength(expected.length);
    expected.forEach((one, i) => expectValue((actual as unknown[])[i], one, c));
  } else if (isEncoded(expected)) {
    const { type, ...fields } = expected;
    expect((actual as Value).constructor.name).toBe(type);
    expectMatch({ ...(actual as object) }, fields, c.tol);
  } else {
    expectMatch(actual, expected, c.tol);
  }
}

describe.each([
  ["eager", <F>(f: F) => f],
  ["quaxified", quaxify as <F>(f: F) => F],
  ["quaxified under jit", <F>(f: F) => jit(quaxify(f as () => unknown)) as F],
])("%s", (_, wrap) => {
  type Key = values.prng.ThreeFry;
  const programs: Readonly<Record<string, (...keys: Key[]) => unknown>> = {
    uniform_shape: (key) => prng.uniform(key, [2, 3], { minval: -1, maxval: 2 }),
    uniform: (key) => prng.uniform(key),
    normal_shape: (key) => prng.normal(key, [5]),
    normal: (key) => prng.normal(key),
    split: (key) => prng.split(key, 3),
    where_true: (key, other) => np.where(np.array(true), key, other),
    where_false: (key, other) => np.where(np.array(false), key, other),
  };
  const names = Object.keys(programs).join("|");
  const plain = group("prng").filter((c) => new RegExp(`/(${names})(_s\\d+)?$`).test(c.name));

  test.each(plain)("$name", (c) => {
    const f = programs[/\/(.*?)(_s\d+)?$/.exec(c.name)![1]!]!;
    const keys = (c.inputs["args"] as Encoded[]).map((x) => prng.ThreeFry.of(fieldsOf(x)["value"]!));
    expectValue(wrap(f)(...keys), c.expected["out"], c);
  });
});

describe.each([
  ["eager", <F>(f: F) => f],
  ["quaxified", quaxify as <F>(f: F) => F],
  ["under jit", <F>(f: F) => jit(f as () => unknown) as F],
])("%s", (_, wrap) => {
  const overRows: Program = (a, v) =>
    lax.dotGeneral(a, v!, [
      [[0], [0]],
      [[], []],
    ]);
  type Program = (a: values.TridiagonalMatrix, v?: ArrayValue) => ArrayValue;
  const programs: Readonly<Record<string, Program>> = {
    matmul: (a, x) => np.matmul(a, x!),
    batched_matvec: (a, v) => np.matmul(a, v!),
    materialise: (a) => a.materialise(),
    materialise_batched: (a) => a.materialise(),
    vecmat_fallback: (a, v) => np.matmul(v!, a),
    contract_rows: overRows,
    add_fallback: (a) => np.add(a, 1),
  };
  const plain = group("structured").filter((c) => "out" in c.expected);

  test.each(plain)("$name", (c) => {
    const f = programs[c.name.split("/")[1]!]!;
    const [encoded, ...rest] = c.inputs["args"] as [Encoded, ...unknown[]];
    const { lower, main, upper } = fieldsOf(encoded);
    const matrix = new TridiagonalMatrix(lower!, main!, upper!, { allowMaterialise: true });
    const program = c.name.includes("materialise") ? jit(f) : wrap(f);
    expectValue(program(matrix, ...(rest.map(decode) as ArrayValue[])), c.expected["out"], c);
  });
});

describe("structured matrices that do not go together", () => {
  const sizes = (...lengths: (readonly number[])[]) => {
    const [lower, main, upper] = lengths.map((shape) => np.ones(shape));
    return () => new TridiagonalMatrix(lower!, main!, upper!);
  };
  const refusals: Readonly<Record<string, readonly [f: () => unknown, message: string]>> = {
    "structured/materialise_refuse": [
      () => sizes([3], [4], [3])().materialise(),
      "Refusing to materialise `TridiagonalMatrix` f32[4,4] with `allowMaterialise: false`",
    ],
    "structured/bad_lengths": [
      sizes([3], [3], [3]),
      "Got inconsistent diagonal lengths for `TridiagonalMatrix`: lower 3, main 3, upper 3",
    ],
    "structured/bad_batch": [
      sizes([1, 3], [1, 4], [2, 3]),
      "Got inconsistent batch dimensions for `TridiagonalMatrix`: lower (1,), main (1,), upper (2,)",
    ],
  };
  test.each(group("structured").filter((c) => "error" in c.expected && !c.better))("$name", (c) => {
    const [f, message] = refusals[c.name]!;
    expect(f).toThrow(message);
  });
});

// Quax has no rule for it, and refuses.
test.each(group("structured").filter((c) => c.better))("$name: here it is a product", (c) => {
  const [encoded, v] = c.inputs["args"] as [Encoded, unknown];
  const { lower, main, upper } = fieldsOf(encoded);
  const matrix = new TridiagonalMatrix(lower!, main!, upper!);
  const wanted = run.find(({ name }) => name === "structured/vecmat_fallback")!.expected["out"];
  expectValue(quaxify(np.matmul)(decode(v) as ArrayValue, matrix), wanted, c);
});

test.each(group("prng").filter((c) => c.name.startsWith("prng/brownian")))("$name", (c) => {
  const [encoded] = c.inputs["args"] as [Encoded];
  type State = [bm: ArrayValue, key: ArrayValue];
  const step = ([bm, key]: State): [State, ArrayValue] => {
    const [next, drawn] = prng.split(key) as [ArrayValue, ArrayValue];
    return [[np.add(bm, prng.normal(drawn)), next], bm];
  };
  const path = (key: ArrayValue) => lax.scan(step, [np.array(0), key] as State, null, { length: 10 })[1];
  const key = prng.ThreeFry.of(fieldsOf(encoded)["value"]!);
  for (const f of [path, quaxify(path), jit(path)]) expectValue(f(key), c.expected["out"], c);
});

const seeded = (c: Case): number => Number(/_s(\d+)$/.exec(c.name)![1]);

test.each(group("prng").filter((c) => c.name.startsWith("prng/seed")))("$name", (c) => {
  expectValue(new prng.ThreeFry(seeded(c)), c.expected["out"], c);
});
test.each(group("prng").filter((c) => c.name.startsWith("prng/vsjax")))("$name: one generator", (c) => {
  expectValue(random.normal(random.key(seeded(c)), [5]), c.expected["out"], c);
  expectValue(random.normal(new prng.ThreeFry(seeded(c)), [5]), c.expected["out"], c);
});
test.each(group("prng").filter((c) => "error" in c.expected))("$name is refused", (c) => {
  const [encoded] = c.inputs["args"] as [Encoded];
  const key = prng.ThreeFry.of(fieldsOf(encoded)["value"]!);
  const refusals: Readonly<Record<string, readonly [f: () => unknown, message: string]>> = {
    "prng/add_s42": [() => lax.add(key, key), "keys are only valid for certain operations"],
    "prng/uniform_int": [() => prng.uniform(key, [], "int32"), "must be a float dtype, got int32"],
  };
  const [f, message] = refusals[c.name]!;
  expect(f).toThrow(message);
});

test("every case of these groups is one of the above", () => {
  const families = /^(structured\/|prng\/(seed|vsjax|brownian|uniform|normal|split|where|add))/;
  const names = [...group("structured"), ...group("prng")].map(({ name }) => name);
  expect(names.filter((name) => !families.test(name))).toEqual([]);
});
