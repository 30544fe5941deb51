/**
 * complex64 arithmetic on (re, im) pairs of float32 values; results go to `out[0]`, `out[1]`.
 *
 * Multiplication, division and `complexAbs` are bit for bit XLA's on CPU: float32 with fused multiply-adds,
 * each written `fround(a * b + c)`. The rest is computed in doubles and left for the caller to round.
 */

const fround = Math.fround;

/** Where a result goes: real part, imaginary part. */
export type ComplexOut = Float64Array;

const write = (out: ComplexOut, re: number, im: number): void => {
  out[0] = re;
  out[1] = im;
};

/** (a + bi)·(c + di); no repair of infinities, as in XLA. */
export const complexMultiply = (a: number, b: number, c: number, d: number, out: ComplexOut): void =>
  write(out, fround(a * c - fround(b * d)), fround(fround(a * d) + b * c));

/** ±1 for an infinity, else ±0: what an operand counts for beside infinities (ISO C G.5.1). */
const infiniteUnit = (x: number): number =>
  Math.abs(x) === Infinity ? Math.sign(x) : x < 0 || Object.is(x, -0) ? -0 : 0;

/** Quotients that division by formula makes NaN although they are infinite or zero. */
const divideSpecial = (a: number, b: number, c: number, d: number, out: ComplexOut): void => {
  const infiniteNumerator = Math.abs(a) === Infinity || Math.abs(b) === Infinity;
  const infiniteDenominator = Math.abs(c) === Infinity || Math.abs(d) === Infinity;
  if (infiniteNumerator && Number.isFinite(c) && Number.isFinite(d)) {
    const re = infiniteUnit(a);
    const im = infiniteUnit(b);
    write(out, Infinity * (re * c + im * d), Infinity * (im * c - re * d));
  } else if (infiniteDenominator && Number.isFinite(a) && Number.isFinite(b)) {
    const re = infiniteUnit(c);
    const im = infiniteUnit(d);
    write(out, 0 * (a * re + b * im), 0 * (b * re - a * im));
  } else write(out, NaN, NaN);
};

/**
 * (a + bi) / (c + di) by Smith's method.
 * @see Smith, CACM Algorithm 116 (1962); MLIR `DivisionConverter.cpp`; ISO C annex G.5.1 for infinities
 */
export const complexDivide = (a: number, b: number, c: number, d: number, out: ComplexOut): void => {
  if (c === 0 && d === 0) {
    const infinity = Object.is(c, -0) ? -Infinity : Infinity;
    return write(out, infinity * a, infinity * b);
  }
  let re: number;
  let im: number;
  if (Math.abs(c) >= Math.abs(d)) {
    const ratio = fround(d / c);
    const denominator = fround(d * ratio + c);
    re = fround(fround(b * ratio + a) / denominator);
    im = fround(fround(-a * ratio + b) / denominator);
  } else {
    const ratio = fround(c / d);
    const denominator = fround(c * ratio + d);
    re = fround(fround(a * ratio + b) / denominator);
    im = fround(fround(b * ratio - a) / denominator);
  }
  if (re !== re && im !== im) divideSpecial(a, b, c, d, out);
  else write(out, re, im);
};

/** |a + bi|, without overflow; NaN if either part is, even beside an infinity. */
export const complexAbs = (a: number, b: number): number => {
  const x = Math.abs(a);
  const y = Math.abs(b);
  const large = Math.max(x, y);
  if (large === Infinity || large === 0) return large;
  const ratio = fround(Math.min(x, y) / large);
  return fround(large * fround(Math.sqrt(fround(ratio * ratio + 1))));
};

/** Unlike `complexAbs` a double: squares of float32 values neither overflow nor vanish there. */
const modulus = (a: number, b: number): number => Math.sqrt(a * a + b * b);

/** z / |z|; ±0 ± 0i is itself. */
export const complexSign = (a: number, b: number, out: ComplexOut): void => {
  if (a === 0 && b === 0) return write(out, a, b);
  if (a !== a || b !== b) return write(out, NaN, NaN);
  const length = modulus(a, b);
  write(out, a / length, b / length);
};

/** eᶻ; a real z gives a real result whatever the sign of its imaginary zero. */
export const complexExp = (a: number, b: number, out: ComplexOut): void => {
  const scale = Math.exp(a);
  if (b === 0) write(out, scale, 0);
  else write(out, scale * Math.cos(b), scale * Math.sin(b));
};

/** Principal logarithm, log |z| + i·arg z; near |z| = 1 its real part is as exact as elsewhere. */
export const complexLog = (a: number, b: number, out: ComplexOut): void => {
  if (a !== a || b !== b) return write(out, NaN, NaN);
  const square = a * a + b * b;
  const large = Math.max(Math.abs(a), Math.abs(b));
  const small = Math.min(Math.abs(a), Math.abs(b));
  const near = square > 0.5 && square < 2;
  const re = near ? Math.log1p((large - 1) * (large + 1) + small * small) : Math.log(square);
  write(out, re / 2, Math.atan2(b, a));
};

/** Principal square root; below the branch cut, at -x - 0i, it is taken from above as in XLA, not as in C. */
export const complexSqrt = (a: number, b: number, out: ComplexOut): void => {
  if (a !== a || b !== b) return write(out, NaN, NaN);
  if (Math.abs(b) === Infinity) return write(out, Infinity, b);
  if (a === Infinity) return write(out, Infinity, b < 0 ? -0 : 0);
  if (a === -Infinity) return write(out, 0, b < 0 ? -Infinity : Infinity);
  if (a === 0 && b === 0) return write(out, 0, 0);
  const root = Math.sqrt((modulus(a, b) + Math.abs(a)) / 2);
  const other = Math.abs(b) / (2 * root);
  const re = a >= 0 ? root : other;
  const im = a >= 0 ? other : root;
  write(out, re, b < 0 ? -im : im);
};

/**
 * (a + bi)^(c + di) = |z|^c·e^(-d·arg z) turned by d·log |z| + c·arg z.
 * 1 for exponent 0 or base 1; 0 to a power is 0 if that is a positive real, else NaN.
 * @see `EmitComplexPower` in XLA's `elemental_ir_emitter.cc`
 */
export const complexPow = (a: number, b: number, c: number, d: number, out: ComplexOut): void => {
  if ((c === 0 && d === 0) || (a === 1 && b === 0)) return write(out, 1, 0);
  if (a === 0 && b === 0) return c > 0 && d === 0 ? write(out, 0, 0) : write(out, NaN, NaN);
  const length = modulus(a, b);
  const angle = Math.atan2(b, a);
  // A real exponent, or a real base, leaves its term out: 0·Infinity must not make it NaN.
  const turn = (d === 0 ? 0 : d * Math.log(length)) + (angle === 0 ? 0 : c * angle);
  const scale = length ** c * (d === 0 ? 1 : Math.exp(-d * angle));
  if (turn === 0) write(out, scale, scale === scale ? 0 : NaN);
  else write(out, scale * Math.cos(turn), scale * Math.sin(turn));
};
