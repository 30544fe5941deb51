import { Affine } from "../kernel/affine.ts";
import { type Expr, i32, op } from "../kernel/expression.ts";
import { choose, within } from "../kernel/guard.ts";
import { elementAt, elements, type Rows } from "./row.ts";

/** Parity word of Skein's key schedule, cut to 32 bits. */
const PARITY = i32(0x1bd11bda);

/** How far each of four rounds turns a word, in groups of rounds in turn. */
const rotations = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;

const rotated = (x: Expr, by: number): Expr => op("or", op("shl", x, i32(by)), op("shr_u", x, i32(32 - by)));

/**
 * The counter (x0, x1) encrypted under the key (k0, k1): Threefry-2x32, 20 rounds.
 * @see Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011); JAX `jax/_src/random/threefry2x32.py`
 */
function threefry(k0: Expr, k1: Expr, x0: Expr, x1: Expr): readonly [Expr, Expr] {
  const schedule = [k0, k1, op("xor", op("xor", k0, k1), PARITY)];
  let a = op("add", x0, k0);
  let b = op("add", x1, k1);
  for (let group = 1; group <= 5; group++) {
    for (const by of rotations[(group - 1) % 2]!) {
      a = op("add", a, b);
      b = op("xor", a, rotated(b, by));
    }
    a = op("add", a, schedule[group % 3]!);
    b = op("add", op("add", b, schedule[(group + 1) % 3]!), i32(group));
  }
  return [a, b];
}

/** Rows of typed keys, which are their two words, and of the hash. */
export const keys = {
  random_wrap: () =>
    elements("view", ([words]) => [
      (index) => [words!([...index, Affine.of(0)])[0]!, words!([...index, Affine.of(1)])[0]!],
    ]),
  random_unwrap: () =>
    elements("view", ([read]) => [
      (index) => {
        const [first, second] = read!(index.slice(0, -1));
        return choose(
          within(index.at(-1)!, 0, 1),
          () => [first!],
          () => [second!],
        );
      },
    ]),
  threefry2x32: (_params, operands) =>
    elements("map", (readers) =>
      [0, 1].map((word) => (index) => {
        const [k0, k1, x0, x1] = readers.map((read, i) => elementAt(read, operands[i]!, index)[0]!);
        return [threefry(k0!, k1!, x0!, x1!)[word]!];
      }),
    ),
} satisfies Partial<Rows>;
