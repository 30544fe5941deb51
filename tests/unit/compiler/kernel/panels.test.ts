import { expect, test } from "vitest";
import type { TypedArray } from "../../../../src/core/dtype.ts";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import {
  type Expr,
  f32,
  load,
  Loop,
  type Memory,
  op,
  reduce,
} from "../../../../src/compiler/kernel/expression.ts";
import type { Nest, Steps } from "../../../../src/compiler/kernel/nest.ts";
import { panels } from "../../../../src/compiler/kernel/panels.ts";
import { arrays, executed, inTurn, Machine } from "./machine.ts";
import { maxOf, sumOf } from "./nests.ts";

const i = Affine.loop;
/** Small whole numbers, so that sums are exact in any order. */
const filled = (storage: "f32" | "f64" | "i8", size: number) =>
  new arrays[storage](size).map((_, k) => ((k * 7919) % 13) - 6) as TypedArray;

interface Sizes {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly steps: number;
}
interface Layout {
  readonly sizes: Sizes;
  readonly left: "rows first" | "steps first";
  readonly right: "steps first" | "columns first";
  readonly storage: "f32" | "f64" | "i8";
  /** What is done to an element of each operand, and to the sum. */
  readonly before: (x: Expr, other: Expr) => Expr;
  readonly after: (x: Expr, other: Expr) => Expr;
}

function product({ sizes, left, right, storage, before, after }: Layout): [Nest, Map<Memory, TypedArray>] {
  const { batch, rows, columns, steps } = sizes;
  const loop = (size: number, name: string) => new Loop(size, name);
  const [b, m, n, k] = [loop(batch, "b"), loop(rows, "m"), loop(columns, "n"), loop(steps, "k")];
  const memory = (name: string, of: Memory["storage"]): Memory => ({ name, storage: of });
  const type = storage === "i8" ? "i32" : storage;
  const [a, w, bias, out] = [
    memory("a", storage),
    memory("w", storage),
    memory("bias", type),
    memory("out", type),
  ];
  const at = (outer: Affine, ...axes: (readonly [Loop, number])[]) =>
    axes.reduce((sum, [axis, size]) => sum.times(size).plus(i(axis)), outer);
  const aAt = left === "rows first" ? at(i(b), [m, rows], [k, steps]) : at(i(b), [k, steps], [m, rows]);
  const wAt =
    right === "steps first" ? at(i(b), [k, steps], [n, columns]) : at(i(b), [n, columns], [k, steps]);
  const terms = [before(load(a, aAt), load(bias, i(m))), before(load(w, wAt), load(bias, i(n)))] as const;
  const [sum] = reduce(sumOf(type), [k], [op("mul", ...terms)]);
  const value = after(sum!, load(bias, i(n)));
  const stores = [{ loops: [b, m, n], memory: out, address: at(i(b), [m, rows], [n, columns]), value }];
  const data = new Map<Memory, TypedArray>([
    [a, filled(storage, batch * rows * steps)],
    [w, filled(storage, batch * steps * columns)],
    [bias, type === "i32" ? new Int32Array(rows + columns) : filled(type, rows + columns)],
    [out, new arrays[type](batch * rows * columns)],
  ]);
  return [{ name: "product", stores, sequential: new Set() }, data];
}

const plain = (x: Expr): Expr => x;
const usual = {
  left: "rows first",
  right: "steps first",
  storage: "f32",
  before: plain,
  after: plain,
} as const;
const layouts: Record<string, Partial<Layout>> = {
  "rows by columns": {},
  "the left one transposed": { left: "steps first" },
  "the right one transposed": { right: "columns first" },
  "both transposed": { left: "steps first", right: "columns first" },
  "of 64 bits": { storage: "f64" },
  "of bytes": { storage: "i8" },
  "with operands scaled and shifted": { before: (x, other) => op("add", op("mul", x, f32(2)), other) },
  "with a bias and a bound": { after: (x, other) => op("max", op("add", x, other), f32(0)) },
};
const sizes: readonly Sizes[] = [
  { batch: 1, rows: 64, columns: 128, steps: 64 },
  { batch: 2, rows: 67, columns: 131, steps: 61 },
  { batch: 1, rows: 18, columns: 17, steps: 1900 },
];

test.for(Object.keys(layouts).flatMap((name) => sizes.map((size) => ({ name, size }))))(
  "a product $name is the same from panels: $size",
  ({ name, size }) => {
    const [nest, data] = product({ ...usual, ...layouts[name], sizes: size });
    const steps = panels(nest);
    expect(steps.scratch.size).toBeGreaterThan(0);
    const [{ memory }] = nest.stores as [Nest["stores"][0]];
    expect(inTurn(steps, data).get(memory)).toEqual(executed(nest, data).get(memory));
  },
);

/** A multiple of what kernels want their chunks to be of. */
const GRAIN = 8;

/** What nests leave in memories if threads take the last steps of those that run together first, some at a time. */
function inChunks({ nests, scratch }: Steps, data: ReadonlyMap<Memory, TypedArray>): Map<Memory, TypedArray> {
  const memories = new Map(data);
  for (const [memory, size] of scratch) memories.set(memory, new arrays[memory.storage](size));
  for (let first = 0; first < nests.length;) {
    const count = nests.slice(first).findIndex(({ joined }) => !joined) + 1;
    const together = nests.slice(first, first + count);
    const steps = together.map((nest) => new Machine(nest, memories).routine.steps);
    expect(new Set(steps).size).toBe(1);
    const grain = Math.ceil(steps[0]! / 3 / GRAIN) * GRAIN;
    for (let begin = (Math.ceil(steps[0]! / grain) - 1) * grain; begin >= 0; begin -= grain)
      for (const nest of together) {
        const machine = new Machine(nest, memories).run(begin, Math.min(begin + grain, steps[0]!));
        for (const memory of memories.keys()) memories.set(memory, machine.read(memory));
      }
    first += count;
  }
  return memories;
}

test.for(Object.keys(layouts).flatMap((name) => sizes.map((size) => ({ name, size }))))(
  "a product $name is the same from panels in chunks: $size",
  ({ name, size }) => {
    const [nest, data] = product({ ...usual, ...layouts[name], sizes: size });
    const [{ memory }] = nest.stores as [Nest["stores"][0]];
    expect(inChunks(panels(nest), data).get(memory)).toEqual(executed(nest, data).get(memory));
  },
);

test("what the columns of a tile need is copied together with them; what all need, before", () => {
  const [nest] = product({
    ...usual,
    left: "steps first",
    sizes: { batch: 1, rows: 64, columns: 128, steps: 100 },
  });
  const shared = panels(nest).nests.map(({ name, joined, shared }) => [name, shared?.name, joined ?? false]);
  expect(shared).toEqual([
    ["product_panel1", undefined, false],
    ["product_panel0", "no", true],
    ["product", "no", false],
  ]);
});

test("what is unpacked from bytes has memory for a tile in each of 16 parts, and is unpacked again for each tile", () => {
  const [nest] = product({
    ...usual,
    storage: "i8",
    sizes: { batch: 1, rows: 64, columns: 520, steps: 50 },
  });
  const { nests, scratch } = panels(nest);
  expect([...scratch].map(([{ name }, size]) => [name, size])).toEqual([["product_tile0", 13 * 50 * 8]]);
  const [unpacking, products] = nests[0]!.stores as [Nest["stores"][0], Nest["stores"][0]];
  expect(nests).toHaveLength(1);
  expect(unpacking.loops.map(({ size }) => size)).toEqual([13, 5, 50, 8]);
  expect(products.loops.map(({ size }) => size)).toEqual([13, 5, 1, 16, 4, 8]);
  expect([...nests[0]!.sequential]).toContain(products.loops[1]);
});

test("what is long is shared: rows, if there are more of them", () => {
  const of = (rows: number, columns: number): (string | undefined)[] =>
    panels(product({ ...usual, sizes: { batch: 1, rows, columns, steps: 128 } })[0]).nests.map(
      ({ shared }) => shared?.name,
    );
  expect(of(64, 128)).toEqual(["no", "no"]);
  expect(of(128, 64)).toEqual([undefined, "mo"]);
});

test("rows are gone through one after another where arrays are read beside a short sum", () => {
  const [nest] = product({ ...usual, sizes: { batch: 1, rows: 64, columns: 128, steps: 100 } });
  const [store] = nest.stores as [Nest["stores"][0]];
  const value = op("add", store.value, load({ name: "residual", storage: "f32" }, store.address));
  const loops = (nest: Nest): string[] =>
    panels(nest)
      .nests.at(-1)!
      .stores[0]!.loops.map(({ name }) => name);
  expect(loops(nest)).toEqual(["b", "no", "mo", "mi", "ni"]);
  expect(loops({ ...nest, stores: [{ ...store, value }] })).toEqual(["b", "mo", "no", "mi", "ni"]);
});

test("what is computed for a whole row is computed before its elements are copied", () => {
  const [nest, data] = product({
    sizes: { batch: 1, rows: 64, columns: 128, steps: 64 },
    left: "rows first",
    right: "steps first",
    storage: "f32",
    before: plain,
    after: plain,
  });
  const [store] = nest.stores as [Nest["stores"][0]];
  const { reduction } = store.value as Extract<Expr, { kind: "reduced" }>;
  const [a, w] = (reduction.values[0] as Extract<Expr, { kind: "op" }>).args as [Expr, Expr];
  const [greatest] = reduce(maxOf("f32"), reduction.over, [a]);
  const [value] = reduce(reduction.monoid, reduction.over, [op("mul", op("sub", a, greatest!), w)]);
  const normal = { ...nest, stores: [{ ...store, value: value! }] };
  const steps = panels(normal);
  expect(
    steps.nests.find(({ name }) => name === "product_panel1")!.stores[0]!.loops.map(({ name }) => name),
  ).toEqual(["mo", "mi", "k"]);
  expect(inTurn(steps, data).get(store.memory)).toEqual(executed(normal, data).get(store.memory));
});

test("a small product is left as it is, unless its columns are apart", () => {
  const small = { batch: 1, rows: 16, columns: 16, steps: 16 };
  const of = (right: Layout["right"]) =>
    panels(
      product({ sizes: small, left: "rows first", right, storage: "f32", before: plain, after: plain })[0],
    ).nests;
  expect(of("steps first")).toHaveLength(1);
  expect(of("columns first")).toHaveLength(2);
});

test("windows that overlap are read where they lie", () => {
  const [m, n, k, l] = [new Loop(64, "m"), new Loop(64, "n"), new Loop(5, "k"), new Loop(32, "l")];
  const [x, w, out] = ["x", "w", "out"].map((name): Memory => ({ name, storage: "f32" })) as [
    Memory,
    Memory,
    Memory,
  ];
  const window = load(x, i(m).plus(i(k)).times(32).plus(i(l)));
  const weight = load(w, i(k).times(32).plus(i(l)).times(64).plus(i(n)));
  const [sum] = reduce(sumOf("f32"), [k, l], [op("mul", window, weight)]);
  const stores = [{ loops: [m, n], memory: out, address: i(m).times(64).plus(i(n)), value: sum! }];
  const nest: Nest = { name: "windows", stores, sequential: new Set() };
  const data = new Map<Memory, TypedArray>([
    [x, filled("f32", 68 * 32)],
    [w, filled("f32", 5 * 32 * 64)],
    [out, new Float32Array(64 * 64)],
  ]);
  const steps = panels(nest);
  expect(steps.nests).toHaveLength(2);
  expect(inTurn(steps, data).get(out)).toEqual(executed(nest, data).get(out));
});

/** `out(o, h, w) = ∑ x(c, h·stride + k, w·stride + l) · kernel(o, c, k, l)`, o being the outermost loop. */
function convolved(
  outs: number,
  channels: number,
  size: number,
  width: number,
  stride: number,
): [Nest, Map<Memory, TypedArray>] {
  const [o, h, w] = [new Loop(outs, "o"), new Loop(size, "h"), new Loop(size, "w")];
  const over = [new Loop(channels, "c"), new Loop(width, "k"), new Loop(width, "l")];
  const [c, k, l] = over.map(i) as [Affine, Affine, Affine];
  const wide = (size - 1) * stride + width;
  const [x, kernel, out] = ["x", "kernel", "out"].map((name): Memory => ({ name, storage: "f32" })) as [Memory, Memory, Memory]; // prettier-ignore
  const xAt = c.times(wide).plus(i(h).times(stride)).plus(k).times(wide).plus(i(w).times(stride)).plus(l);
  const kernelAt = i(o).times(channels).plus(c).times(width).plus(k).times(width).plus(l);
  const [sum] = reduce(sumOf("f32"), over, [op("mul", load(x, xAt), load(kernel, kernelAt))]);
  const address = i(o).times(size).plus(i(h)).times(size).plus(i(w));
  const stores = [{ loops: [o, h, w], memory: out, address, value: op("max", sum!, f32(0)) }];
  const data = new Map<Memory, TypedArray>([
    [x, filled("f32", channels * wide * wide)],
    [kernel, filled("f32", outs * channels * width * width)],
    [out, filled("f32", outs * size * size)],
  ]);
  return [{ name: "convolution", stores, sequential: new Set() }, data];
}

test.each([
  ["overlap", 7, 1],
  ["are apart", 6, 3],
])("where places of a window %s, all of them are rows for some columns", (_, size, stride) => {
  const [nest, data] = convolved(24, 96, size, 3, stride);
  const steps = panels(nest);
  expect(steps.scratch.size).toBe(1);
  const loopsOf = (name: string) =>
    steps.nests.find((each) => each.name === name)!.stores[0]!.loops.map((loop) => loop.name);
  expect(loopsOf("convolution_panel0")).toEqual(["oo", "ckl", "oi"]);
  expect(loopsOf("convolution")).toEqual(["oo", "h", "wo", "wi", "oi"]);
  const [{ memory }] = nest.stores as [Nest["stores"][0]];
  expect(inTurn(steps, data).get(memory)).toEqual(executed(nest, data).get(memory));
});

test("a short sum is no product of a window", () => {
  expect(panels(convolved(24, 1, 64, 3, 1)[0]).nests).toHaveLength(1);
});
