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
  randint: (key, { shape, minval, maxval, dtype }, inputs) =>
    random.randint(key, shape, inputs.minval ?? minval, inputs.maxval ?? maxval, given({ dtype })),
  bernoulli: (key, { p, shape }, inputs) => random.bernoulli(key, inputs.p ?? p, given({ shape })),
  permutation: (key, { x, axis, independent }, inputs) =>
    random.permutation(key, inputs.x ?? x, given({ axis, independent })),
  categorical: (key, { axis, shape }, { logits }) => random.categorical(key, logits, given({ axis, shape })),
  choice: (key, { shape, replace }, { a, p }) => random.choice(key, a, given({ shape, replace, p })),
  "uniform dtype=int32": (key) => random.uniform(key, [2], { dtype: "int32" }),
  "key + 1": (key) => np.add(key, 1),
  "randint dtype=float32": (key) => random.randint(key, [2], 0, 5, { dtype: "float32" }),
};

/** The parameters of the samplers without a row of their own, in the order in which they are given. */
const parameters: Record<string, readonly string[]> = {
  ball: ["d"],
  beta: ["a", "b"],
  binomial: ["n", "p"],
  chisquare: ["df"],
  dirichlet: ["alpha"],
  double_sided_maxwell: ["loc", "scale"],
  f: ["dfnum", "dfden"],
  gamma: ["a"],
  generalized_normal: ["p"],
  geometric: ["p"],
  loggamma: ["a"],
  multinomial: ["n", "p"],
  multivariate_normal: ["mean", "cov"],
  orthogonal: ["n"],
  pareto: ["b"],
  poisson: ["lam"],
  rayleigh: ["scale"],
  t: ["df"],
  triangular: ["left", "mode", "right"],
  truncated_normal: ["lower", "upper"],
  wald: ["mean"],
  weibull_min: ["scale", "concentration"],
};

const samplers = { ...random } as unknown as Record<string, (...args: unknown[]) => unknown>;

/** Any sampler: its parameters and options by their names, from the case's params and inputs. */
const sample: Draw = (key, { fn, ...params }, { seed: _, ...inputs }) => {
  const all: Record<string, unknown> = { ...params, ...inputs };
  const names = parameters[fn] ?? [];
  const options = Object.entries(all).filter(([name]) => !names.includes(name));
  return samplers[camel(fn)]!(
    key,
    ...names.map((name) => all[name]),
    Object.fromEntries(options.map(([name, value]) => [camel(name), value])),
  );
};

const initialise: Draw = (key, { fn, shape }) => {
  const name = camel(initializer.exec(fn)![1]!) as keyof typeof nn.initializers;
  return (nn.initializers[name] as (...args: never[]) => (...args: unknown[]) => unknown)()(key, shape);
};

function draw({ params, inputs }: Case): unknown {
  const given = params as unknown as Params;
  const run = initializer.test(given.fn) ? initialise : (draws[given.fn] ?? sample);
  const decoded = decode(inputs) as Inputs;
  return run(random.key(decoded.seed ?? 0), given, decoded);
}

const cases = load("random").filter((c) => reasonLeft(c, "random") === undefined);

test.each(cases.filter((c) => !isRefused(c)))("$name", (c) => expectMatch(draw(c), c.expected, c.tol));

test.each(cases.filter(isRefused))("$name is refused", (c) => expect(() => draw(c)).toThrow(typedError));
