import { type ArrayValue, grad, jit, jvp, numpy as np, tree, vjp, vmap } from "cotangent";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Shape, showShape, sizeOf, stridesOf } from "../../src/core/shape.ts";
import { concrete, expectNear, expectSameBits, numbersOf, pairing, stacked } from "./compare.ts";
import { drawLike } from "./samples.ts";

const size = fc.integer({ min: 0, max: 4 });
const shape = fc.array(size, { maxLength: 4 });
const axisOf = (rank: number) => fc.integer({ min: -rank, max: rank - 1 });

const random = (dims: Shape, seed = 1): ArrayValue =>
  drawLike({ shape: dims, dtype: "float32", weak: false }, seed);
const iota = (dims: Shape): ArrayValue => np.reshape(np.arange(sizeOf(dims)).astype(np.float32), [...dims]);
const check = <T>(arbitrary: fc.Arbitrary<T>, law: (value: T) => void, numRuns = 60): void =>
  fc.assert(fc.property(arbitrary, law), { numRuns });

describe("broadcasting", () => {
  /** Two shapes that broadcast: some axes of a common shape are 1, or left out at the front. */
  const pair = fc
    .tuple(shape, fc.infiniteStream(fc.boolean()), fc.nat(4), fc.nat(4))
    .map(([common, ones, m, n]) => {
      const thinned = (drop: number) =>
        common.slice(Math.min(drop, common.length)).map((s) => (ones.next().value ? 1 : s));
      return [thinned(m), thinned(n)] as const;
    });
  const indexed = (x: ArrayValue, at: readonly number[]): number => {
    const strides = stridesOf(x.shape);
    const own = at.slice(at.length - x.ndim);
    return numbersOf(x)[
      own.reduce((sum, index, axis) => sum + (x.shape[axis] === 1 ? 0 : index) * strides[axis]!, 0)
    ]!;
  };
  const places = (dims: Shape): number[][] =>
    dims.reduce<number[][]>(
      (all, n) => all.flatMap((at) => Array.from({ length: n }, (_, i) => [...at, i])),
      [[]],
    );

  test("is NumPy's, element by element", () => {
    check(pair, ([a, b]) => {
      const [x, y] = [random(a, 1), random(b, 2)];
      const out = np.subtract(x, y);
      expectNear(
        numbersOf(out),
        places(out.shape).map((at) => Math.fround(indexed(x, at) - indexed(y, at))),
        0,
        `${showShape(a)} with ${showShape(b)}`,
      );
    });
  });
  test.each([
    ["multiply", np.multiply],
    ["divide", (x: ArrayValue, y: ArrayValue) => np.divide(x, np.add(y, 3))],
    ["where", (x: ArrayValue, y: ArrayValue) => np.where(np.greater(x, y), x, y)],
  ] as const)("of %s is transposed by sums", (_, f) => {
    check(pair, ([a, b]) => {
      const [x, y] = [random(a, 1), random(b, 2)];
      const [s, t] = [random(a, 3), random(b, 4)];
      const [out, tangent] = jvp(f as (x: ArrayValue, y: ArrayValue) => ArrayValue, [x, y], [s, t]);
      const ct = random(out.shape, 5);
      const [dx, dy] = vjp(f as (x: ArrayValue, y: ArrayValue) => ArrayValue, [x, y])[1](ct);
      expect([dx.shape, dy.shape]).toEqual([a, b]);
      const zero = (c: ArrayValue) => c.materialise();
      expectNear(
        [pairing(s, zero(dx)) + pairing(t, zero(dy))],
        [pairing(zero(tangent), ct)],
        1e-4,
        `${showShape(a)} with ${showShape(b)}`,
      );
    });
  });
});

describe("what only moves elements", () => {
  type Move = (x: ArrayValue) => ArrayValue;
  const factorisations = (n: number) =>
    fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }).map((sizes) => {
      const kept: number[] = [];
      let rest = n;
      for (const s of sizes) {
        if (rest % s !== 0) continue;
        kept.push(s);
        rest /= s;
      }
      return [...kept, rest];
    });
  /** A move of arrays of this shape. */
  const move = (dims: Shape): fc.Arbitrary<readonly [string, Move]> => {
    const reshape = factorisations(sizeOf(dims)).map(
      (to) => [`reshape ${showShape(to)}`, (x: ArrayValue) => np.reshape(x, to)] as const,
    );
    if (dims.length === 0) return reshape;
    const permutation = fc.shuffledSubarray(
      dims.map((_, i) => i),
      { minLength: dims.length, maxLength: dims.length },
    );
    return fc.oneof(
      reshape,
      permutation.map(
        (axes) => [`transpose ${showShape(axes)}`, (x: ArrayValue) => np.transpose(x, axes)] as const,
      ),
      axisOf(dims.length).map((axis) => [`flip ${axis}`, (x: ArrayValue) => np.flip(x, axis)] as const),
      fc
        .tuple(axisOf(dims.length), fc.integer({ min: -3, max: 3 }))
        .map(([axis, by]) => [`roll ${by} on ${axis}`, (x: ArrayValue) => np.roll(x, by, axis)] as const),
      axisOf(dims.length + 1).map(
        (axis) => [`expand ${axis}`, (x: ArrayValue) => np.expandDims(x, axis)] as const,
      ),
      axisOf(dims.length).map(
        (axis) =>
          [
            `take all on ${axis}`,
            (x: ArrayValue) => np.take(x, np.arange(dims.at(axis)!), { axis }),
          ] as const,
      ),
    );
  };
  const chain = fc
    .tuple(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }), fc.infiniteStream(fc.nat()))
    .map(([dims, seeds]) => {
      const moves: (readonly [string, Move])[] = [];
      let x = iota(dims);
      for (let i = 0; i < 5; i++) {
        const [next] = fc.sample(move(x.shape), { seed: seeds.next().value!, numRuns: 1 });
        moves.push(next!);
        x = next![1](x);
      }
      return {
        dims,
        text: moves.map(([name]) => name).join(", "),
        f: (y: ArrayValue) => moves.reduce((z, [, m]) => m(z), y),
        source: numbersOf(x),
      };
    });

  test("has the inverse for its gradient, and is the same under jit and vmap", () => {
    check(
      chain,
      ({ dims, text, f, source }) => {
        const x = random(dims);
        const out = f(x);
        expectNear(
          numbersOf(out),
          source.map((i) => numbersOf(x)[i]!),
          0,
          text,
        );
        expectSameBits(jit(f)(x), out, `jit: ${text}`);
        const ct = random(out.shape, 7);
        const g = grad((x: ArrayValue) => np.sum(np.multiply(f(x), ct)))(x);
        const expected = numbersOf(x).map(() => 0);
        source.forEach((i, k) => (expected[i] = numbersOf(ct)[k]!));
        expectNear(numbersOf(g), expected, 0, `gradient: ${text}`);
        const batch = [x, ct.size > 0 ? np.multiply(x, 2) : x].map(concrete);
        for (const axis of [0, dims.length]) {
          const mapped = vmap(f, { inAxes: axis, outAxes: axis > out.ndim ? -1 : axis })(
            stacked(batch, axis),
          );
          expectSameBits(
            mapped,
            stacked(
              batch.map((b) => concrete(f(b))),
              axis > out.ndim ? out.ndim : axis,
            ),
            `vmap at ${axis}: ${text}`,
          );
        }
      },
      80,
    );
  });
});

describe("slices", () => {
  const bound = fc.option(fc.integer({ min: -6, max: 6 }), { nil: null });
  const slice = fc.tuple(bound, bound, fc.option(fc.constantFrom(-3, -2, -1, 1, 2, 3), { nil: null }));
  const text = ([start, stop, step]: readonly (number | null)[]) =>
    `${start ?? ""}:${stop ?? ""}${step === null ? "" : `:${step}`}`;
  /** Python's `range(*slice(start, stop, step).indices(n))`. */
  const indices = (n: number, [start, stop, step]: readonly (number | null | undefined)[]): number[] => {
    const by = step ?? 1;
    const clip = (i: number) => Math.min(Math.max(i < 0 ? i + n : i, by < 0 ? -1 : 0), by < 0 ? n - 1 : n);
    const from = start === null || start === undefined ? (by < 0 ? n - 1 : 0) : clip(start);
    const to = stop === null || stop === undefined ? (by < 0 ? -1 : n) : clip(stop);
    const all: number[] = [];
    for (let i = from; by < 0 ? i > to : i < to; i += by) all.push(i);
    return all;
  };
  test("are Python's, and their gradient puts elements back", () => {
    check(
      fc.tuple(fc.nat(5), fc.nat(4), slice, slice),
      ([m, n, rows, columns]) => {
        const x = iota([m, n]);
        const [r, c] = [indices(m, rows), indices(n, columns)];
        const out = x.get(text(rows), text(columns));
        expect(out.shape).toEqual([r.length, c.length]);
        expect(numbersOf(out)).toEqual(r.flatMap((i) => c.map((j) => i * n + j)));
        const g = grad((x: ArrayValue) => np.sum(x.get(text(rows), text(columns))))(x).materialise();
        expect(numbersOf(g)).toEqual(
          Array.from({ length: m * n }, (_, k) =>
            r.includes(Math.floor(k / n)) && c.includes(k % n) ? 1 : 0,
          ),
        );
        expect(numbersOf(x.at(text(rows), text(columns)).set(-1))).toEqual(
          numbersOf(g).map((one, k) => (one ? -1 : k)),
        );
      },
      100,
    );
  });
});

describe("reductions", () => {
  const cases = shape.chain((dims) =>
    fc.tuple(fc.constant(dims), fc.subarray(dims.map((_, i) => i)), fc.boolean()),
  );
  test("sum over axes is sums one axis at a time, from the last", () => {
    check(cases, ([dims, axes, keepdims]) => {
      const x = random(dims);
      const once = np.sum(x, { axis: axes, keepdims });
      const stepwise = axes.toReversed().reduce((y, axis) => np.sum(y, { axis, keepdims }), x);
      expect(once.shape).toEqual(stepwise.shape);
      expectNear(numbersOf(once), numbersOf(stepwise), 1e-5, `axes ${showShape(axes)} of ${showShape(dims)}`);
    });
  });
  test("the gradient of a sum is ones, of a mean their share", () => {
    check(cases, ([dims, axes]) => {
      const x = random(dims);
      const count = axes.reduce((n, axis) => n * dims[axis]!, 1);
      const f = (x: ArrayValue) => np.sum(np.mean(x, { axis: axes }));
      if (count > 0)
        expectNear(
          numbersOf(grad(f)(x)),
          numbersOf(x).map(() => 1 / count),
          1e-6,
          `axes ${showShape(axes)} of ${showShape(dims)}`,
        );
    });
  });
});

describe("trees", () => {
  const leaf = fc.oneof(
    fc.integer({ min: 1, max: 3 }).map((n) => random([n], n)),
    fc.constantFrom<unknown>("text", null, true, Math.sin),
  );
  const { tree: trees } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("a", "b", "c"), tie("tree"), { maxKeys: 3, noNullPrototype: true }),
    ),
  }));
  test("go through jit, vjp and vmap unchanged", () => {
    check(
      trees,
      (given) => {
        const same = (x: unknown) => x;
        const back = jit(same)(given);
        expect(
          tree.equal(tree.structure(back), tree.structure(given)) ||
            tree.structure(back).equals(tree.structure(given)),
        ).toBe(true);
        tree.map(
          (x: unknown, y: unknown) =>
            typeof x === "object" && x !== null
              ? expectSameBits(x as ArrayValue, y as ArrayValue, "leaf")
              : expect(x).toBe(y),
          back,
          given,
        );
        const [out, pull] = vjp(same, [given]);
        expect(tree.structure(out).equals(tree.structure(given))).toBe(true);
        const [ct] = (pull as (ct: unknown) => unknown[])(given);
        tree.map(
          (x: unknown, y: unknown) =>
            typeof x === "object" && x !== null
              ? expectSameBits(x as ArrayValue, y as ArrayValue, "cotangent")
              : expect(x).toBe(y),
          ct,
          given,
        );
        const doubled = tree.map(
          (x: unknown) =>
            typeof x === "object" && x !== null ? np.stack([x as ArrayValue, x as ArrayValue]) : x,
          given,
        );
        const mapped = vmap(same, { axisSize: 2 })(doubled);
        tree.map(
          (x: unknown, y: unknown) =>
            typeof x === "object" && x !== null
              ? expectSameBits(x as ArrayValue, y as ArrayValue, "mapped")
              : expect(x).toBe(y),
          mapped,
          doubled,
        );
      },
      80,
    );
  });
});
