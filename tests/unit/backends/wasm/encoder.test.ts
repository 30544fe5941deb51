import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Bytes } from "../../../../src/backends/wasm/bytes.ts";
import type { Code } from "../../../../src/backends/wasm/code.ts";
import { ModuleBuilder } from "../../../../src/backends/wasm/encoder.ts";
import { hasRelaxedSimd, hasThreads } from "../../../../src/backends/wasm/features.ts";
import { type Opcode, opcodes, type ValType } from "../../../../src/backends/wasm/opcodes.ts";
import { moduleOf, names, programs } from "./opcode-modules.ts";

type Exported = (...args: (number | bigint)[]) => number | bigint | undefined;

/** The function that `body` writes, in a module with a memory of one page. */
function run(params: readonly ValType[], results: readonly ValType[], body: (code: Code) => void) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new ModuleBuilder();
  module.importMemory("host", "memory", { initial: 1 });
  module.function(params, results, body, "f");
  return { f: instance(module, { host: { memory } })["f"]!, memory };
}

function instance(module: ModuleBuilder, imports: WebAssembly.Imports = {}): Record<string, Exported> {
  const bytes = module.finish();
  expect(WebAssembly.validate(bytes)).toBe(true);
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports as Record<string, Exported>;
}

const written = (write: (bytes: Bytes) => void): number[] => {
  const bytes = new Bytes();
  write(bytes);
  return [...bytes.view()];
};

describe("LEB128", () => {
  const value = (bytes: readonly number[]) =>
    bytes.reduce((sum, byte, i) => sum + (BigInt(byte & 0x7f) << BigInt(7 * i)), 0n);
  const signed = (bytes: readonly number[]) => BigInt.asIntN(7 * bytes.length, value(bytes));
  const wellFormed = (bytes: readonly number[]) =>
    bytes.every((byte, i) => byte >> 7 === (i < bytes.length - 1 ? 1 : 0));
  const bits = (x: bigint) => (x < 0n ? -x - 1n : x).toString(2).replace(/^0$/, "").length;

  test("u32 is the number in groups of 7 bits, in the fewest bytes", () => {
    const integers = fc.oneof(
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      fc.nat(31).map((n) => 2 ** n),
    );
    fc.assert(
      fc.property(integers, (x) => {
        const bytes = written((out) => out.u32(x));
        expect(wellFormed(bytes)).toBe(true);
        expect(value(bytes)).toBe(BigInt(x));
        expect(bytes).toHaveLength(Math.max(1, Math.ceil(bits(BigInt(x)) / 7)));
      }),
    );
  });

  test("s32 is the number with these 32 bits, with its sign, in the fewest bytes", () => {
    const short = fc.tuple(fc.integer(), fc.nat(31)).map(([x, shift]) => x >> shift);
    fc.assert(
      fc.property(fc.oneof(short, fc.integer({ min: 2 ** 31, max: 2 ** 32 - 1 })), (x) => {
        const bytes = written((out) => out.s32(x));
        expect(wellFormed(bytes)).toBe(true);
        expect(signed(bytes)).toBe(BigInt(x | 0));
        expect(bytes).toHaveLength(Math.ceil((bits(BigInt(x | 0)) + 1) / 7));
      }),
    );
  });

  test("s64 is the number with these 64 bits, with its sign, in the fewest bytes", () => {
    const integers = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(integers, fc.nat(63), (x, shift) => {
        const y = x >> BigInt(shift);
        const bytes = written((out) => out.s64(y));
        expect(wellFormed(bytes)).toBe(true);
        expect(signed(bytes)).toBe(BigInt.asIntN(64, y));
        expect(bytes).toHaveLength(Math.ceil((bits(BigInt.asIntN(64, y)) + 1) / 7));
      }),
    );
  });

  test("numbers out of range are refused", () => {
    for (const x of [-1, 2 ** 32, 0.5, Number.NaN])
      expect(() => written((out) => out.u32(x))).toThrow(RangeError);
    for (const x of [-(2 ** 31) - 1, 2 ** 32, 0.5])
      expect(() => written((out) => out.s32(x))).toThrow(RangeError);
    for (const x of [-(2n ** 63n) - 1n, 2n ** 64n])
      expect(() => written((out) => out.s64(x))).toThrow(RangeError);
  });
});

describe("instructions", () => {
  const supported = (name: Opcode) => !name.includes("relaxed") || hasRelaxedSimd();

  test("every instruction is written by some method", () => {
    expect(names.length).toBe(335);
    expect(names.filter((name) => opcodes[name].type === null && !programs[name])).toEqual([]);
  });

  test.each(names.filter(supported))("%s takes and leaves what its row says", (name) => {
    expect(WebAssembly.validate(moduleOf([name]))).toBe(true);
  });

  test.each(names.filter((name) => opcodes[name].width > 0))(
    "%s touches as many bytes as its row says",
    (name) => {
      const bytes = moduleOf([name]);
      // The module ends with the exponent of the alignment, the offset, perhaps a lane, perhaps a drop, and an end.
      const at = bytes.length - (name.endsWith("_lane") ? 4 : 3);
      expect(2 ** bytes[at]!).toBe(opcodes[name].width);
      bytes[at]! += 1;
      expect(WebAssembly.validate(bytes)).toBe(false);
    },
  );

  test("relaxed SIMD and threads are what the engine validates", () => {
    expect(hasRelaxedSimd()).toBe(WebAssembly.validate(moduleOf(["f64x2.relaxed_nmadd"])));
    expect(hasThreads()).toBe(true); // in every Node
  });
});

describe("constants", () => {
  test("integers come back from the module", () => {
    fc.assert(
      fc.property(fc.integer(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (x, y) => {
        expect(run([], ["i32"], (code) => code.i32Const(x)).f()).toBe(x);
        expect(run([], ["i64"], (code) => code.i64Const(y)).f()).toBe(y);
      }),
      { numRuns: 50 },
    );
  });

  test("floats come back with their bits: -0, subnormals, and NaNs of any payload", () => {
    for (const x of [0, -0, 1.5, -Infinity, 2 ** -149, Math.fround(0.1), Number.NaN])
      expect(run([], ["f32"], (code) => code.f32Const(x)).f()).toBe(x);
    for (const x of [0, -0, 0.1, Infinity, 5e-324, Number.NaN])
      expect(run([], ["f64"], (code) => code.f64Const(x)).f()).toBe(x);
    for (const bits of [0x7fc0_0000, 0xffa0_1234, 0x7f80_0001, 0x8000_0000])
      expect(run([], ["i32"], (code) => code.f32Bits(bits).op("i32.reinterpret_f32")).f()).toBe(bits | 0);
    for (const bits of [0x7ff0_0000_0000_0001n, 0xfff8_1234_5678_9abcn, 1n << 63n])
      expect(run([], ["i64"], (code) => code.f64Bits(bits).op("i64.reinterpret_f64")).f()).toBe(
        BigInt.asIntN(64, bits),
      );
    const canonical = run([], ["i32"], (code) => code.f32Const(Number.NaN).op("i32.reinterpret_f32"));
    expect(canonical.f()).toBe(0x7fc0_0000);
  });

  test("a vector has its bytes in the order of memory", () => {
    const bytes = Array.from({ length: 16 }, (_, i) => 255 - i);
    const { f, memory } = run([], [], (code) => code.i32Const(32).v128Const(bytes).store("v128.store"));
    f();
    expect([...new Uint8Array(memory.buffer, 32, 16)]).toEqual(bytes);
    expect(() => run([], ["v128"], (code) => code.v128Const([1, 2]))).toThrow("16 integers in [0, 256)");
    expect(() => run([], ["v128"], (code) => code.shuffle(Array(16).fill(32)))).toThrow("[0, 32)");
  });
});

describe("programs", () => {
  test("a loop sums the integers below n", () => {
    const { f } = run(["i32"], ["i32"], (code) => {
      const sum = code.local("i32");
      code.block().loop();
      code.localGet(0).op("i32.eqz").brIf(1);
      code.localGet(0).i32Const(-1).op("i32.add").localTee(0).localGet(sum).op("i32.add").localSet(sum);
      code.br(0).end().end().localGet(sum);
    });
    expect(f(1000)).toBe(499_500);
  });

  test("if leaves a value of either branch", () => {
    const { f } = run(["i32"], ["f64"], (code) => {
      code.localGet(0).if("f64").f64Const(1).else().f64Const(-1).end();
    });
    expect([f(7), f(0)]).toEqual([1, -1]);
  });

  test("br_table goes to the label of the number, or to the last", () => {
    const { f } = run(["i32"], ["i32"], (code) => {
      code.block().block().block().localGet(0).brTable([0, 1], 2).end();
      code.i32Const(10).return().end().i32Const(20).return().end().i32Const(30);
    });
    expect([f(0), f(1), f(2), f(-1)]).toEqual([10, 20, 30, 30]);
  });

  test("loads and stores of vectors add 4 floats at a time, at offsets of any size", () => {
    const { f, memory } = run(["i32"], [], (code) => {
      code.localGet(0).localGet(0).load("v128.load", { offset: 16, align: 4 });
      code.localGet(0).load("v128.load", { align: 1 }).op("f32x4.add").store("v128.store", { offset: 32 });
    });
    new Float32Array(memory.buffer).set([1, 2, 3, 4, 10, 20, 30, 40]);
    f(0);
    expect([...new Float32Array(memory.buffer, 32, 4)]).toEqual([11, 22, 33, 44]);
    const far = run([], ["i32"], (code) => code.i32Const(0).load("i32.load", { offset: 2 ** 32 - 1 }));
    expect(() => far.f()).toThrow("out of bounds");
    expect(() => run([], [], (code) => code.load("i32.load", { align: 8 }))).toThrow(
      "power of 2 up to its 4",
    );
    expect(() => run([], [], (code) => code.load("i32.load", { align: 3 }))).toThrow(
      "power of 2 up to its 4",
    );
  });

  test("lanes are loaded, taken, replaced, shuffled and stored", () => {
    const { f, memory } = run([], ["f32"], (code) => {
      const x = code.local("v128");
      code.i32Const(0).i32Const(0).load("v128.load32_splat").loadLane("v128.load32_lane", 2, { offset: 4 });
      code.f32Const(9).lane("f32x4.replace_lane", 3).localTee(x).localGet(x);
      code.shuffle([12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 16, 17, 18, 19]).localSet(x);
      code.i32Const(32).localGet(x).store("v128.store");
      code
        .i32Const(64)
        .localGet(x)
        .storeLane("v128.store32_lane", 1)
        .localGet(x)
        .lane("f32x4.extract_lane", 0);
    });
    new Float32Array(memory.buffer).set([5, 6]);
    expect(f()).toBe(9);
    expect([...new Float32Array(memory.buffer, 32, 4)]).toEqual([9, 6, 5, 5]);
    expect(new Float32Array(memory.buffer)[16]).toBe(6);
  });

  test("memory is copied, filled and measured", () => {
    const { f, memory } = run([], ["i32"], (code) => {
      code.i32Const(8).i32Const(7).i32Const(4).op("memory.fill");
      code.i32Const(10).i32Const(8).i32Const(4).op("memory.copy");
      code.i32Const(1).op("memory.grow").op("drop").op("memory.size");
    });
    expect(f()).toBe(2);
    expect([...new Uint8Array(memory.buffer, 8, 7)]).toEqual([7, 7, 7, 7, 7, 7, 0]);
  });

  test("atomics work on shared memory", () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
    const module = new ModuleBuilder();
    module.importMemory("host", "memory", { initial: 1, maximum: 2, shared: true });
    module.function(
      ["i32"],
      ["i32"],
      (code) => code.i32Const(0).localGet(0).atomic("i32.atomic.rmw.add", { offset: 4 }).op("atomic.fence"),
      "f",
    );
    const { f } = instance(module, { host: { memory } });
    expect([f!(5), f!(6)]).toEqual([0, 5]);
    expect(new Int32Array(memory.buffer)[1]).toBe(11);
  });

  test("functions call imports, functions that are defined later, and those of a table by number", () => {
    const module = new ModuleBuilder();
    const twice = module.importFunction("host", "twice", ["i32"], ["i32"]);
    const later = module.declare(["i32"], ["i32"]);
    module.function(["i32"], ["i32"], (code) => code.localGet(0).call(later).call(twice), "direct");
    module.define(later, (code) => code.localGet(0).i32Const(1).op("i32.add"));
    const square = module.function(["i32"], ["i32"], (code) => code.localGet(0).localGet(0).op("i32.mul"));
    module.table([twice]);
    const table = module.table([later, square, twice]);
    module.function(
      ["i32", "i32"],
      ["i32"],
      (code) => code.localGet(1).localGet(0).callIndirect(["i32"], ["i32"], table),
      "kernel",
    );
    const { direct, kernel } = instance(module, { host: { twice: (x: number) => 2 * x } });
    expect(direct!(20)).toBe(42);
    expect([0, 1, 2].map((number) => kernel!(number, 9))).toEqual([10, 81, 18]);
    expect(() => kernel!(3, 9)).toThrow(WebAssembly.RuntimeError);
  });

  test("globals keep their values between calls", () => {
    const module = new ModuleBuilder();
    const count = module.global("i64", true, 40n);
    const step = module.global("f64", false, -0);
    module.function([], ["f64"], (code) => code.globalGet(step), "step");
    module.function(
      [],
      ["i64"],
      (code) => code.globalGet(count).i64Const(1n).op("i64.add").globalSet(count).globalGet(count),
      "next",
    );
    const { next, step: first } = instance(module);
    expect([next!(), next!(), first!()]).toEqual([41n, 42n, -0]);
  });

  test("locals of several types, in any order, have the indices that were given", () => {
    const types: ValType[] = ["i32", "f32", "f32", "i32", "f64", "v128", "i64", "i64"];
    const { f } = run(["i32"], ["i64"], (code) => {
      const locals = types.map((type) => code.local(type));
      expect(locals).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      code
        .i64Const(3n)
        .localSet(locals[7]!)
        .i32Const(2)
        .localSet(locals[3]!)
        .f64Const(1)
        .localSet(locals[4]!);
      code.localGet(locals[3]!).op("i64.extend_i32_u").localGet(locals[7]!).op("i64.add");
    });
    expect(f(0)).toBe(5n);
  });

  test("a body of hundreds of kilobytes is written in time linear in its size", () => {
    const terms = 100_000;
    const { f } = run(["i32"], ["i32"], (code) => {
      code.i32Const(0);
      for (let i = 0; i < terms; i++) code.localGet(0).op("i32.add");
    });
    expect(f(3)).toBe(3 * terms);
  });
});

describe("errors", () => {
  const body = (write: (code: Code) => void) => () => new ModuleBuilder().function([], [], write);

  test("blocks that do not match are refused where the function is written", () => {
    expect(body((code) => code.block().loop().end())).toThrow(
      "the blocks of a function do not match: no end of block",
    );
    expect(body((code) => code.block().end().end())).toThrow("end of no block");
    expect(body((code) => code.block().else())).toThrow("else in block");
    expect(body((code) => code.i32Const(1).if().else().else())).toThrow("else in else");
    expect(body((code) => code.block().br(2).end())).toThrow("label 2 where 1 are open");
    expect(body((code) => code.br(0))).not.toThrow();
  });

  test("functions are imported first and defined once each", () => {
    const module = new ModuleBuilder();
    const f = module.declare([], []);
    expect(() => module.finish()).toThrow("function 0 is not defined");
    module.define(f, () => {});
    expect(() => module.define(f, () => {})).toThrow("function 0 is defined already");
    expect(() => module.define(1, () => {})).toThrow("function 1 is not declared");
    expect(() => module.importFunction("host", "g", [], [])).toThrow("host.g is imported after");
  });

  test("shared memory needs a maximum", () => {
    const limits = { initial: 1, shared: true };
    expect(() => new ModuleBuilder().importMemory("host", "memory", limits)).toThrow("needs a maximum");
  });
});
