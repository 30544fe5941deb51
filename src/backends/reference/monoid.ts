import { allocate, type DType, dtypeInfo, isBigint, kindOf } from "../../core/dtype.ts";
import { BackendError } from "../../core/errors.ts";
import type { Kernel } from "../lowering.ts";
import { allocateNumbers, complexResult, fromNumbers, type Numbers, toNumbers } from "./elementwise.ts";

/** An associative operation on numbers, and what the fold of nothing is. */
export interface Fold<T> {
  readonly identity: T;
  readonly step: (total: T, x: T) => T;
}
/** The same on pairs (re, im); leaves its result in `complexResult`. */
export interface ComplexFold {
  readonly identity: readonly [re: number, im: number];
  readonly step: (re: number, im: number, xRe: number, xIm: number) => void;
}
/** What a reduction or a running reduction does, by the kind of its dtype. */
export interface Monoid {
  /** On doubles, whatever the dtype: rounded once, at the end. */
  readonly float?: Fold<number>;
  /** 8 to 32 bits and bool, modulo 2³². */
  readonly int?: (dtype: DType) => Fold<number>;
  readonly bigint?: (dtype: DType) => Fold<bigint>;
  readonly complex?: ComplexFold;
}

/** Smallest and largest integer of a dtype of at most 32 bits; of bool, 0 and 1. */
export function integerBounds(dtype: DType): readonly [low: number, high: number] {
  const { kind, bits } = dtypeInfo[dtype];
  if (kind === "bool") return [0, 1];
  return kind === "int" ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
}
const bigintBounds = (dtype: DType): readonly [low: bigint, high: bigint] =>
  dtype === "int64" ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];

/** A 64-bit step whose result wraps. */
const wrapping =
  (identity: bigint, step: (x: bigint, y: bigint) => bigint) =>
  (dtype: DType): Fold<bigint> => {
    const wrap = kindOf(dtype) === "int" ? BigInt.asIntN : BigInt.asUintN;
    return { identity: wrap(64, identity), step: (x, y) => wrap(64, step(x, y)) };
  };

const setComplex = (re: number, im: number): void => {
  complexResult[0] = re;
  complexResult[1] = im;
};

const sum: Monoid = {
  float: { identity: 0, step: (x, y) => x + y },
  int: () => ({ identity: 0, step: (x, y) => (x + y) | 0 }),
  bigint: wrapping(0n, (x, y) => x + y),
  complex: { identity: [0, 0], step: (a, b, c, d) => setComplex(a + c, b + d) },
};

const prod: Monoid = {
  float: { identity: 1, step: (x, y) => x * y },
  int: () => ({ identity: 1, step: Math.imul }),
  bigint: wrapping(1n, (x, y) => x * y),
  complex: { identity: [1, 0], step: (a, b, c, d) => setComplex(a * c - b * d, a * d + b * c) },
};

/** Complex numbers are ordered by real, then by imaginary part. */
const above = (a: number, b: number, c: number, d: number): boolean => (a === c ? b > d : a > c);

const max: Monoid = {
  float: { identity: -Infinity, step: Math.max },
  int: (dtype) => ({ identity: integerBounds(dtype)[0], step: Math.max }),
  bigint: (dtype) => ({ identity: bigintBounds(dtype)[0], step: (x, y) => (x > y ? x : y) }),
  complex: {
    identity: [-Infinity, 0],
    step: (a, b, c, d) => (above(a, b, c, d) ? setComplex(a, b) : setComplex(c, d)),
  },
};

const min: Monoid = {
  float: { identity: Infinity, step: Math.min },
  int: (dtype) => ({ identity: integerBounds(dtype)[1], step: Math.min }),
  bigint: (dtype) => ({ identity: bigintBounds(dtype)[1], step: (x, y) => (x < y ? x : y) }),
  complex: {
    identity: [Infinity, 0],
    step: (a, b, c, d) => (above(c, d, a, b) ? setComplex(a, b) : setComplex(c, d)),
  },
};

const and: Monoid = {
  int: (dtype) => ({ identity: dtype === "bool" ? 1 : -1, step: (x, y) => x & y }),
  bigint: wrapping(-1n, (x, y) => x & y),
};
const or: Monoid = {
  int: () => ({ identity: 0, step: (x, y) => x | y }),
  bigint: wrapping(0n, (x, y) => x | y),
};
const xor: Monoid = {
  int: () => ({ identity: 0, step: (x, y) => x ^ y }),
  bigint: wrapping(0n, (x, y) => x ^ y),
};

const TURN = 2 * Math.PI;

const logSumExp: Monoid = {
  float: {
    identity: -Infinity,
    step: (x, y) => {
      const delta = x - y;
      // NaN where one is NaN, or both are infinities of one sign.
      if (delta !== delta) return x + y;
      return Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(delta)));
    },
  },
  complex: {
    identity: [-Infinity, 0],
    step: (a, b, c, d) => {
      const first = above(a, b, c, d);
      const [re, im] = first ? [a, b] : [c, d];
      const size = re === -Infinity ? 0 : Math.exp((first ? c : a) - re);
      const angle = (first ? d : b) - im;
      // log1p(z) of z = size·e^(i·angle), its real part by |1 + z|² = 1 + 2·Re z + |z|².
      const [zRe, zIm] = [size * Math.cos(angle), size * Math.sin(angle)];
      const turned = im + Math.atan2(zIm, 1 + zRe) + Math.PI;
      setComplex(
        re + Math.log1p(2 * zRe + size * size) / 2,
        turned - Math.floor(turned / TURN) * TURN - Math.PI,
      );
    },
  },
};

export const monoids = { sum, prod, max, min, and, or, xor, logSumExp } as const;

/** What fills the output, of each kind of element. */
export interface Folding {
  readonly plain: <T extends number | bigint>(
    data: ArrayLike<T>,
    out: { [i: number]: T },
    fold: Fold<T>,
  ) => void;
  readonly complex: (data: Numbers, out: Numbers, fold: ComplexFold) => void;
  /** Of floats, what is faster than `plain`. */
  readonly floats?: (data: Numbers, out: Numbers) => void;
}

/** The kernel of a reduction to `size` elements. */
export function folding(
  name: string,
  monoid: Monoid,
  dtype: DType,
  size: number,
  { plain, complex, floats }: Folding,
): Kernel {
  const kind = kindOf(dtype);
  if (isBigint(dtype) && monoid.bigint) {
    const fold = monoid.bigint(dtype);
    return ([data]) => {
      const out = allocate(dtype, size);
      plain(data as BigInt64Array, out as BigInt64Array, fold);
      return [out];
    };
  }
  if (kind === "complex" && monoid.complex) {
    const fold = monoid.complex;
    return ([data]) => {
      const out = allocate(dtype, size) as Numbers;
      complex(data as Numbers, out, fold);
      return [out];
    };
  }
  const isWord = (kind === "int" || kind === "uint" || kind === "bool") && !isBigint(dtype);
  const fold = kind === "float" ? monoid.float : isWord ? monoid.int?.(dtype) : undefined;
  if (fold === undefined)
    throw new BackendError("backend/dtype", `the reference backend has no ${name} for dtype ${dtype}`);
  return ([data]) => {
    const out = allocateNumbers(dtype, size);
    const numbers = toNumbers(data!, dtype);
    if (kind === "float" && floats) floats(numbers, out);
    else plain(numbers, out, fold);
    return [fromNumbers(out, dtype)];
  };
}
