import { type ArrayValue, lax } from "cotangent";
import fc from "fast-check";
import { allocate, type DType } from "../../src/core/dtype.ts";
import { HostBuffer } from "../../src/core/backend.ts";
import { store } from "../../src/core/scalar.ts";
import { range, type Shape, sizeOf } from "../../src/core/shape.ts";
import { avalOf, NDArray } from "../../src/core/value.ts";

// Programs of array operations on small whole numbers, which every dtype holds exactly: so a result is known to the last
// bit, in whatever order sums are taken. Functions that are not exact are rounded to whole numbers at once.

/** One operation: which, the numbers that its operands and params are chosen by, and the bodies of one that holds programs. */
export interface Instruction {
  readonly name: string;
  readonly picks: readonly number[];
  readonly bodies: readonly (readonly Instruction[])[];
}
/** A program, and the arrays that it is given. */
export interface ArrayProgram {
  readonly inputs: readonly { readonly shape: Shape; readonly dtype: DType; readonly seed: number }[];
  readonly instructions: readonly Instruction[];
}

export const dtypesOf32: readonly DType[] = ["float32", "int32", "bool", "int8", "uint8", "int16", "uint32", "float16", "bfloat16"]; // prettier-ignore
export const dtypesOf64: readonly DType[] = [...dtypesOf32, "float64", "int64", "uint64"];

/** Around multiples of what a vector holds. */
const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17];
/** Elements of an array at most: beyond 4 KiB, arrays of a program are not copied into it. */
const LARGEST = 1500;

type Pick = (below: number) => number;

/** Whole numbers from -4 to 4, or what a dtype has of them. */
export function arrayOf(shape: Shape, dtype: DType, seed: number): NDArray {
  const data = allocate(dtype, sizeOf(shape));
  const unsigned = dtype === "bool" || dtype.startsWith("uint");
  for (let i = 0; i < sizeOf(shape); i++) {
    const value = ((i * 7 + seed * 5 + ((i * i) >> 2)) % 9) - 4;
    store(data, dtype, i, dtype === "bool" ? value > 0 : unsigned ? Math.abs(value) : value);
  }
  return new NDArray(avalOf(shape, dtype), new HostBuffer(data));
}

const isFloat = ({ dtype }: ArrayValue): boolean => dtype.includes("float");
const isBool = ({ dtype }: ArrayValue): boolean => dtype === "bool";
const scalar = (x: ArrayValue, value: number): ArrayValue => lax.full([], value, x.dtype);
/** Held small, so that floats stay exact. */
const small = (x: ArrayValue): ArrayValue => (isFloat(x) ? lax.clamp(scalar(x, -64), x, scalar(x, 64)) : x);
/** Sums of products: one of a single product may be -0 where a sum from 0 is 0. */
const products = (x: ArrayValue): ArrayValue => small(lax.add(x, scalar(x, 0)));
/** Rounded to a whole number, far from where a different last bit would matter. */
const whole = (x: ArrayValue): ArrayValue => lax.round(small(lax.mul(small(x), scalar(x, 4))));
const numeric = (x: ArrayValue): ArrayValue => (isBool(x) ? lax.convertElementType(x, "int32") : x);
const signed = (x: ArrayValue): ArrayValue =>
  isBool(x) || x.dtype.startsWith("uint") ? lax.convertElementType(x, "int32") : x;
const floating = (x: ArrayValue): ArrayValue => (isFloat(x) ? x : lax.convertElementType(x, "float32"));
const flat = (x: ArrayValue): ArrayValue => lax.reshape(x, [sizeOf(x.shape)]);

/** The elements of `x`, cut off or filled up with zeros, in this shape and dtype. */
function fitted(x: ArrayValue, shape: Shape, dtype: DType): ArrayValue {
  let y = x;
  if (y.shape.length !== shape.length || y.shape.some((size, axis) => size !== shape[axis])) {
    const line = flat(y);
    const more = sizeOf(shape) - line.shape[0]!;
    y = lax.reshape(lax.pad(line, scalar(line, 0), [[0, more, 0]]), shape);
  }
  return y.dtype === dtype ? y : lax.convertElementType(y, dtype);
}
const like = (x: ArrayValue, y: ArrayValue): ArrayValue => fitted(y, x.shape, x.dtype);
/** One of the elements as a number of int32, or 0. */
const element = (x: ArrayValue): ArrayValue => fitted(x, [], "int32");

type Operation = (pick: Pick, operand: () => ArrayValue, body: Body) => readonly ArrayValue[] | ArrayValue;
/** Runs a body on these values, and gives what it computed last. */
type Body = (which: number, pool: readonly ArrayValue[]) => ArrayValue;

const unary =
  (f: (x: ArrayValue, pick: Pick) => ArrayValue): Operation =>
  (pick, operand) =>
    f(operand(), pick);
const binary =
  (f: (x: ArrayValue, y: ArrayValue, pick: Pick) => ArrayValue): Operation =>
  (pick, operand) => {
    const x = operand();
    return f(x, operand(), pick);
  };
const onNumbers = (f: (x: ArrayValue, y: ArrayValue) => ArrayValue): Operation =>
  binary((x, y) => small(f(numeric(x), like(numeric(x), y))));
const rounded = (f: (x: ArrayValue) => ArrayValue): Operation => unary((x) => whole(f(floating(x))));
/** Of an array that has an axis. */
const along = (f: (x: ArrayValue, axis: number, pick: Pick) => ArrayValue): Operation =>
  unary((x, pick) => (x.ndim === 0 ? x : f(x, pick(x.ndim), pick)));
const reducing = (f: (x: ArrayValue, axes: readonly number[]) => ArrayValue): Operation =>
  unary((x, pick) =>
    f(
      x,
      range(x.ndim).filter(() => pick(2) === 0),
    ),
  );

export const operations: Readonly<Record<string, Operation>> = {
  add: onNumbers(lax.add),
  sub: onNumbers(lax.sub),
  mul: onNumbers(lax.mul),
  max: onNumbers(lax.max),
  div: binary((x, y) => {
    const [a, b] = [floating(x), like(floating(x), y)];
    return whole(lax.div(a, lax.select(lax.eq(b, scalar(b, 0)), scalar(b, 1).add(lax.mul(b, b)), b)));
  }),
  less: binary((x, y) => lax.lt(x, like(x, y))),
  equal: binary((x, y) => lax.eq(x, like(x, y))),
  xor: binary((x, y) => (isFloat(x) ? x : lax.bitwiseXor(x, like(x, y)))),
  neg: unary((x) => lax.neg(signed(x))),
  abs: unary((x) => lax.abs(signed(x))),
  sign: unary((x) => lax.sign(signed(x))),
  square: unary((x) => small(lax.square(numeric(x)))),
  sin: rounded(lax.sin),
  exp: rounded(lax.exp),
  tanh: rounded(lax.tanh),
  log: rounded((x) => lax.log(lax.add(lax.abs(x), scalar(x, 1)))),
  logistic: rounded(lax.logistic),
  sqrt: rounded((x) => lax.sqrt(lax.abs(x))),
  select: (_pick, operand) => {
    const x = operand();
    return lax.select(fitted(operand(), x.shape, "bool"), x, like(x, operand()));
  },
  clamp: binary((x, y) =>
    lax.clamp(lax.neg(lax.abs(like(signed(x), y))), signed(x), like(signed(x), scalar(x, 1))),
  ),
  convert: unary((x, pick) => lax.convertElementType(x, dtypesOf32[pick(dtypesOf32.length)]!)),
  complex: binary((x, y) => {
    const a = fitted(x, x.shape, "float32");
    const z = lax.complex(a, like(a, y));
    return small(lax.sub(lax.real(lax.mul(z, z)), lax.imag(lax.conj(z))));
  }),
  transpose: unary((x, pick) => {
    const order = range(x.ndim).map((axis) => [pick(9), axis] as const);
    return lax.transpose(x, order.sort(([a], [b]) => a - b).map(([, axis]) => axis)); // prettier-ignore
  }),
  reshape: unary((x, pick) => {
    const size = sizeOf(x.shape);
    const divisors = range(size, 1).filter((d) => size % d === 0);
    if (size === 0) return lax.reshape(x, [0, 3]);
    const first = divisors.length > 0 ? divisors[pick(divisors.length)]! : 1;
    return lax.reshape(x, pick(3) === 0 ? [size] : [first, size / first]);
  }),
  broadcast: unary((x, pick) => lax.broadcastInDim(x, [pick(4), ...x.shape], range(x.ndim, 1))),
  stretch: unary((x, pick) => lax.broadcastInDim(x, [...x.shape, pick(4) + 1], range(x.ndim))),
  rev: along((x, axis) => lax.rev(x, [axis])),
  slice: unary(
    (x, pick) =>
    lax.slice(x, x.shape.map((size) => pick(size + 1)), x.shape, x.shape.map(() => 1 + pick(3))), // prettier-ignore
  ),
  pad: unary(
    (x, pick) =>
    lax.pad(x, scalar(x, 1), x.shape.map((size) => {
      const interior = pick(3);
      const padded = size + Math.max(0, size - 1) * interior;
      const low = pick(4) - Math.min(1, padded);
      return [low, Math.max(pick(4) - 1, -(padded + low)), interior] as const;
    })), // prettier-ignore
  ),
  concatenate: (pick, operand) => {
    const x = operand();
    if (x.ndim === 0) return x;
    const axis = pick(x.ndim);
    return lax.concatenate([x, like(x, operand()), lax.rev(x, [axis])], axis);
  },
  iota: unary((x) => (x.ndim === 0 ? x : lax.broadcastedIota("int32", x.shape, x.ndim - 1))),
  reduceSum: reducing((x, axes) => small(lax.reduceSum(numeric(x), axes))),
  reduceMax: reducing((x, axes) => (sizeOf(x.shape) === 0 ? x : lax.reduceMax(x, axes))),
  reduceOr: reducing((x, axes) => lax.reduceOr(fitted(x, x.shape, "bool"), axes)),
  argmax: along((x, axis) => (x.shape[axis] === 0 ? x : lax.argmax(x, axis, "int32"))),
  cumsum: along((x, axis, pick) => small(lax.cumsum(numeric(x), { axis, reverse: pick(2) === 1 }))),
  cummax: along((x, axis, pick) => lax.cummax(numeric(x), { axis, reverse: pick(2) === 1 })),
  sort: along((x, dimension) => lax.sort(x, { dimension })),
  softmax: along((x, axis) => {
    const y = floating(x);
    const highest = lax.reduceMax(lax.concatenate([y, y], axis), [axis]);
    const kept = range(x.ndim).filter((i) => i !== axis);
    const e = lax.exp(lax.sub(y, lax.broadcastInDim(highest, y.shape, kept)));
    const total = lax.broadcastInDim(lax.reduceSum(e, [axis]), y.shape, kept);
    return lax.round(lax.mul(lax.div(e, total), scalar(y, 3.3)));
  }),
  dot: (pick, operand) => {
    const x = numeric(operand());
    if (x.ndim === 0) return x;
    const axis = pick(x.ndim);
    const y = like(x, operand());
    const batch = x.ndim > 1 && pick(2) === 1 ? [(axis + 1) % x.ndim] : [];
    return products(lax.dotGeneral(x, y, [[[axis], [axis]], [batch, batch]])); // prettier-ignore
  },
  matmul: (pick, operand) => {
    const x = floating(operand());
    if (x.ndim === 0) return x;
    const inner = x.shape.at(-1)!;
    const y = fitted(operand(), [inner, 1 + pick(17)], x.dtype);
    return products(lax.dotGeneral(x, y, [[[x.ndim - 1], [0]], [[], []]])); // prettier-ignore
  },
  gather: (pick, operand) => {
    const x = operand();
    if (x.ndim === 0 || sizeOf(x.shape) === 0) return x;
    const indices = fitted(operand(), [1 + pick(9), 1], "int32");
    const numbers = {
      offsetDims: range(x.ndim, 1).slice(0, -1),
      collapsedSliceDims: [0],
      startIndexMap: [0],
    };
    const options = { mode: pick(2) === 0 ? "clip" : "fill", fillValue: 1 } as const;
    return lax.gather(x, indices, numbers, [1, ...x.shape.slice(1)], options);
  },
  scatter: (pick, operand) => {
    const x = numeric(operand());
    if (x.ndim === 0 || sizeOf(x.shape) === 0) return x;
    const count = 1 + pick(9);
    const indices = fitted(operand(), [count, 1], "int32");
    const updates = fitted(operand(), [count, ...x.shape.slice(1)], x.dtype);
    const numbers = { updateWindowDims: range(x.ndim, 1).slice(0, -1), insertedWindowDims: [0], scatterDimsToOperandDims: [0] }; // prettier-ignore
    const scatter = [lax.scatterAdd, lax.scatterMax, lax.scatter][pick(3)]!;
    return small(scatter(x, indices, updates, numbers, { mode: pick(2) === 0 ? "clip" : "fill" }));
  },
  addWindow: (pick, operand) => {
    const x = numeric(operand());
    const [zeros, sizes] = [lax.full(x.shape, 0, x.dtype), x.shape.map((size) => Math.ceil(size / 2))];
    const part = fitted(operand(), sizes, x.dtype);
    const windows = [
      (): ArrayValue => lax.dynamicUpdateSlice(zeros, part, x.shape.map(() => element(operand()))),
      (): ArrayValue =>
        lax.pad(part, scalar(x, 0), x.shape.map((size, axis) => {
          const low = pick(4) - 1;
          const interior = pick(2) * Number(sizes[axis]! > 0);
          return [low, size - low - sizes[axis]! - Math.max(0, sizes[axis]! - 1) * interior, interior] as const;
        })),
      (): ArrayValue => {
        if (x.ndim === 0 || sizeOf(x.shape) === 0) return zeros;
        const rows = fitted(operand(), [2, ...x.shape.slice(1)], x.dtype);
        const numbers = { updateWindowDims: range(x.ndim, 1).slice(0, -1), insertedWindowDims: [0], scatterDimsToOperandDims: [0] };
        return lax.scatterAdd(zeros, fitted(operand(), [2, 1], "int32"), rows, numbers, { mode: "fill" });
      },
    ]; // prettier-ignore
    const count = [1, 2, 10][pick(3)]!;
    const sum = (a: ArrayValue, b: ArrayValue): ArrayValue => lax.addAny.bind([a, b], {})[0]!;
    let all = x;
    for (let i = 0; i < count; i++) {
      const window = windows[pick(3)]!;
      all = pick(3) === 0 ? sum(all, sum(window(), window())) : sum(window(), all);
    }
    return products(small(all));
  },
  dynamicSlice: (_pick, operand) => {
    const x = operand();
    const starts = x.shape.map(() => element(operand()));
    return lax.dynamicSlice(x, starts, x.shape.map((size) => Math.ceil(size / 2))); // prettier-ignore
  },
  dynamicUpdateSlice: (_pick, operand) => {
    const x = operand();
    const update = fitted(operand(), x.shape.map((size) => Math.ceil(size / 2)), x.dtype); // prettier-ignore
    return lax.dynamicUpdateSlice(x, update, x.shape.map(() => element(operand()))); // prettier-ignore
  },
  cond: (pick, operand, body) => {
    const which = element(operand());
    const pool = [operand(), operand()];
    const mixed = pick(2) === 0;
    const branch =
      (i: number) =>
      (a: ArrayValue, b: ArrayValue): ArrayValue[] => {
        const made = body(i, [a, b]);
        return [like(a, made), mixed ? like(b, a) : b];
      };
    return lax.switch(which, [branch(0), branch(1), (a: ArrayValue, b: ArrayValue): ArrayValue[] => [a, b]], pool[0]!, pool[1]!); // prettier-ignore
  },
  scan: (pick, operand, body) => {
    const xs = operand();
    const [init, other] = [operand(), operand()];
    const kind = pick(5);
    const step = (
      [a, b, c]: [ArrayValue, ArrayValue, ArrayValue],
      x: ArrayValue | null,
    ): [ArrayValue[], ArrayValue[]] => {
      const made = body(0, x === null ? [a, b, c] : [a, b, c, x]);
      const next = like(a, made);
      // Carries that move, stay, are the same, are swapped.
      const carry = [[next, b, c], [b, a, next], [next, next, c], [b, next, a], [next, like(a, c), like(c, b)]][kind]!; // prettier-ignore
      return [
        [carry[0]!, carry[1]!, like(c, carry[2]!)],
        [made, ...(kind % 2 === 0 ? [b, next] : [])],
      ];
    };
    const start = [init, like(init, other), kind === 0 ? other : like(init, other)];
    const [carry, ys] = lax.scan(step as never, start, xs.ndim === 0 ? null : xs, { length: xs.ndim === 0 ? pick(4) : undefined, reverse: pick(2) === 1 } as never) as [ArrayValue[], ArrayValue[]]; // prettier-ignore
    return [...carry, ...ys];
  },
  while: (pick, operand, body) => {
    const [x, y] = [operand(), operand()];
    const turns = pick(5);
    const swapped = pick(3);
    const [, a, b] = lax.whileLoop(
      ([i]: ArrayValue[]) => lax.lt(i!, turns),
      ([i, a, b]: ArrayValue[]) => {
        const made = body(0, [a!, b!, i!]);
        return [lax.add(i!, 1), swapped === 0 ? b! : like(a!, made), swapped === 1 ? b! : a!];
      },
      [lax.full([], 0, "int32"), x, like(x, y)],
    );
    return [a!, b!];
  },
};

/** Runs instructions on a pool of values, to which they add theirs. */
function run(instructions: readonly Instruction[], pool: ArrayValue[]): void {
  for (const { name, picks, bodies } of instructions) {
    let next = 0;
    const pick: Pick = (below) => picks[next++ % picks.length]! % below;
    const operand = (): ArrayValue => pool[pool.length - 1 - pick(Math.min(pool.length, 6))]!;
    const body: Body = (which, values) => {
      const inner = [...values];
      run(bodies[which % Math.max(1, bodies.length)] ?? [], inner);
      return inner.at(-1)!;
    };
    const made = [operations[name]!(pick, operand, body)].flat() as ArrayValue[];
    for (const x of made) if (sizeOf(x.shape) <= LARGEST && x.ndim <= 4) pool.push(x);
  }
}

/** The program as a function: of all that it computes, the last ones. */
export const functionOf =
  ({ instructions }: ArrayProgram) =>
  (...inputs: ArrayValue[]): ArrayValue[] => {
    const pool = [...inputs];
    run(instructions, pool);
    return [pool.at(-1)!, ...pool.slice(-4), pool[0]!];
  };

export const inputsOf = ({ inputs }: ArrayProgram): NDArray[] =>
  inputs.map(({ shape, dtype, seed }) => arrayOf(shape, dtype, seed));

const picks = fc.array(fc.nat(30), { minLength: 4, maxLength: 10 });
const holding = ["cond", "scan", "while"];
const plain = Object.keys(operations).filter((name) => !holding.includes(name));

const instructions = (depth: number, length: number): fc.Arbitrary<Instruction[]> => {
  const simple = fc.record({
    name: fc.constantFrom(...plain),
    picks,
    bodies: fc.constant([] as Instruction[][]),
  });
  if (depth === 0) return fc.array(simple, { maxLength: length });
  const bodies = fc.array(instructions(depth - 1, 4), { minLength: 2, maxLength: 2 });
  const held = fc.record({ name: fc.constantFrom(...holding), picks, bodies });
  return fc.array(fc.oneof({ arbitrary: simple, weight: 6 }, { arbitrary: held, weight: 1 }), {
    minLength: 1,
    maxLength: length,
  });
};

/** Programs over arrays of these dtypes. */
export const arrayPrograms = (dtypes: readonly DType[], length = 8): fc.Arbitrary<ArrayProgram> => {
  const shape = fc
    .array(fc.constantFrom(...sizes), { maxLength: 3 })
    .map((drawn) => (sizeOf(drawn) > LARGEST ? drawn.slice(0, 2) : drawn));
  const input = fc.record({ shape, dtype: fc.constantFrom(...dtypes), seed: fc.nat(20) });
  return fc.record({
    inputs: fc.array(input, { minLength: 1, maxLength: 3 }),
    instructions: instructions(2, length),
  });
};
