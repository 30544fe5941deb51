import { describe, expect, test } from "vitest";
import { checkJaxpr } from "../../../src/core/check.ts";
import { evaluateJaxpr } from "../../../src/interpreters/evaluate.ts";
import { type ArrayValue, grad, inspect, lax, makeJaxpr, numpy as np, vmap } from "../../../src/index.ts";
import { expectValues, shapeOf, values } from "../arrays.ts";

const sizes = { i: 3, j: 2 } as const;
type Name = keyof typeof sizes;
/** What each index of the mapped axes has: a matrix. */
type Matrix = readonly (readonly number[])[];
type Everyone<T> = (i: number, j: number) => T;
/** Where an index is along some of the names, the last one fastest. */
const place = (names: readonly Name[], at: Record<Name, number>): number =>
  names.reduce((index, name) => index * sizes[name] + at[name], 0);
/** Those that share the other names with an index, in order. */
function peers<T>(all: Everyone<T>, names: readonly Name[], at: Record<Name, number>): T[] {
  const found: T[] = [];
  for (let i = 0; i < sizes.i; i++)
    for (let j = 0; j < sizes.j; j++) {
      const other = { i: names.includes("i") ? i : at.i, j: names.includes("j") ? j : at.j };
      found[place(names, other)] = all(other.i, other.j);
    }
  return found;
}

const x = np.reshape(np.multiply(np.sin(np.arange(3 * 2 * 36)), 10), [3, 2, 6, 6]);
const lists = np.asarray(x).toList() as unknown as Matrix[][];
const at: Everyone<Matrix> = (i, j) => lists[i]![j]!;

/** Both nestings of the axes, with the mapped axes at different places: all give `[i, j, …]`. */
function everywhere(f: (x: ArrayValue) => ArrayValue): ArrayValue[] {
  const [i, j] = [{ axisName: "i" }, { axisName: "j" }];
  const moved = np.moveaxis(x, [0, 1], [3, 1]); // [6, j, 6, i]
  return [
    vmap(vmap(f, j), i)(x),
    vmap(vmap(f, i), { ...j, inAxes: 1, outAxes: 1 })(x),
    vmap(vmap(f, { ...j, inAxes: 1 }), { ...i, inAxes: 3 })(moved),
    vmap(vmap(f, { ...i, inAxes: 2 }), { ...j, inAxes: 1, outAxes: 1 })(moved),
  ];
}
/** Compares with what is said of each index. */
function expectEverywhere(
  f: (x: ArrayValue) => ArrayValue,
  said: (at: Record<Name, number>) => readonly unknown[],
): void {
  const wanted: number[] = [];
  for (let i = 0; i < sizes.i; i++)
    for (let j = 0; j < sizes.j; j++) wanted.push(...(said({ i, j }).flat(3) as number[]));
  for (const array of everywhere(f)) {
    const got = values(array);
    expect(got.length).toBe(wanted.length);
    expect(Math.max(...got.map((value, k) => Math.abs(value - wanted[k]!)))).toBeLessThan(1e-4);
  }
}

const everyNames: Name[][] = [["i"], ["j"], ["i", "j"], ["j", "i"]];
const axes = [0, 1] as const;
const transposed = (m: Matrix): number[][] => m[0]!.map((_, c) => m.map((row) => row[c]!));
/** Blocks of equal size along an axis. */
function blocks(m: Matrix, count: number, axis: 0 | 1): Matrix[] {
  if (axis === 1) return blocks(transposed(m), count, 0).map(transposed);
  const rows = m.length / count;
  return Array.from({ length: count }, (_, b) => m.slice(b * rows, (b + 1) * rows));
}
const joined = (list: readonly Matrix[], axis: 0 | 1): Matrix =>
  axis === 0 ? list.flat() : transposed(list.flatMap((m) => transposed(m)));
const combined = (list: readonly Matrix[], f: (...xs: number[]) => number): Matrix =>
  list[0]!.map((row, r) => row.map((_, c) => f(...list.map((m) => m[r]![c]!))));
const total = (...xs: number[]): number => xs.reduce((a, b) => a + b, 0);
/** Rows along an axis. */
const slices = (m: Matrix, axis: 0 | 1): readonly (readonly number[])[] => (axis === 0 ? m : transposed(m));
const stacked = (rows: readonly (readonly number[])[], axis: 0 | 1): Matrix =>
  axis === 0 ? rows : transposed(rows);

describe.each(everyNames.map((names) => [names.join(), names] as const))("along %s", (_title, names) => {
  const size = names.reduce((product, name) => product * sizes[name], 1);
  test("reductions combine what all indices have", () => {
    expectEverywhere(
      (y) => lax.psum(y, names),
      (me) => combined(peers(at, names, me), total),
    );
    expectEverywhere(
      (y) => lax.pmean(y, names),
      (me) => combined(peers(at, names, me), (...xs) => total(...xs) / size),
    );
    expectEverywhere(
      (y) => lax.pmax(y, names),
      (me) => combined(peers(at, names, me), Math.max),
    );
    expectEverywhere(
      (y) => lax.pmin(y, names),
      (me) => combined(peers(at, names, me), Math.min),
    );
  });
  test("each knows where it is, and the size", () => {
    expectEverywhere(
      () => np.multiply(lax.axisIndex(names), 1),
      (me) => [place(names, me)],
    );
    expectEverywhere(
      () => lax.psum(np.array(lax.axisSize(names)), names),
      () => [size * size],
    );
  });
  test.each(axes)("allGather makes axis %i of all, or joins them there", (axis) => {
    expectEverywhere(
      (y) => lax.allGather(y, names, { axis, tiled: true }),
      (me) => joined(peers(at, names, me), axis),
    );
    expectEverywhere(
      (y) => np.moveaxis(lax.allGather(y, names, { axis }), axis, 0),
      (me) => peers(at, names, me),
    );
    expectEverywhere(
      (y) => np.moveaxis(lax.allGather(y, names, { axis: -1 }), -1, 0),
      (me) => peers(at, names, me),
    );
  });
  test.each(axes)("psumScatter gives each its part of the sum, along axis %i", (axis) => {
    expectEverywhere(
      (y) => lax.psumScatter(y, names, { scatterDimension: axis, tiled: true }),
      (me) => blocks(combined(peers(at, names, me), total), size, axis)[place(names, me)]!,
    );
    expectEverywhere(
      (y) => lax.psumScatter(lax.sliceInDim(y, 0, size, { axis }), names, { scatterDimension: axis }),
      (me) => slices(combined(peers(at, names, me), total), axis)[place(names, me)]!,
    );
  });
  test.each(axes.flatMap((split) => axes.map((concat) => [split, concat] as const)))(
    "allToAll sends blocks along axis %i and joins them along axis %i",
    (split, concat) => {
      expectEverywhere(
        (y) => lax.allToAll(y, names, split, concat, { tiled: true }),
        (me) =>
          joined(
            peers(at, names, me).map((m) => blocks(m, size, split)[place(names, me)]!),
            concat,
          ),
      );
      expectEverywhere(
        (y) => lax.allToAll(lax.sliceInDim(y, 0, size, { axis: split }), names, split, concat),
        (me) =>
          stacked(
            peers(at, names, me).map((m) => slices(m, split)[place(names, me)]!),
            concat,
          ),
      );
    },
  );
  test("ppermute sends to destinations, and zeros to those that are none", () => {
    const there = Array.from({ length: size }, (_, k) => (k * 5 + 1) % size);
    const perm = there.map((destination, source) => [source, destination] as const);
    const from = (me: Record<Name, number>) => there.indexOf(place(names, me));
    expectEverywhere(
      (y) => lax.ppermute(y, names, perm),
      (me) => peers(at, names, me)[from(me)]!,
    );
    expectEverywhere(
      (y) => lax.pshuffle(y, names, there),
      (me) => peers(at, names, me)[there[place(names, me)]!]!,
    );
    expectEverywhere(
      (y) => lax.ppermute(y, names, perm.slice(1)),
      (me) => (from(me) === 0 ? combined([at(0, 0)], () => 0) : peers(at, names, me)[from(me)]!),
    );
  });
  test("pbroadcast gives all what one has", () => {
    for (let source = 0; source < size; source++)
      expectEverywhere(
        (y) => lax.pbroadcast(y, names, source),
        (me) => peers(at, names, me)[source]!,
      );
  });
});

describe("programs", () => {
  const x = np.ones([6, 6]);
  const env = {
    axisEnv: [
      ["i", 3],
      ["j", 2],
    ],
  } as const;
  const program = (f: (x: ArrayValue) => ArrayValue) => makeJaxpr(f, env)(x);
  const equation = (f: (x: ArrayValue) => ArrayValue): string =>
    String(program(f))
      .replace(/\s+/g, " ")
      .replace(/^.* let (.*) in .*$/, "$1")
      .trim();
  const both = ["i", "j"];
  const three = (y: ArrayValue) => lax.sliceInDim(y, 0, 3);
  test("are those that JAX writes", () => {
    expect(equation((y) => lax.psum(y, both))).toBe(
      "b:f32[6,6] = psum[axes=('i', 'j') axis_index_groups=None] a",
    );
    expect(equation((y) => lax.pmax(y, "i", { axisIndexGroups: [[0], [2], [1]] }))).toBe(
      "b:f32[6,6] = pmax[axes=('i',) axis_index_groups=((0,), (2,), (1,))] a",
    );
    expect(equation((y) => lax.allGather(y, both, { axis: 1, tiled: true }))).toBe(
      "b:f32[6,36] = all_gather[ all_gather_dimension=1 axis_index_groups=None axis_name=('i', 'j') axis_size=6 tiled=True ] a",
    );
    expect(equation((y) => lax.psumScatter(y, "j", { scatterDimension: 1, tiled: true }))).toBe(
      "b:f32[6,3] = reduce_scatter[ axis_index_groups=None axis_name=('j',) axis_size=2 scatter_dimension=1 tiled=True ] a",
    );
    expect(equation((y) => lax.allToAll(three(y), "i", 0, 1))).toContain(
      "d:f32[1,6,3] = all_to_all[ axis_index_groups=None axis_name=i concat_axis=2 split_axis=0 tiled=False ] c",
    );
    expect(equation((y) => lax.ppermute(y, "i", [[0, 1]]))).toBe(
      "b:f32[6,6] = ppermute[axis_name=('i',) perm=((0, 1),)] a",
    );
    expect(equation((y) => lax.pbroadcast(y, "i", 2))).toBe(
      "b:f32[6,6] = pbroadcast[axis_name=i source=2] a",
    );
    expect(equation(() => lax.axisIndex("i"))).toBe("b:i32[] = axis_index[axis_name=i]");
  });
  test("are read again from text and JSON", () => {
    const programs = [
      program((y) => lax.psum(lax.pmax(y, both), "i", { axisIndexGroups: [[0, 2, 1]] })),
      program((y) => lax.allGather(lax.psumScatter(y, both), "j")),
      program((y) => lax.allToAll(lax.allToAll(y, "i", 0, 1, { tiled: true }), both, 1, 1, { tiled: true })),
      program((y) => lax.allToAll(three(y), "i", 0, 0)),
      program((y) => lax.pbroadcast(lax.ppermute(y, both, [[0, 5]]), both, 3)),
      program((y) => np.multiply(y, lax.axisIndex(both))),
      program((y) => grad((z: ArrayValue) => np.sum(lax.pmin(z, "i")))(y)),
    ];
    for (const closed of programs) {
      expect(String(inspect.parseJaxpr(String(closed)))).toBe(String(closed));
      const read = inspect.fromJSON(inspect.toJSON(closed));
      expect(String(read)).toBe(String(closed));
      checkJaxpr(read);
      const bound = (y: ArrayValue) => evaluateJaxpr(read, [y])[0]!;
      const mapped = (f: (y: ArrayValue) => ArrayValue) =>
        vmap(vmap(f, { axisName: "j" }), { axisName: "i" })(np.multiply(np.ones([3, 2, 6, 6]), 2));
      expect(values(mapped(bound))).toEqual(values(mapped((y) => evaluateJaxpr(closed, [y])[0]!)));
    }
  });
  test("for an axis of another size are refused", () => {
    const closed = program((y) => lax.allGather(y, "i"));
    expect(() => vmap((y: ArrayValue) => evaluateJaxpr(closed, [y])[0]!, { axisName: "i" })(x)).toThrow(
      "all_gather: the axis i has size 6 here, but the program was made for one of size 3",
    );
    const small = (closed: ReturnType<typeof program>) => () =>
      vmap((y: ArrayValue) => evaluateJaxpr(closed, [y])[0]!, { axisName: "i" })(np.ones([2, 6, 6]));
    expect(small(program((y) => lax.ppermute(y, "i", [[0, 2]])))).toThrow(
      "of indices from 0 to 1, got [0, 2]",
    );
    expect(small(program((y) => lax.pbroadcast(y, "i", 2)))).toThrow(
      "an index from 0 to 1, got the number 2",
    );
    expect(small(program((y) => lax.psumScatter(y, "i", { tiled: true })))).toThrow("of size 3");
    const groups = { axisIndexGroups: [[0], [1], [2]] };
    expect(small(program((y) => lax.psum(y, "i", groups)))).toThrow("of size 3");
  });
});

describe("groups", () => {
  const y = np.array([1, 2, 4, 8, 16, 32]);
  const groups = [
    [0, 5, 2],
    [4, 1, 3],
  ];
  const mapped = (f: (x: ArrayValue) => ArrayValue, x = y) => vmap(f, { axisName: "i" })(x);
  const options = { axisIndexGroups: groups } as const;
  test("are axes by themselves", () => {
    expect(values(mapped((x) => lax.psum(x, "i", options)))).toEqual([37, 26, 37, 26, 26, 37]);
    expect(values(mapped((x) => lax.pmax(x, "i", options)))).toEqual([32, 16, 32, 16, 16, 32]);
    expectValues(
      mapped((x) => lax.pmean(x, "i", options)),
      [37, 26, 37, 26, 26, 37].map((sum) => sum / 3),
    );
    expect(values(mapped(() => lax.psum(np.array(1), "i", options)))).toEqual([3, 3, 3, 3, 3, 3]);
    expect(values(mapped((x) => lax.psum(1, "i", options).add(x)))).toEqual([4, 5, 7, 11, 19, 35]);
  });
  test("are in the order in which they are given", () => {
    expect(values(mapped((x) => lax.allGather(x, "i", options)))).toEqual(
      [0, 1, 0, 1, 1, 0].flatMap(
        (g) =>
          [
            [1, 32, 4],
            [16, 2, 8],
          ][g]!,
      ),
    );
    const rows = np.add(np.reshape(y, [6, 1]), np.array([0, 100, 200]));
    // Index 0 is the first of its group, 5 the second: they get the sums of the first and of the second column.
    expect(values(mapped((x) => lax.psumScatter(x, "i", options), rows))).toEqual([
      37, 326, 637, 626, 26, 337,
    ]);
    expect(values(mapped((x) => lax.allToAll(x, "i", 0, 0, options), rows))).toEqual([
      1, 32, 4, 116, 102, 108, 201, 232, 204, 216, 202, 208, 16, 2, 8, 101, 132, 104,
    ]);
  });
  test("cover the axis in equal parts", () => {
    for (const axisIndexGroups of [
      [[0, 1, 2]],
      [
        [0, 1, 2],
        [3, 4, 4],
      ],
      [[0, 1, 2, 3, 4, 6]],
    ])
      expect(() => mapped((x) => lax.psum(x, "i", { axisIndexGroups }))).toThrow(
        "psum: axisIndexGroups must hold each index of the axis, of size 6, exactly once",
      );
    expect(() =>
      mapped((x) =>
        lax.psum(x, "i", {
          axisIndexGroups: [
            [0, 1, 2, 3],
            [4, 5],
          ],
        }),
      ),
    ).toThrow("psum: axisIndexGroups are of equal size, and of one axis, got groups of sizes 4, 2 of 1 axes");
  });
});

describe("operands", () => {
  const named = { axisName: "i" } as const;
  test("are trees", () => {
    const f = (x: ArrayValue) => {
      const { a, b } = lax.psum({ a: x, b: [np.multiply(x, 2), 1] as const }, "i");
      return np.stack([a, ...b] as ArrayValue[]);
    };
    expect(values(vmap(f, { ...named, outAxes: null })(np.array([1, 2, 3])))).toEqual([6, 12, 3]);
  });
  test("that are numbers count once for each index", () => {
    const f = (x: ArrayValue) => {
      expect((lax.psum(2, "i") as unknown as { item(): number }).item()).toBe(6);
      expect(shapeOf(lax.pmean(2, "i"))).toEqual([]);
      return x;
    };
    vmap(f, named)(np.array([1, 2, 3]));
  });
  test("that are booleans are counted", () => {
    const f = (x: ArrayValue) => lax.psum(np.greater(x, 1), "i");
    const count = vmap(f, named)(np.array([1, 2, 3]));
    expect([values(count), count.dtype]).toEqual([[2, 2, 2], "int32"]);
    const any = (x: ArrayValue) => lax.pmax(np.greater(x, 1), "i");
    expect(vmap(any, named)(np.array([1, 2, 3])).dtype).toBe("bool");
  });
  test("that are integers have a mean that is a float", () => {
    const mean = vmap((x: ArrayValue) => lax.pmean(x, "i"), named)(np.arange(4));
    expect([values(mean), mean.dtype]).toEqual([[1.5, 1.5, 1.5, 1.5], "float32"]);
  });
  test("that no one has mapped give what no index has for itself", () => {
    const w = np.array([1, 2]);
    const whole = { ...named, outAxes: null } as const;
    const of = (f: () => ArrayValue) => values(vmap((_x: ArrayValue) => f(), whole)(np.zeros([3])));
    expect(of(() => lax.psum(w, "i"))).toEqual([3, 6]);
    expect(of(() => lax.pmax(w, "i"))).toEqual([1, 2]);
    expect(of(() => lax.allGather(w, "i"))).toEqual([1, 2, 1, 2, 1, 2]);
    expect(of(() => lax.pbroadcast(w, "i", 2))).toEqual([1, 2]);
  });
  test("along no axis at all stay what they are", () => {
    const w = np.array([1, 2]);
    expect(lax.psum(w, [])).toBe(w);
    expect(lax.allGather(w, [])).toBe(w);
    expect(lax.axisSize([])).toBe(1);
    expect(values(lax.axisIndex([]))).toEqual([0]);
  });
});

describe("bad input", () => {
  const mapped =
    (f: (x: ArrayValue) => unknown, rows = np.zeros([3, 4])) =>
    () =>
      vmap(f as (x: ArrayValue) => ArrayValue, { axisName: "i" })(rows);
  test("axes that do not fit", () => {
    expect(mapped((x) => lax.psumScatter(x, "i"))).toThrow(
      "reduce_scatter: an axis of size 4 cannot become the mapped one, of size 3 (the operand has shape (4,)); with tiled: true it is divided",
    );
    expect(mapped((x) => lax.psumScatter(x, "i", { tiled: true }))).toThrow(
      "reduce_scatter: an axis of size 4 cannot be divided among the 3 indices of the mapped axis",
    );
    expect(mapped((x) => lax.allToAll(x, "i", 0, 0))).toThrow("allToAll: an axis of size 4 cannot become");
    expect(mapped((x) => lax.allToAll(x, "i", 1, 0))).toThrow("allToAll: axis 1 is out of bounds");
    expect(mapped((x) => lax.allGather(x, "i", { axis: 2 }))).toThrow("allGather: axis 2 is out of bounds");
  });
  test("permutations that are none", () => {
    expect(mapped((x) => lax.ppermute(x, "i", [[0, 3]]))).toThrow(
      "ppermute: perm is a list of pairs [source, destination] of indices from 0 to 2, got [0, 3]",
    );
    expect(mapped((x) => lax.ppermute(x, "i", [0, 1] as never))).toThrow("got the number 0");
    expect(
      mapped((x) =>
        lax.ppermute(x, "i", [
          [0, 1],
          [0, 2],
        ]),
      ),
    ).toThrow("ppermute: perm names 0 twice as a source");
    expect(
      mapped((x) =>
        lax.ppermute(x, "i", [
          [0, 1],
          [2, 1],
        ]),
      ),
    ).toThrow("ppermute: perm names 1 twice as a destination");
    expect(mapped((x) => lax.pshuffle(x, "i", [0, 1]))).toThrow("pshuffle: perm is a list of the 3 indices");
    expect(mapped((x) => lax.pbroadcast(x, "i", 3))).toThrow(
      "pbroadcast: source is an index from 0 to 2, got the number 3",
    );
  });
  test("names, options and operands that are none", () => {
    expect(mapped((x) => lax.psum(x, ["i", "i"]))).toThrow('psum: the axis "i" is named twice');
    expect(mapped((x) => lax.psum(x, "i", { groups: [] } as never))).toThrow("psum has no option groups");
    expect(mapped((x) => lax.allGather(x, "i", { tile: true } as never))).toThrow("did you mean tiled?");
    expect(mapped(() => lax.psum("x", "i"))).toThrow(
      'psum: argument 0 must be an array or a number, got the string "x"',
    );
    expect(mapped(() => lax.axisIndex(0 as never))).toThrow("axisIndex: an axis name is a string");
  });
});
