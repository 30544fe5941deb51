import { type Binary, defineBinary, defineUnary, type Unary } from "./elementwise.ts";

const words = {
  jvp: "none",
  samples: [
    {
      operands: [
        { shape: [4], dtype: "int32", values: [-8, 5, 1023, 0] },
        { shape: [4], dtype: "int32", values: [1, 3, 12, 40] },
      ],
      params: {},
    },
    {
      operands: [
        { shape: [2, 1], dtype: "uint8", values: [200, 7] },
        { shape: [1, 2], dtype: "uint8", values: [1, 9] },
      ],
      params: {},
    },
  ],
} as const;

const flags = {
  ...words,
  samples: [
    ...words.samples,
    {
      operands: [
        { shape: [2], dtype: "bool", values: [true, false] },
        { shape: [], dtype: "bool", values: [true] },
      ],
      params: {},
    },
  ],
} as const;

const word = {
  jvp: "none",
  samples: [
    { operands: [{ shape: [4], dtype: "int32", values: [-8, 5, 1023, 0] }], params: {} },
    { operands: [{ shape: [2], dtype: "uint8", values: [200, 7] }], params: {} },
  ],
} as const;

/**
 * Bitwise and, elementwise; logical of bools.
 *
 * Shapes and errors as `add`. Dtype: integer or bool, both the same.
 * @see `jax.lax.bitwise_and`
 */
export const and: Binary<"and"> = defineBinary("and", "integerOrBool", flags);

/** Bitwise or; as `and`. @see `jax.lax.bitwise_or` */
export const or: Binary<"or"> = defineBinary("or", "integerOrBool", flags);

/** Bitwise exclusive or; as `and`. @see `jax.lax.bitwise_xor` */
export const xor: Binary<"xor"> = defineBinary("xor", "integerOrBool", flags);

/** Every bit turned over; logical not of bools. @see `jax.lax.bitwise_not` */
export const not: Unary<"not"> = defineUnary("not", "integerOrBool", word);

/**
 * `x` shifted left by `y` bits; 0 where `y`, read as unsigned, is the width or more.
 *
 * Shapes and errors as `add`. Dtype: integer, both the same.
 * @see `jax.lax.shift_left`
 */
export const shiftLeft: Binary<"shift_left"> = defineBinary("shift_left", "integer", words);

/** `x` shifted right by `y` bits, the top bit copied in; as `shiftLeft`. @see `jax.lax.shift_right_arithmetic` */
export const shiftRightArithmetic: Binary<"shift_right_arithmetic"> = defineBinary(
  "shift_right_arithmetic",
  "integer",
  words,
);

/** `x` shifted right by `y` bits, zeros shifted in; as `shiftLeft`. @see `jax.lax.shift_right_logical` */
export const shiftRightLogical: Binary<"shift_right_logical"> = defineBinary(
  "shift_right_logical",
  "integer",
  words,
);

/** Number of bits of the integer `x` that are 1. @see `jax.lax.population_count` */
export const populationCount: Unary<"population_count"> = defineUnary("population_count", "integer", word);

/** Number of zeros before the highest 1 of the integer `x`. @see `jax.lax.clz` */
export const clz: Unary<"clz"> = defineUnary("clz", "integer", word);

// JAX's names of the functions, which differ from those of the primitives.
export { and as bitwiseAnd, not as bitwiseNot, or as bitwiseOr, xor as bitwiseXor };
