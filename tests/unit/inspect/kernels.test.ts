import { inspect as nodeInspect } from "node:util";
import { describe, expect, test } from "vitest";
import {
  type ArrayValue,
  type DType,
  grad,
  inspect,
  lax,
  nn,
  numpy as np,
  pureCallback,
  ShapeDtypeStruct,
} from "cotangent";
import { currentBackend } from "../../../src/core/backend.ts";
import { withoutSources } from "../../settings.ts";

withoutSources();

const f32 = (...shape: number[]): ShapeDtypeStruct => new ShapeDtypeStruct(shape, "float32");

test("softmax is one kernel, which reads its rows and writes them once", () => {
  const result = inspect.kernels((x: ArrayValue) => nn.softmax(x))(f32(64, 128));
  expect(result.kernels.map(({ id, reads, writes }) => ({ id, reads, writes }))).toEqual([
    {
      id: "k0",
      reads: [{ name: "a", aval: "f32[64,128]", bytes: 32_768 }],
      writes: [{ name: "h", aval: "f32[64,128]", bytes: 32_768 }],
    },
  ]);
  expect(result.kernels[0]!.equations.map(({ primitive }) => primitive)).toEqual(
    result.program.jaxpr.eqns.map((eqn) => eqn.primitive.primitive),
  );
  expect(result.memory).toMatchObject({ temporaryBytes: 0, unsharedBytes: 0, temporaries: [] });
  expect(result.bytes).toBe(65_536);
});

test("as text", () => {
  const f = (w: ArrayValue, x: ArrayValue) => np.multiply(np.matmul(w, np.tanh(x)), 2);
  const result = inspect.kernels(f)(f32(6, 5), f32(5, 8));
  expect(String(result).replace(/module of [\d,]+/, "module of …")).toMatchInlineSnapshot(`
    "k0: all that it is made of is there from the start
      c:f32[5,8] = tanh b
      reads   b:f32[5,8] 160 bytes
      writes  c:f32[5,8] 160 bytes
      loops   i0i1 40 by 8 in 4 lanes
      cost    40 flops, 320 bytes

    k1: d = dot_general reads the elements of its operands many times, so c of k0 is stored before
      d:f32[6,8] = dot_general[ dimension_numbers=(([1], [0]), ([], [])) preferred_element_type=float32 ] a c
      e:f32[6,8] = mul d 2.0:f32[]
      reads   a:f32[6,5] 120 bytes, c:f32[5,8] 160 bytes
      writes  e:f32[6,8] 192 bytes
      loops   i0 6 by 4, then 2; i1 8 by 8 in 4 lanes; over r5_0 5
      cost    528 flops, 472 bytes

    working memory: 704 bytes, of which temporaries 192, which would be 192 apart
      at 512: c:f32[5,8] 160 bytes
    2 kernels, 568 flops, 792 bytes; a module of … bytes"
  `);
  expect(nodeInspect(result)).toBe(String(result));
});

type Fn = (...xs: ArrayValue[]) => unknown;
const table: readonly (readonly [because: string, f: Fn, args: readonly ShapeDtypeStruct[]])[] = [
  ["all that it is made of is there from the start", (x) => np.sin(x), [f32(4)]],
  [
    "d = dot_general reads the elements of its operands many times, so c of k0 is stored before",
    (x, y) => np.matmul(np.tanh(x!), y!),
    [f32(4, 3), f32(3, 2)],
  ],
  [
    "c = cumsum goes along its axis step by step, in loops of its own",
    (x) => {
      const y = np.tanh(x!);
      return [y, np.cumsum(y)];
    },
    [f32(9)],
  ],
  [
    "k0 goes along an axis step by step, in loops of its own",
    (x) => {
      const sums = np.cumsum(x!);
      return [np.exp(np.tanh(sums)), sums];
    },
    [f32(9)],
  ],
  [
    "c = reduce_sum is no array of 9 rows, which k0 computes one after the other",
    (x) => np.sum(np.sum(x!, 1), 0),
    [f32(9, 5)],
  ],
  [
    "d = reduce_sum would have k0 compute c once more for each element that reads it",
    (x, y) => np.sum(np.matmul(x!, y!), 1),
    [f32(9, 3), f32(3, 2)],
  ],
  ["it is made of what sort computes, a step of its own", (x) => np.exp(np.sort(x!)), [f32(9)]],
  [
    "k0 would have 2 rows, too few for threads to share",
    (x) => {
      const sums = np.sum(x!, 1, { keepdims: true });
      return np.divide(np.exp(x!), sums);
    },
    [f32(2, 100_000)],
  ],
  [
    "d = add reads other rows of b, which k0 computes, than its own",
    (x) => {
      const sums = np.sum(x!, 1);
      return np.add(sums, np.flip(sums));
    },
    [f32(9, 5)],
  ],
  [
    "k0, which needs 256 operations for a row, would be too large with jx = add",
    (x) => {
      const steps = [x!];
      for (let i = 0; i < 257; i++) steps.push(np.add(steps.at(-1)!, i));
      return steps;
    },
    [f32(9)],
  ],
];
describe("why a kernel begins", () => {
  test.each(table)("%s", (because, f, args) => {
    expect(
      inspect
        .kernels(f)(...args)
        .kernels.map((kernel) => kernel.because),
    ).toContain(because);
  });
});

test("an equation that several kernels compute names the others", () => {
  const f = (x: ArrayValue) => {
    const y = np.multiply(x, 2);
    return [np.sum(y, 0), np.sum(y, 1)];
  };
  const { kernels } = inspect.kernels(f)(f32(30, 20));
  expect(kernels.map(({ id, equations }) => [id, equations[0]!.primitive, equations[0]!.again])).toEqual([
    ["k0", "mul", ["k1"]],
    ["k1", "mul", ["k0"]],
  ]);
});

test("branches and loops hold their kernels; a carry is in place or in two memories in turn, and what is unchanged is none", () => {
  const f = (x: ArrayValue, table: ArrayValue) =>
    lax.scan(
      ([h, log, fixed]: ArrayValue[], i: ArrayValue) => [
        [
          np.tanh(np.matmul(fixed!, h!)),
          lax.dynamicUpdateSlice(log!, np.reshape(np.sum(h!), [1]), [i]),
          fixed!,
        ],
        null,
      ],
      [x, np.zeros([10]), table],
      np.arange(10),
    )[0];
  const { steps, kernels } = inspect.kernels(f as Fn)(f32(8), f32(8, 8));
  const scan = steps.find((step) => step.kind === "scan")!;
  expect(scan).toMatchObject({ kind: "scan", length: 10, bodies: [{ name: "body, 10 times" }] });
  expect("carries" in scan && scan.carries.map(({ aval, memory }) => [aval, memory])).toEqual([
    ["f32[8]", "two in turn"],
    ["f32[10]", "in place"],
  ]);
  expect(kernels.filter(({ inPlace }) => inPlace !== undefined)).toHaveLength(1);
});

test("of a branch the dearest counts, of a scan each turn", () => {
  const branches = (x: ArrayValue) =>
    lax.cond(
      np.greater(np.sum(x), 0),
      (y: ArrayValue) => np.sin(y),
      (y: ArrayValue) => np.exp(np.sin(y)),
      x,
    );
  const cond = inspect.kernels(branches)(f32(100));
  const [test, ...branch] = cond.kernels.map(({ flops }) => flops);
  expect([...branch].sort((a, b) => a - b)).toEqual([100, 200]);
  expect(cond.flops).toBe(test! + 200);
  const turns = (x: ArrayValue) => lax.foriLoop(0, 7, (_: ArrayValue, y: ArrayValue) => np.sin(y), x);
  expect(inspect.kernels(turns)(f32(100)).flops).toBeGreaterThanOrEqual(700);
});

test("what runs on the host says why", () => {
  const shape = f32(3);
  const f = (x: ArrayValue) => pureCallback((y: ArrayValue) => y, shape, np.sin(x));
  const hosts = inspect
    .kernels(f as Fn)(shape)
    .steps.filter((step) => step.kind === "host");
  expect(hosts.map(({ equation, because }) => [equation, because])).toEqual([
    ["c:f32[3] = pure_callback b", "it calls a function of the user's"],
  ]);
});

test("a primitive with statements of its own is a kernel without loops, between two that have them", () => {
  const { kernels } = inspect.kernels((x: ArrayValue) => np.sort(np.sin(x)))(f32(9));
  const sorting = kernels.filter(({ equations }) => equations.at(-1)!.primitive === "sort");
  expect(sorting.map(({ because }) => because)).toContain(
    "sort has statements of its own, which work on arrays in memory",
  );
  expect(sorting.map(({ functions }) => functions.flatMap(({ loops }) => loops).length === 0)).toEqual([
    false,
    true,
    false,
  ]);
});

test("temporaries whose bytes overlap are listed at their places, and take less together", () => {
  const f = (x: ArrayValue) => {
    let y = x;
    for (let i = 0; i < 5; i++) y = np.matmul(y, x);
    return y;
  };
  const { memory } = inspect.kernels(f)(f32(64, 64));
  expect(memory.temporaries.map(({ bytes }) => bytes)).toEqual([16_384, 16_384, 16_384, 16_384]);
  expect(memory.temporaryBytes).toBe(2 * 16_384);
  expect(memory.unsharedBytes).toBe(4 * 16_384);
  expect(memory.bytes).toBeGreaterThanOrEqual(memory.temporaryBytes);
});

test("work enough for threads is cut into chunks, and a small kernel is not", () => {
  const f = (x: ArrayValue) => np.matmul(x, x);
  const chunksOf = (size: number): number =>
    inspect.kernels(f)(f32(size, size)).kernels[0]!.functions.at(-1)!.chunks;
  expect(chunksOf(8)).toBe(1);
  expect(chunksOf(256)).toBeGreaterThan(1);
});

test("the loops cover each step once", () => {
  const { kernels } = inspect.kernels(grad((x: ArrayValue) => np.sum(np.tanh(np.matmul(x, x)))))(f32(13, 13));
  for (const { functions } of kernels)
    for (const { size, turns } of functions.flatMap(({ loops }) => loops)) {
      let at = 0;
      for (const { from, to, step } of turns) {
        expect([from, (to - from) % step]).toEqual([at, 0]);
        at = to;
      }
      expect(at).toBe(size);
    }
});

test("the module is valid, and nothing is run, whatever the current backend is", () => {
  const before = currentBackend();
  const f = (x: ArrayValue) => np.cumsum(np.flip(x));
  const { wasm } = inspect.kernels(f)(f32(4));
  expect(WebAssembly.validate(wasm as Uint8Array<ArrayBuffer>)).toBe(true);
  expect(currentBackend()).toBe(before);
});

test("the functions are there as statements", () => {
  const { statements } = inspect.kernels((x: ArrayValue) => np.negative(x))(f32(4));
  expect(statements).toContain("neg(begin, end) {");
  expect(statements).toContain("f32x4[");
});

test("as data it is JSON, with the size of the module for its bytes", () => {
  const result = inspect.kernels((x: ArrayValue) => np.sin(x))(f32(4));
  const data = JSON.parse(JSON.stringify(result)) as Record<string, unknown>;
  expect(data).toMatchObject({ flops: 4, bytes: 32, moduleBytes: result.wasm.length });
  expect(data["steps"]).toMatchObject([{ kind: "kernel", id: "k0", functions: [{ chunks: 1 }] }]);
});

test("a program is compiled as the function that it was traced from", () => {
  const f = (x: ArrayValue) => np.sin(np.multiply(x, 2));
  expect(inspect.Kernels.of(inspect.stages(f)(f32(4)).traced).toJSON()).toEqual(
    inspect.kernels(f)(f32(4)).toJSON(),
  );
});

test.each<readonly [DType, bytes: number]>([
  ["bool", 8],
  ["int8", 8],
  ["bfloat16", 16],
  ["float16", 16],
  ["complex64", 64],
])("8 elements of %s are %i bytes", (dtype, bytes) => {
  const [kernel] = inspect.kernels((x: ArrayValue) => np.transpose(x))(
    new ShapeDtypeStruct([2, 4], dtype),
  ).kernels;
  expect(kernel).toMatchObject({ reads: [{ bytes }], writes: [{ bytes }], bytes: 2 * bytes });
});
