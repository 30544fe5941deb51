import {
  type ArrayValue,
  checkpoint,
  CotangentError,
  customJvp,
  customVjp,
  grad,
  jacfwd,
  jit,
  jvp,
  lax,
  linearize,
  lora,
  type NDArray,
  numpy as np,
  quaxify,
  values,
  vjp,
  vmap,
  Zero,
} from "cotangent";
import {
  columns,
  dot,
  levelsOf,
  over,
  plus,
  push,
  root,
  scaled,
  sine,
  sum,
  times,
  total,
  valueOf,
  type Vector,
  withRule,
} from "./referee.ts";
import { generator, withX64 } from "./samples.ts";

/** From two matrices of lengths to one: `x`, by which derivatives are taken, and `y`, which is beside it. */
export type Program = (x: ArrayValue, y: ArrayValue) => ArrayValue;
/** The same on their elements, from plain arithmetic: {@link referee.ts} says how it is differentiated. */
export type Meaning = (x: Vector, y: Vector) => Vector;

/** A transformation, a form of control flow or a class of arrays: what it makes of a program, and of its meaning. */
export interface Member {
  readonly name: string;
  readonly wrap: (f: Program) => Program;
  readonly meaning: (f: Meaning) => Meaning;
}

/** What is refused, and why. */
export class Refusal extends Error {
  /** @param code of the error that the library throws. */
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
const reverseWhile = new Refusal(
  "ad/while",
  "A `while` takes as many steps as it takes: there is nothing to go back by. JAX refuses it too.",
);
const forwardCustomVjp = new Refusal(
  "custom/forward-mode",
  "A `customVjp` has a rule for reverse mode only. JAX refuses it too.",
);
const plainZeros =
  "What sums and reshapes make of a `Zero` is a plain array, as in Quax: with derivatives it meets";
/** Members that cannot stand in this order, whatever is between them. */
const gaps: readonly (readonly [order: readonly string[], why: Refusal])[] = [
  [
    ["NamedArray", "jacfwd"],
    new Refusal(
      "named/unnamed",
      "The unit vectors that `jacfwd` pushes are plain arrays, without names for their axes. JAX has no names; Quax refuses them too.",
    ),
  ],
  [
    ["NamedArray", "scan"],
    new Refusal(
      "named/place",
      "`scan` stacks what its body gives by place, along an axis without a name. JAX has no names; Quax refuses them too.",
    ),
  ],
  ...["grad", "vjp"].flatMap((derivative) => [
    [
      ["Unitful", "Zero", derivative],
      new Refusal("units/mismatch", `${plainZeros} other units than its own.`),
    ] as const,
    [
      ["NamedArray", "Zero", derivative],
      new Refusal("named/unnamed", `${plainZeros} names that it lacks.`),
    ] as const,
  ]),
];

const rows = 2;
const inRow = 3;
const same = (f: Meaning): Meaning => f;
const isUp = (x: Vector): boolean => valueOf(total(x)) > 0;
const upward = (x: ArrayValue): ArrayValue => np.greater(np.sum(x), 0);
const reverse = { forward: false, transposed: true };
const forward = { forward: true, transposed: false };

/** Two examples of a batch, for which branches and loops go different ways. */
const examples = (x: ArrayValue): ArrayValue => np.stack([x, np.multiply(x, -0.7)]);
const eachExample = (x: Vector): Vector[] => [x, scaled(-0.7, x)];

const steps = [0.5, -0.25];

const [row, column] = [new values.Axis(rows, "row"), new values.Axis(inRow, "column")];
const named = (x: ArrayValue) => new values.NamedArray(x, [row, column]);
const metres = (x: ArrayValue) => new values.Unitful(x, values.metre);
/**
 * `x` as `(x − a·b) + a·b`, where `b` is its first row, and `a` the sum of each row of `all` over its norm; of all that
 * derivatives are taken.
 */
const lowRank = (x: ArrayValue, all: ArrayValue) => {
  const a = np.divide(np.sum(all, { axis: 1, keepdims: true }), np.sqrt(np.sum(np.square(all))));
  const b = x.get(":1");
  const settings = { allowMaterialise: true, stopGradient: false };
  return lora.LoraArray.of(np.subtract(x, np.matmul(a, b)), a, b, settings);
};
const overValues =
  (valueOf: (x: ArrayValue, all: ArrayValue) => ArrayValue, arrayOf: (out: ArrayValue) => ArrayValue) =>
  (f: Program): Program =>
  (x, y) =>
    arrayOf(quaxify(f)(valueOf(x, x), valueOf(y, x)));

/** The derivative that a custom rule states: twice the true one, so that the rule is seen to be used. */
const doubled =
  (
    f: Meaning,
    mode: (outer: { transposed: boolean }) => { forward: boolean; transposed: boolean },
    check: (x: Vector) => void,
  ): Meaning =>
  (x, y) => {
    const whole = (z: Vector): Vector => f(z.slice(0, x.length), z.slice(x.length));
    const ruled = withRule(whole, (z, t, level) => scaled(2, push(whole, z, t, mode(level))[1]));
    const z = [...x, ...y];
    check(z);
    return ruled(z);
  };

export const members: readonly Member[] = [
  { name: "jit", wrap: (f) => jit(f), meaning: same },
  {
    name: "grad",
    wrap: (f) => (x, y) => grad((u: ArrayValue) => np.sum(np.multiply(f(u, y), x)))(x),
    meaning: (f) => (x, y) => columns((u) => f(u, y), x, reverse)[1].map((column) => dot(column, x)),
  },
  {
    name: "jvp",
    wrap: (f) => (x, y) => {
      const [out, tangent] = jvp((u: ArrayValue) => f(u, y), [x], [np.add(np.multiply(x, 0.5), y)]);
      return np.subtract(out, tangent);
    },
    meaning: (f) => (x, y) => {
      const [out, tangent] = push((u) => f(u, y), x, sum(scaled(0.5, x), y), forward);
      return sum(out, scaled(-1, tangent));
    },
  },
  {
    name: "vjp",
    wrap: (f) => (x, y) => {
      const [out, pull] = vjp((u: ArrayValue) => f(u, y), [x]);
      return pull(out)[0];
    },
    meaning: (f) => (x, y) => {
      const [out, byElement] = columns((u) => f(u, y), x, reverse);
      return byElement.map((column) => dot(column, out));
    },
  },
  {
    name: "linearize",
    wrap: (f) => (x, y) => {
      const [out, pushed] = linearize((u: ArrayValue) => f(u, y), [x]);
      return np.add(out, pushed(np.subtract(y, x)));
    },
    meaning: (f) => (x, y) => sum(...push((u) => f(u, y), x, sum(y, scaled(-1, x)), forward)),
  },
  {
    name: "vmap",
    wrap: (f) => (x, y) => np.sum(vmap(f, { inAxes: [0, null], outAxes: 1 })(examples(x), y), { axis: 1 }),
    meaning: (f) => (x, y) => sum(...eachExample(x).map((u) => f(u, y))),
  },
  {
    name: "jacfwd",
    wrap: (f) => (x, y) => np.einsum("ijkl,kl->ij", jacfwd((u: ArrayValue) => f(u, y))(x) as ArrayValue, x),
    meaning: (f) => (x, y) => sum(...columns((u) => f(u, y), x, forward)[1].map((c, j) => scaled(x[j]!, c))),
  },
  { name: "checkpoint", wrap: (f) => checkpoint(f), meaning: same },
  {
    name: "customJvp",
    wrap: (f) => {
      const ruled = customJvp((x: ArrayValue, y: ArrayValue): ArrayValue => f(x, y));
      ruled.defjvp((primals: [ArrayValue, ArrayValue], tangents: [ArrayValue, ArrayValue]) => {
        const [out, tangent] = jvp(f, primals, tangents);
        return [out, np.multiply(2, tangent)];
      });
      return ruled;
    },
    meaning: (f) => doubled(f, ({ transposed }) => ({ forward: true, transposed }), () => {}), // prettier-ignore
  },
  {
    name: "customVjp",
    wrap: (f) => {
      const ruled = customVjp((x: ArrayValue, y: ArrayValue): ArrayValue => f(x, y));
      ruled.defvjp(
        (x: ArrayValue, y: ArrayValue) => [f(x, y), [x, y]],
        ([x, y]: [ArrayValue, ArrayValue], ct: ArrayValue) => vjp(f, [x, y])[1](np.multiply(2, ct)),
      );
      return ruled;
    },
    meaning: (f) =>
      doubled(
        f,
        () => reverse,
        (x) => {
          const [outermost] = levelsOf(x);
          if (outermost?.forward && !outermost.transposed) throw forwardCustomVjp;
        },
      ),
  },
  {
    name: "cond",
    wrap: (f) => (x, y) => lax.cond(upward(x), (x, y) => f(x, y), (x, y) => np.subtract(x, y), x, y), // prettier-ignore
    meaning: (f) => (x, y) => (isUp(x) ? f(x, y) : sum(x, scaled(-1, y))),
  },
  {
    name: "while",
    wrap: (f) => (x, y) =>
      lax.whileLoop(
        ([i, x]: [ArrayValue, ArrayValue]) => np.less(i, np.where(upward(x), 2, 1)),
        ([i, x]: [ArrayValue, ArrayValue]) => [np.add(i, 1), np.add(np.multiply(x, 0.5), f(x, y))],
        [np.array(0, "int32"), x] as [ArrayValue, ArrayValue],
      )[1],
    meaning: (f) => (x, y) => {
      if (levelsOf([...x, ...y]).some(({ transposed }) => transposed)) throw reverseWhile;
      let carry = x;
      for (let i = 0; i < (isUp(carry) ? 2 : 1); i++) carry = sum(scaled(0.5, carry), f(carry, y));
      return carry;
    },
  },
  {
    name: "scan",
    wrap: (f) => (x, y) => {
      const [carry, outs] = lax.scan(
        (c: ArrayValue, step: ArrayValue) => {
          const out = f(c, y);
          return [np.add(np.multiply(step, x), out), np.multiply(c, step)];
        },
        x,
        np.array(steps),
      );
      return np.add(carry, np.sum(outs, { axis: 0 }));
    },
    meaning: (f) => (x, y) => {
      let carry = x;
      let outs: Vector = x.map(() => 0);
      for (const step of steps) {
        outs = sum(outs, scaled(step, carry));
        carry = sum(scaled(step, x), f(carry, y));
      }
      return sum(carry, outs);
    },
  },
  { name: "LoRA", wrap: overValues(lowRank, (out) => out.materialise()), meaning: same },
  {
    name: "Zero",
    wrap: (f) => (x, y) => quaxify(f)(x, new Zero(y.shape, y.dtype)).materialise(),
    meaning: (f) => (x, y) => f(x, y.map(() => 0)), // prettier-ignore
  },
  {
    name: "Unitful",
    wrap: overValues(metres, (out) => (values.convert(out, values.metre) as values.Unitful).array),
    meaning: same,
  },
  {
    name: "NamedArray",
    wrap: overValues(named, (out) => (values.rearrange(out, [row, column]) as values.NamedArray).array),
    meaning: same,
  },
  {
    name: "named axes",
    wrap: (f) => (x, y) => {
      const example = (u: ArrayValue): ArrayValue => {
        const shared = lax.psum(u, "i");
        const out = f(np.add(u, np.multiply(shared, 0.4)), y);
        return np.add(np.multiply(out, np.add(lax.axisIndex("i"), 1)), lax.psum(out, "i"));
      };
      return np.sum(vmap(example, { axisName: "i" })(examples(x)), { axis: 0 });
    },
    meaning: (f) => (x, y) => {
      const shared = sum(...eachExample(x));
      const outs = eachExample(x).map((u) => f(sum(u, scaled(0.4, shared)), y));
      return sum(...outs.map((out, i) => scaled(i + 1 + outs.length, out)));
    },
  },
];

/** A program whose result is a matrix of lengths if its operands are: units and names of axes can go through it. */
interface Base {
  readonly program: Program;
  readonly meaning: Meaning;
}
const inRowOf = (i: number): number[] => Array.from({ length: inRow }, (_, k) => i - (i % inRow) + k);
const norm = (x: Vector): ReturnType<typeof root> => root(dot(x, x));

/** Functions of each element, sums, and a product of each row with its own. */
const byName: Base = {
  program: (x, y) => {
    const r = np.sqrt(np.sum(np.square(x)));
    const inner = np.divide(np.einsum("ij,ij->i", x, np.add(x, y)), r);
    const waves = np.multiply(x, np.sin(np.divide(np.add(x, y), r)));
    return np.add(waves, np.multiply(np.divide(np.expandDims(inner, 1), r), y));
  },
  meaning: (x, y) => {
    const r = norm(x);
    return x.map((a, i) => {
      const inner = total(inRowOf(i).map((k) => times(x[k]!, plus(x[k]!, y[k]!))));
      return plus(times(a, sine(over(plus(a, y[i]!), r))), times(over(inner, times(r, r)), y[i]!));
    });
  },
};
/** The same, and a product of matrices, whose axes could not have two names in one result. */
const byPlace: Base = {
  program: (x, y) => {
    const square = np.sum(np.square(x));
    return np.add(
      byName.program(x, y),
      np.divide(np.matmul(np.matmul(x, np.matrixTranspose(np.add(x, y))), y), square),
    );
  },
  meaning: (x, y) => {
    const square = dot(x, x);
    const z = sum(x, y);
    const at = (v: Vector, i: number, j: number) => v[i * inRow + j]!;
    const products = x.map((_, place) => {
      const [i, j] = [Math.floor(place / inRow), place % inRow];
      const terms = Array.from({ length: rows }, (_, k) => {
        const xz = total(Array.from({ length: inRow }, (_, l) => times(at(x, i, l), at(z, k, l))));
        return times(xz, at(y, k, j));
      });
      return over(total(terms), square);
    });
    return sum(byName.meaning(x, y), products);
  },
};

const at = { x: [0.3, -0.5, 0.8, 0.6, -0.2, 0.4], y: [0.7, 0.1, -0.4, -0.3, 0.5, 0.2] };

export const nameOf = (composition: readonly Member[]): string =>
  composition.map(({ name }) => name).join(" of ");

/**
 * Runs `A(B(…f))`, and holds it to what it means.
 *
 * @returns why it is refused, or null where it agrees.
 * @throws Error where the two differ, in value or in what is refused.
 */
export function outcomeOf(composition: readonly Member[]): Refusal | null {
  const { program, meaning } = composition.some(({ name }) => name === "NamedArray") ? byName : byPlace;
  const run = composition.reduceRight((f, { wrap }) => wrap(f), program);
  const expected = expectedOf(composition.reduceRight((f, member) => member.meaning(f), meaning));
  const refusals = gaps.flatMap(([order, why]) => (isOrdered(composition, order) ? [why] : []));
  if (expected instanceof Refusal) refusals.push(expected);
  if (refusals.length > 0) return refused(composition, run, refusals);
  const actual = onOperands(run);
  actual.forEach((a, i) => {
    const e = (expected as readonly number[])[i]!;
    if (!(Math.abs(a - e) <= 1e-10 * Math.max(1, Math.abs(e))))
      throw new Error(`${nameOf(composition)}: element ${i} is ${a}, expected ${e}`);
  });
  return null;
}

function isOrdered(composition: readonly Member[], order: readonly string[]): boolean {
  const found = composition.reduce((count, { name }) => (name === order[count] ? count + 1 : count), 0);
  return found === order.length;
}

function expectedOf(meaning: Meaning): readonly number[] | Refusal {
  try {
    return meaning(at.x, at.y).map(valueOf);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

const onOperands = (run: Program): readonly number[] =>
  withX64(() => {
    const [x, y] = [at.x, at.y].map((elements) => np.reshape(np.array(elements), [rows, inRow]));
    return Array.from((run(x!, y!) as NDArray).data as Float64Array);
  });

function refused(composition: readonly Member[], run: Program, reasons: readonly Refusal[]): Refusal {
  try {
    onOperands(run);
  } catch (error) {
    const why = error instanceof CotangentError && reasons.find(({ code }) => code === error.code);
    if (why) return why;
    throw error;
  }
  throw new Error(`${nameOf(composition)} is not refused, though: ${reasons[0]!.message}`);
}

export const pairs: readonly (readonly [Member, Member])[] = members.flatMap((a) =>
  members.map((b) => [a, b] as const),
);
export const triples: readonly (readonly Member[])[] = pairs.flatMap(([a, b]) =>
  members.map((c) => [a, b, c]),
);

/** `count` of the triples, always the same. */
export function sampledTriples(count: number): (readonly Member[])[] {
  const random = generator(1);
  return triples
    .map((triple) => [random(), triple] as const)
    .sort(([a], [b]) => a - b)
    .slice(0, count)
    .map(([, triple]) => triple);
}
