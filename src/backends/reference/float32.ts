/**
 * The float32 transcendentals that random numbers are made of, bit for bit as XLA's CPU backend computes them.
 *
 * Every `fround(a * b + c)` is one fused multiply-add: the product of two float32 values is exact in a double.
 * Subnormal operands count as zero and subnormal results become zero, as on XLA's CPU.
 */

const fround = Math.fround;

const float32Cell = new Float32Array(1);
const int32Cell = new Int32Array(float32Cell.buffer);

const SMALLEST_NORMAL = 2 ** -126;
// x86 judges whether a result is subnormal after rounding it to 24 bits with an unbounded exponent.
const SMALLEST_RESULT = SMALLEST_NORMAL * (1 - 2 ** -25);

// Cephes `logf.c`: log(1 + x) ≈ x - x²/2 + x³·P(x) for √½ ≤ 1 + x < √2.
const SQRT_HALF = fround(0.707106781186547524);
const LOG_P0 = fround(7.0376836292e-2);
const LOG_P1 = fround(-1.151461031e-1);
const LOG_P2 = fround(1.167699874e-1);
const LOG_P3 = fround(-1.2420140846e-1);
const LOG_P4 = fround(1.4249322787e-1);
const LOG_P5 = fround(-1.6668057665e-1);
const LOG_P6 = fround(2.0000714765e-1);
const LOG_P7 = fround(-2.4999993993e-1);
const LOG_P8 = fround(3.3333331174e-1);
// log 2 in two parts; the high one has few enough bits for an exact product with the exponent.
const LOG2_HIGH = 0.693359375;
const LOG2_LOW = fround(-2.1219444e-4);

/**
 * Natural logarithm of a float32, bit for bit XLA's on CPU.
 * Subnormals of either sign count as zero, so they give -Infinity.
 * @see Cephes `logf.c`; `GenerateVF32Log` in XLA's `llvm_ir_runtime.cc`
 */
export const logF32 = (operand: number): number => {
  if (!(operand >= SMALLEST_NORMAL)) return operand > -SMALLEST_NORMAL ? -Infinity : NaN;
  if (operand === Infinity) return Infinity;
  float32Cell[0] = operand;
  const bits = int32Cell[0]!;
  int32Cell[0] = (bits & 0x7fffff) | 0x3f000000;
  let exponent = (bits >> 23) - 126;
  let x = float32Cell[0];
  if (x < SQRT_HALF) {
    exponent -= 1;
    x = fround(fround(x - 1) + x);
  } else {
    x = fround(x - 1);
  }
  const x2 = fround(x * x);
  const x3 = fround(x2 * x);
  const a = fround(fround(LOG_P0 * x + LOG_P1) * x + LOG_P2);
  const b = fround(fround(LOG_P3 * x + LOG_P4) * x + LOG_P5);
  const c = fround(fround(LOG_P6 * x + LOG_P7) * x + LOG_P8);
  const p = fround(fround(a * x3 + b) * x3 + c);
  const y = fround(p * x3 + fround(LOG2_LOW * exponent));
  return fround(LOG2_HIGH * exponent + fround(fround(-0.5 * x2 + x) + y));
};

// Cephes `log1p.c`, rounded to float32: log(1 + x) ≈ x - x²/2 + x³·N(x)/D(x) for |x| < √2 - 1.
const LOG1P_BOUND = fround(0.41421356237);
const LOG1P_N0 = fround(4.5270000862445199635215e-5);
const LOG1P_N1 = fround(4.9854102823193375972212e-1);
const LOG1P_N2 = fround(6.5787325942061044846969);
const LOG1P_N3 = fround(2.9911919328553073277375e1);
const LOG1P_N4 = fround(6.0949667980987787057556e1);
const LOG1P_N5 = fround(5.7112963590585538103336e1);
const LOG1P_N6 = fround(2.0039553499201281259648e1);
const LOG1P_D1 = fround(1.5062909083469192043167e1);
const LOG1P_D2 = fround(8.3047565967967209469434e1);
const LOG1P_D3 = fround(2.2176239823732856465394e2);
const LOG1P_D4 = fround(3.0909872225312059774938e2);
const LOG1P_D5 = fround(2.1642788614495947685003e2);
const LOG1P_D6 = fround(6.0118660497603843919306e1);

/**
 * `log(1 + x)` of a float32, bit for bit XLA's on CPU.
 * @see Cephes `log1p.c`; `EmitLog1p` in XLA's `elemental_ir_emitter.cc`
 */
export const log1pF32 = (x: number): number => {
  if (!(Math.abs(x) < LOG1P_BOUND)) return logF32(fround(x + 1));
  if (Math.abs(x) < SMALLEST_NORMAL) return x * 0;
  let n = fround(LOG1P_N0 * x + LOG1P_N1);
  n = fround(n * x + LOG1P_N2);
  n = fround(n * x + LOG1P_N3);
  n = fround(n * x + LOG1P_N4);
  n = fround(n * x + LOG1P_N5);
  n = fround(n * x + LOG1P_N6);
  let d = fround(x + LOG1P_D1);
  d = fround(d * x + LOG1P_D2);
  d = fround(d * x + LOG1P_D3);
  d = fround(d * x + LOG1P_D4);
  d = fround(d * x + LOG1P_D5);
  d = fround(d * x + LOG1P_D6);
  const x2 = fround(x * x);
  return fround(x + fround(-0.5 * x2 + fround(fround(x2 * x) * fround(n / d))));
};

// Giles (2010), "Approximating the erfinv function", table 5: polynomials in w - 2.5 and √w - 3.
const CENTRAL_0 = fround(2.81022636e-8);
const CENTRAL_1 = fround(3.43273939e-7);
const CENTRAL_2 = fround(-3.5233877e-6);
const CENTRAL_3 = fround(-4.39150654e-6);
const CENTRAL_4 = fround(0.00021858087);
const CENTRAL_5 = fround(-0.00125372503);
const CENTRAL_6 = fround(-0.00417768164);
const CENTRAL_7 = fround(0.246640727);
const CENTRAL_8 = fround(1.50140941);
const TAIL_0 = fround(-0.000200214257);
const TAIL_1 = fround(0.000100950558);
const TAIL_2 = fround(0.00134934322);
const TAIL_3 = fround(-0.00367342844);
const TAIL_4 = fround(0.00573950773);
const TAIL_5 = fround(-0.0076224613);
const TAIL_6 = fround(0.00943887047);
const TAIL_7 = fround(1.00167406);
const TAIL_8 = fround(2.83297682);

/**
 * Inverse error function of a float32, bit for bit XLA's on CPU; ±1 give ±Infinity, outside [-1, 1] NaN.
 * @see Giles (2010); `ErfInv32` in XLA's `hlo/builder/lib/math.cc`
 */
export const erfInvF32 = (x: number): number => {
  if (Math.abs(x) === 1) return x * Infinity;
  let w = -log1pF32(-fround(x * x));
  let p: number;
  if (w < 5) {
    w = fround(w - 2.5);
    p = fround(CENTRAL_0 * w + CENTRAL_1);
    p = fround(p * w + CENTRAL_2);
    p = fround(p * w + CENTRAL_3);
    p = fround(p * w + CENTRAL_4);
    p = fround(p * w + CENTRAL_5);
    p = fround(p * w + CENTRAL_6);
    p = fround(p * w + CENTRAL_7);
    p = fround(p * w + CENTRAL_8);
  } else {
    w = fround(fround(Math.sqrt(w)) - 3);
    p = fround(TAIL_0 * w + TAIL_1);
    p = fround(p * w + TAIL_2);
    p = fround(p * w + TAIL_3);
    p = fround(p * w + TAIL_4);
    p = fround(p * w + TAIL_5);
    p = fround(p * w + TAIL_6);
    p = fround(p * w + TAIL_7);
    p = fround(p * w + TAIL_8);
  }
  const y = p * x;
  return Math.abs(y) < SMALLEST_RESULT ? x * 0 : fround(y);
};
