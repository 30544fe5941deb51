import {
  ArrayValue,
  checkpoint,
  grad,
  jit,
  jvp,
  lax,
  lora,
  numpy as np,
  quaxify,
  random,
  values,
  vjp,
} from "cotangent";
import { describe, expect, test } from "vitest";
import type { DefaultRule } from "../../../src/interpreters/quax.ts";
import { expectNearArray } from "../../laws/compare.ts";

// Derivatives of branches and loops over structured values: those of plain arrays, in the class that they are due.

/** A user's class that dispatches everything, and refuses to be a plain array. */
class Boxed extends ArrayValue {
  constructor(readonly array: ArrayValue) {
    super();
  }
  override get aval() {
    return this.array.aval;
  }
  override like(fill: ArrayValue, { shape, dtype }: ArrayValue["aval"]): Boxed {
    return new Boxed(lax.full(shape, fill, dtype));
  }
  static default: DefaultRule = (prim, operands, params) => {
    const Own = operands.find((x) => x instanceof Boxed)!.constructor as typeof Boxed;
    const arrays = operands.map((x) => (x instanceof Boxed ? x.array : x));
    return prim.bind(arrays, params).map((out) => new Own(out));
  };
}

const { metre, Unitful, NamedArray } = values;
const axis = new values.Axis(3, "n");
const point = np.array([0.5, -1, 2]);
const direction = np.array([1, 0.25, -2]);

interface Kind {
  readonly wrap: (x: ArrayValue) => ArrayValue;
  /** The plain array of a gradient, after a look at what is beside it. */
  readonly open: (gradient: ArrayValue) => ArrayValue;
}
const kinds: Readonly<Record<string, Kind>> = {
  Unitful: {
    wrap: (x) => new Unitful(x, metre),
    open: (g) => {
      expect(String(values.unitsOf(g))).toBe("m");
      return (g as values.Unitful).array;
    },
  },
  NamedArray: {
    wrap: (x) => new NamedArray(x, [axis]),
    open: (g) => {
      expect((g as values.NamedArray).axes).toEqual([axis]);
      return (g as values.NamedArray).array;
    },
  },
  "a user's class": { wrap: (x) => new Boxed(x), open: (g) => (g as Boxed).array },
};

type Loss = (x: ArrayValue) => ArrayValue;
const steps = np.array([1, -0.5, 2, 0.25]);
const yes = np.array(true);
const no = np.array(false);
const { abs, add, divide, multiply, sin, square, sum, zerosLike } = np;

/** All of them are quadratic in the length, so that gradients are lengths. */
const losses: Readonly<Record<string, Loss>> = {
  "cond, a branch with residuals and one with others": (x) =>
    sum(lax.cond(no, (x) => multiply(x, x), (x) => square(multiply(2, abs(x))), x)), // prettier-ignore
  "cond of what it captures": (x) => sum(lax.cond(yes, () => multiply(x, x), () => square(abs(x)))), // prettier-ignore
  "cond, residuals of different units": (x) =>
    sum(lax.cond(no, () => multiply(sin(divide(x, abs(x))), square(x)), () => divide(multiply(x, multiply(x, x)), x))), // prettier-ignore
  "cond with a branch of zeros": (x) =>
    sum(lax.cond(yes, (x) => square(x), (x) => zerosLike(x), x)), // prettier-ignore
  switch: (x) =>
    sum(lax.switch(1, [(x: ArrayValue) => square(x), (x) => multiply(abs(x), x), (x) => zerosLike(x)], x)), // prettier-ignore
  "scan, nonlinear": (x) =>
    sum(square(lax.scan((c, w: ArrayValue) => [multiply(sin(divide(c, x)), multiply(w, x)), null], x, steps)[0])), // prettier-ignore
  "scan, linear in what it captures": (x) =>
    sum(square(lax.scan((c, w: ArrayValue) => [add(multiply(c, 0.5), multiply(w, x)), null], x, steps)[0])), // prettier-ignore
  "scan from zero": (x) =>
    sum(lax.scan((c, w: ArrayValue) => [add(multiply(c, w), square(x)), null], np.zeros(3), steps)[0]),
  "scan of a sum from 0": (x) =>
    lax.scan((c, w: ArrayValue) => [add(c, sum(multiply(w, square(x)))), null], 0, steps)[0],
  "scan, backwards through a difference": (x) =>
    sum(lax.scan(([a, b], w: ArrayValue) => [[np.subtract(multiply(w, b), a), multiply(x, x)], null], [square(x), square(x)] as [ArrayValue, ArrayValue], steps)[0][0]), // prettier-ignore
  foriLoop: (x) =>
    sum(multiply(x, lax.foriLoop(0, 3, (i, c) => add(multiply(c, 0.5), multiply(i.astype("float32"), x)), x))), // prettier-ignore
  checkpoint: (x) => sum(checkpoint((x: ArrayValue) => multiply(multiply(sin(divide(x, x)), x), x))(x)),
  "scan of a checkpoint of a cond": (x) => {
    const step = checkpoint((c: ArrayValue) => lax.cond(yes, (c) => multiply(c, sin(divide(c, x))), (c) => abs(c), c)); // prettier-ignore
    return sum(square(lax.scan((c) => [step(c), null], x, null, { length: 3 })[0]));
  },
};
const forwardOnly: Readonly<Record<string, Loss>> = {
  whileLoop: (x) =>
    sum(multiply(x, lax.whileLoop(([n]) => np.less(n, 3), ([n, c]) => [add(n, 1), multiply(sin(divide(c, x)), x)], [0, x] as [number, ArrayValue])[1])), // prettier-ignore
};

const reverse: Readonly<Record<string, (f: Loss) => (x: ArrayValue) => ArrayValue>> = {
  "quaxify of grad": (f) => quaxify(grad(f)) as Loss,
  "quaxify of jit of grad": (f) => quaxify(jit(grad(f))) as Loss,
  "jit of quaxify of grad": (f) => jit(quaxify(grad(f)) as Loss),
  "quaxify of grad of jit": (f) => quaxify(grad(jit(f))) as Loss,
  "quaxify of vjp": (f) => quaxify((x: ArrayValue) => vjp(f, [x])[1](1)[0]) as unknown as Loss,
};
const close = (a: ArrayValue, b: ArrayValue) => expectNearArray(a, b, 1e-5, "the derivative");

describe.each(Object.entries(kinds))("over %s", (_, { wrap, open }) => {
  describe.each(Object.entries(losses))("%s", (_, f) => {
    test.each(Object.entries(reverse))("%s", (_, transform) => {
      close(open(transform(f)(wrap(point))), grad(f)(point) as ArrayValue);
    });
  });
  test.each(Object.entries({ ...losses, ...forwardOnly }))("jvp of %s", (_, f) => {
    const push = (x: ArrayValue, t: ArrayValue) => jvp(f, [x], [t]);
    const expected = push(point, direction);
    for (const run of [quaxify(push), quaxify(jit(push)), jit(quaxify(push))]) {
      const outs = run(wrap(point), wrap(direction)) as [values.Unitful, values.Unitful];
      outs.forEach((out, i) => close(out.array, expected[i]!));
    }
  });
});

describe("a matrix that is never formed", () => {
  const parts = { rank: 2, scale: 0.5, key: random.key(1) };
  const thin = (): lora.LoraArray => new lora.LoraArray(np.array([[1, 2, 0], [0, 1, -1], [1, 0, 3]]), parts); // prettier-ignore
  // `b` is zero at the start, so that the matrix is the base weight.
  const full = thin()._w;
  const { matmul, tanh } = np;
  const programs: Readonly<Record<string, Loss>> = {
    cond: (w) => sum(lax.cond(no, (w) => tanh(matmul(w, point)), (w) => square(matmul(w, direction)), w)), // prettier-ignore
    "cond of what it captures": (w) => sum(lax.cond(yes, () => tanh(matmul(w, point)), () => zerosLike(point))), // prettier-ignore
    switch: (w) => sum(lax.switch(1, [() => point, () => tanh(matmul(w, point)), () => direction])),
    scan: (w) => sum(lax.scan((h, x: ArrayValue) => [tanh(add(matmul(w, h), x)), null], point, steps)[0]),
    "scan with the matrix in its carry": (w) =>
      sum(lax.scan(([w, h], x: ArrayValue) => [[w, tanh(add(matmul(w, h), x))], null], [w, point] as [ArrayValue, ArrayValue], steps)[0][1]), // prettier-ignore
    "scan of outputs": (w) =>
      sum(lax.scan((h, x: ArrayValue) => [multiply(h, x), tanh(matmul(w, h))], point, steps)[1]),
    foriLoop: (w) => sum(lax.foriLoop(0, 3, (_, h) => tanh(matmul(w, h)), point)),
    checkpoint: (w) => sum(checkpoint((w: ArrayValue) => tanh(matmul(w, tanh(matmul(w, point)))))(w)),
  };
  test.each(Object.entries(programs))("%s", (_, f) => {
    for (const transform of Object.values(reverse)) {
      close(transform(f)(thin()), grad(f)(full) as ArrayValue);
    }
    const [out, t] = quaxify((w: ArrayValue) => jvp(f, [w], [full]))(thin());
    const [expected, tangent] = jvp(f, [full], [full]);
    close(out, expected);
    close(t, tangent);
  });
});

test("zeros that a loop starts from are numbers, where nothing makes a value of them", () => {
  const run = (x: ArrayValue) =>
    lax.scan((c, w: ArrayValue) => [multiply(c, w), sum(x)], np.zeros(2), np.array([Infinity, 1]))[0];
  for (const f of [quaxify(run), quaxify(jit(run)), jit(quaxify(run))])
    expect(f(new Unitful(point, metre)).toList()).toEqual([NaN, NaN]);
});

test("a class that makes no zeros becomes an array where it meets them, if it can", () => {
  class Bare extends Boxed {
    override like(): never {
      return null as never;
    }
  }
  class Open extends Bare {
    override materialise(): ArrayValue {
      return this.array;
    }
  }
  const f: Loss = (x) => lax.cond(no, () => square(x), () => np.zeros(3)); // prettier-ignore
  expect(() => quaxify(f)(new Bare(point))).toThrow("Bare cannot be turned into a plain array (cond has no");
  close(quaxify(f)(new Open(point)), np.zeros(3));
  expect(() => quaxify(f, { strict: true })(new Open(point))).toThrow("strict");
  expect(quaxify(f, { strict: true })(new Boxed(point))).toBeInstanceOf(Boxed);
});

test("a plain gradient of a loop traces its body once, and under quaxify as often", () => {
  let traces = 0;
  const f: Loss = (x) =>
    sum(
      lax.scan(
        (c, w: ArrayValue) => {
          traces++;
          return [multiply(multiply(c, w), x), null];
        },
        x,
        steps,
      )[0],
    );
  grad(f)(point);
  expect(traces).toBe(1);
  quaxify(grad(f))(new Boxed(point));
  expect(traces).toBe(2);
});

test("values that a function under quaxify captures are carried, scanned over and chosen", () => {
  const length = new Unitful(point, metre);
  const runs: readonly ((x: ArrayValue, length: ArrayValue) => ArrayValue)[] = [
    (x, length) => lax.scan((c) => [add(c, x), null], length, null, { length: 2 })[0],
    (x, length) => lax.scan((c, l: ArrayValue) => [add(c, add(l, sum(x))), null], sum(x), length)[0],
    (x, length) => lax.cond(yes, (l) => add(l, x), () => length, length), // prettier-ignore
    (x, length) => lax.whileLoop((c) => np.less(sum(c), sum(add(x, x))), (c) => add(c, x), length), // prettier-ignore
  ];
  for (const run of runs) {
    const captured: Loss = (x) => run(x, length);
    for (const f of [quaxify(captured), jit(quaxify(captured)), quaxify(jit(captured))]) {
      const out = f(length) as values.Unitful;
      expect(String(out.units)).toBe("m");
      close(out.array, run(point, point));
    }
  }
});
