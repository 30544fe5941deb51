import { type ArrayValue, type DType, lax, nn, numpy as np, random, vmap } from "cotangent";
import { expect, test } from "vitest";
import { type Case, decode, expectMatch, isRefused, load, typedError } from "./golden.ts";
import { reasonLeft } from "./left.ts";

interface Params {
  readonly fn: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly num: number;
  readonly minval: number;
  readonly maxval: number;
  readonly p: number;
  readonly x: number;
  readonly axis: number;
  readonly independent: boolean;
  readonly replace: boolean;
}
interface Inputs {
  readonly seed?: number;
  readonly data: number;
  readonly key: ArrayValue;
  readonly count: ArrayValue;
  readonly minval?: ArrayValue;
  readonly maxval?: ArrayValue;
  readonly p?: ArrayValue;
  readonly x?: ArrayValue;
  readonly a: ArrayValue;
  readonly logits: ArrayValue;
  readonly lower: ArrayValue;
  readonly upper: ArrayValue;
}
/** A case has only those params and inputs that its function takes. */
type Draw = (key: ArrayValue, params: Params, inputs: Inputs) => unknown;

/** The options that a case gives. */
const given = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;

const words = (keys: ArrayValue): unknown => random.keyData(keys);
const initializer = /^nn\.initializers\.(\w+)\(\)$/;
const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Each function of the goldens, on a key, the case's params and its inputs. */
const draws: Record<string, Draw> = {
  key: (key) => words(key),
  split: (key, { num }) => words(random.split(key, num)),
  fold_in: (key, _, { data }) => words(random.foldIn(key, data)),
  "split(split(key)[1], 3)": (key) => words(random.split(random.split(key).get(1), 3)),
  "vmap(split)(split(key,3))": (key) => words(vmap((k: ArrayValue) => random.split(k))(random.split(key, 3))),
  "vmap(lambda k: uniform(k,(3,)))(split(key,4))": (key) =>
    vmap((k: ArrayValue) => random.uniform(k, [3]))(random.split(key, 4)),
  threefry2x32: (_key, _, { key, count }) =>
    np.stack(lax.threefry2x32(key.get(0), key.get(1), count.get(0), count.get(1))),
  bits: (key, { shape, dtype }) => random.bits(key, { shape, dtype }),
  normal: (key, { shape }) => random.normal(key, shape),
  uniform: (key, { shape, minval, maxval, dtype }) =>
    random.uniform(key, shape, given({ minval, maxval, dtype })),
  randint: (key, { shape, minval, maxval, dtype }, inputs) =>
    random.randint(key, shape, inputs.minval ?? minval, inputs.maxval ?? maxval, given({ dtype })),
  bernoulli: (key, { p, shape }, inputs) => random.bernoulli(key, inputs.p ?? p, given({ shape })),
  permutation: (key, { x, axis, independent }, inputs) =>
    random.permutation(key, inputs.x ?? x, given({ axis, independent })),
  categorical: (key, { axis, shape }, { logits }) => random.categorical(key, logits, given({ axis, shape })),
  truncated_normal: (key, { shape }, { lower, upper }) =>
    random.truncatedNormal(key, lower, upper, { shape }),
  choice: (key, { shape, replace }, { a, p }) => random.choice(key, a, given({ shape, replace, p })),
  exponential: (key, { shape }) => random.exponential(key, shape),
  logistic: (key, { shape }) => random.logistic(key, shape),
  cauchy: (key, { shape }) => random.cauchy(key, shape),
  gumbel: (key, { shape }) => random.gumbel(key, shape),
  laplace: (key, { shape }) => random.laplace(key, shape),
  rademacher: (key, { shape }) => random.rademacher(key, shape),
  "uniform dtype=int32": (key) => random.uniform(key, [2], { dtype: "int32" }),
  "key + 1": (key) => np.add(key, 1),
  "randint dtype=float32": (key) => random.randint(key, [2], 0, 5, { dtype: "float32" }),
};

const initialise: Draw = (key, { fn, shape }) => {
  const name = camel(initializer.exec(fn)![1]!) as keyof typeof nn.initializers;
  return (nn.initializers[name] as (...args: never[]) => (...args: unknown[]) => unknown)()(key, shape);
};

function draw({ params, inputs }: Case): unknown {
  const given = params as unknown as Params;
  const run = initializer.test(given.fn) ? initialise : draws[given.fn]!;
  const decoded = decode(inputs) as Inputs;
  return run(random.key(decoded.seed ?? 0), given, decoded);
}

const cases = load("random").filter((c) => reasonLeft(c, "random") === undefined);

test.each(cases.filter((c) => !isRefused(c)))("$name", (c) => expectMatch(draw(c), c.expected, c.tol));

test.each(cases.filter(isRefused))("$name is refused", (c) => expect(() => draw(c)).toThrow(typedError));
