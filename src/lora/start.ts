import type { DType } from "../core/dtype.ts";
import { ArgumentError } from "../core/errors.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import * as random from "../random/index.ts";
import { QuantisedArray } from "../values/index.ts";
import { denseOf } from "./adapted.ts";
import { kaimingUniform } from "./initial.ts";

/** Where an adapter starts, and what the weight is then. */
export interface Start {
  /** `[out, rank]`, PEFT's `lora_B`. */
  readonly a: ArrayValue;
  /** `[rank, in]`, PEFT's `lora_A`. */
  readonly b: ArrayValue;
  readonly weight: ArrayValue;
}

export interface StartOptions {
  readonly rank: number;
  readonly scaling: number;
  readonly key: ArrayValue;
  /** Makes the base of LoftQ: what stays of the weight when it has few bits. */
  readonly quantise: (weight: ArrayValue) => ArrayValue;
  /** Rounds of LoftQ. */
  readonly rounds: number;
}

type Method = (weight: ArrayValue, options: StartOptions) => Start;

/** The float weight itself: a method that changes it has no use for one of few bits. */
function floats(weight: ArrayValue, name: string): ArrayValue {
  if (!(weight instanceof QuantisedArray)) return np.astype(weight, "float32");
  throw new ArgumentError(
    "lora/initial",
    `initLoraWeights "${name}" changes the weight, and this one is ${weight.constructor.name}: adapt the model of floats, and quantise the weights after that`,
  );
}

/** What `scaling · a·b` leaves of the weight. */
function rest(weight: ArrayValue, a: ArrayValue, b: ArrayValue, scaling: number): Start {
  const { dtype } = weight;
  const left = np.subtract(np.astype(weight, "float32"), np.multiply(scaling, np.matmul(a, b)));
  return { a: np.astype(a, dtype), b: np.astype(b, dtype), weight: np.astype(left, dtype) };
}

const zeros = (shape: readonly number[], dtype: DType): ArrayValue => lax.full(shape, 0, dtype);

/** `u·√s` and `√s·v` of the largest singular values, each divided by `by` before. */
function split(
  u: ArrayValue,
  s: ArrayValue,
  vh: ArrayValue,
  rank: number,
  by: number,
): [ArrayValue, ArrayValue] {
  const root = np.sqrt(np.divide(s.get(`:${rank}`), by));
  return [np.multiply(u.get(":", `:${rank}`), root), np.multiply(np.expandDims(root, 1), vh.get(`:${rank}`))];
}

/** `u`, `s`, `vᵀ` of the largest singular values, from a random subspace that is refined `rounds` times. @see Halko, Martinsson and Tropp, "Finding structure with randomness" (2011) */
function randomisedSvd(
  x: ArrayValue,
  rank: number,
  rounds: number,
  key: ArrayValue,
): [ArrayValue, ArrayValue, ArrayValue] {
  const basis = (y: ArrayValue) => np.linalg.qr(y)[0]!;
  let q = basis(np.matmul(x, random.normal(key, [x.shape[1]!, rank])));
  for (let i = 0; i < rounds; i++) q = basis(np.matmul(x, basis(np.matmul(x.T, q))));
  const [u, s, vh] = np.linalg.svd(np.matmul(q.T, x), { fullMatrices: false }) as [
    ArrayValue,
    ArrayValue,
    ArrayValue,
  ];
  return [np.matmul(q, u), s, vh];
}

const svd = (x: ArrayValue): [ArrayValue, ArrayValue, ArrayValue] =>
  np.linalg.svd(x, { fullMatrices: false }) as [ArrayValue, ArrayValue, ArrayValue];

const methods: Readonly<Record<string, Method>> = {
  true: (weight, { rank, key }) => ({
    a: zeros([weight.shape[0]!, rank], weight.dtype),
    b: kaimingUniform(key, [rank, weight.shape[1]!], weight.dtype),
    weight,
  }),
  gaussian: (weight, { rank, key }) => ({
    a: zeros([weight.shape[0]!, rank], weight.dtype),
    b: np.divide(random.normal(key, [rank, weight.shape[1]!], { dtype: weight.dtype }), rank),
    weight,
  }),
  // Both as a linear layer starts: the model changes, which is for tests.
  false: (weight, { rank, key }) => {
    const [ofA, ofB] = lax.unstack(random.split(key));
    const [n, m] = weight.shape as [number, number];
    return {
      a: kaimingUniform(ofA!, [n, rank], weight.dtype),
      b: kaimingUniform(ofB!, [rank, m], weight.dtype),
      weight,
    };
  },
  pissa: (weight, { rank, scaling }) => {
    const [u, s, vh] = svd(floats(weight, "pissa"));
    return rest(weight, ...split(u, s, vh, rank, scaling), scaling);
  },
  olora: (weight, { rank, scaling }) => {
    const [q, r] = np.linalg.qr(floats(weight, "olora")) as [ArrayValue, ArrayValue];
    return rest(weight, q!.get(":", `:${rank}`), r!.get(`:${rank}`), scaling);
  },
  // Even rows of an orthogonal matrix meet odd ones, so that a·b = 0 with neither zero.
  orthogonal: (weight, { rank, key }) => {
    if (rank % 2 === 1)
      throw new ArgumentError("lora/initial", `initLoraWeights "orthogonal" needs an even rank, got ${rank}`);
    const [k1, k2, k3] = lax.unstack(random.split(key, 3)) as [ArrayValue, ArrayValue, ArrayValue];
    const [n, m] = weight.shape as [number, number];
    const q = np.linalg.qr(random.normal(k1, [rank, rank]))[0]!;
    const part = (first: string, rows: ArrayValue) => np.divide(np.matmul(rows, q.get(`${first}::2`)), 10);
    const [a, b] = [
      part("1", random.normal(k2, [n, rank / 2])),
      part("0", random.normal(k3, [m, rank / 2])).T,
    ];
    return { a: np.astype(a, weight.dtype), b: np.astype(b, weight.dtype), weight };
  },
  // What is added is not divided by the scaling, as in PEFT: it is exact where alpha is the rank.
  loftq: (weight, { rank, quantise, rounds }) => {
    const whole = floats(weight, "loftq");
    let left = whole;
    for (let round = 1; ; round++) {
      const base = quantise(left);
      const [u, s, vh] = svd(np.subtract(whole, denseOf(base)));
      const [a, b] = split(u, s, vh, rank, 1);
      if (round >= rounds)
        return { a: np.astype(a, weight.dtype), b: np.astype(b, weight.dtype), weight: base };
      left = np.subtract(whole, np.matmul(a, b));
    }
  },
};

/**
 * Where the adapter of a matrix `[out, in]` starts, by the name that PEFT has for it.
 *
 * @throws ArgumentError when there is no such name, or the method does not suit the weight or the rank.
 * @see Meng et al., "PiSSA" (2024); Büyükakyüz, "OLoRA" (2024); Li et al., "LoftQ" (2023)
 */
export function startOf(method: boolean | string, weight: ArrayValue, options: StartOptions): Start {
  const name = String(method).toLowerCase();
  const rounds = /^pissa_niter_(\d+)$/.exec(name);
  if (rounds) {
    const { rank, scaling, key } = options;
    const [u, s, vh] = randomisedSvd(floats(weight, name), rank, Number(rounds[1]), key);
    return rest(weight, ...split(u, s, vh, rank, scaling), scaling);
  }
  const run = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (run) return run(weight, options);
  throw new ArgumentError(
    "lora/initial",
    `initLoraWeights is ${Object.keys(methods).join(", ")} or pissa_niter_…, got ${describe(method)}`,
  );
}
