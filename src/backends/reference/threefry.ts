/**
 * The Threefry-2x32 counter-based generator, 20 rounds.
 *
 * @see Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011); JAX `jax/_src/random/threefry2x32.py`
 */

/** Parity word of Skein's key schedule, cut to 32 bits. */
const PARITY = 0x1bd11bda;

/**
 * Encrypts the counter (x0, x1) under the key (k0, k1); writes the two words to `out[offset]` and
 * `out[offset + 1]`. Words may come signed or unsigned.
 */
export const threefry2x32 = (
  k0: number,
  k1: number,
  x0: number,
  x1: number,
  out: Uint32Array,
  offset: number,
): void => {
  let a = (x0 + k0) | 0;
  let b = (x1 + k1) | 0;
  let first = k1;
  let second = k0 ^ k1 ^ PARITY;
  let third = k0;
  for (let injection = 1; injection <= 5; injection++) {
    if (injection & 1) {
      a = (a + b) | 0;
      b = a ^ ((b << 13) | (b >>> 19));
      a = (a + b) | 0;
      b = a ^ ((b << 15) | (b >>> 17));
      a = (a + b) | 0;
      b = a ^ ((b << 26) | (b >>> 6));
      a = (a + b) | 0;
      b = a ^ ((b << 6) | (b >>> 26));
    } else {
      a = (a + b) | 0;
      b = a ^ ((b << 17) | (b >>> 15));
      a = (a + b) | 0;
      b = a ^ ((b << 29) | (b >>> 3));
      a = (a + b) | 0;
      b = a ^ ((b << 16) | (b >>> 16));
      a = (a + b) | 0;
      b = a ^ ((b << 24) | (b >>> 8));
    }
    a = (a + first) | 0;
    b = (b + second + injection) | 0;
    const used = first;
    first = second;
    second = third;
    third = used;
  }
  out[offset] = a;
  out[offset + 1] = b;
};

const pair = new Uint32Array(2);

/**
 * JAX's primitive `threefry2x32` on equally long operands; an operand of length 1 serves every position.
 * Writes the first words to `out0`, the second words to `out1`; their length is the number of positions.
 */
export const threefry2x32Arrays = (
  k0: Uint32Array,
  k1: Uint32Array,
  x0: Uint32Array,
  x1: Uint32Array,
  out0: Uint32Array,
  out1: Uint32Array,
): void => {
  const keyStep0 = k0.length === 1 ? 0 : 1;
  const keyStep1 = k1.length === 1 ? 0 : 1;
  const step0 = x0.length === 1 ? 0 : 1;
  const step1 = x1.length === 1 ? 0 : 1;
  for (let i = 0; i < out0.length; i++) {
    threefry2x32(k0[i * keyStep0]!, k1[i * keyStep1]!, x0[i * step0]!, x1[i * step1]!, pair, 0);
    out0[i] = pair[0]!;
    out1[i] = pair[1]!;
  }
};
