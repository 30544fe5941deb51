import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 as crcOfNode, deflateRawSync } from "node:zlib";
import {
  ArgumentError,
  ArrayValue,
  ConcretizationError,
  config,
  CotangentError,
  DTypeError,
  FileError,
  files,
  makeJaxpr,
  numpy as np,
  random,
} from "cotangent";
import { afterAll, afterEach, expect, expectTypeOf, test, vi } from "vitest";
import { inflate } from "../../../src/files/inflate.ts";
import { crc32 } from "../../../src/files/zip.ts";
import golden from "../../goldens/files/numpy.json" with { type: "json" };
import { seeded } from "../seeded.ts";

interface Stored {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: string;
}
interface Case {
  readonly name: string;
  readonly bytes: string;
  readonly read: Stored | Readonly<Record<string, Stored>>;
  readonly same?: boolean;
}

const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));
const cases = golden.read as readonly Case[];
const bytesOf = (name: string): Uint8Array => fromBase64(cases.find((c) => c.name === name)!.bytes);

const folder = mkdtempSync(join(tmpdir(), "cotangent-numpy-"));
const path = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  config.enableX64 = false;
  vi.restoreAllMocks();
});

function expectStored(x: ArrayValue, { dtype, shape, data }: Stored): void {
  expect([x.dtype, x.shape]).toEqual([dtype, shape]);
  const { buffer, byteOffset, byteLength } = x.data;
  const words = new Uint8Array(buffer, byteOffset, byteLength);
  // Data of 16-bit floats is given as float32: the file of it has the bits.
  const bits = /float16/.test(dtype) ? files.encodeNpy(x).slice(-2 * x.size) : words;
  if (x.size > 0) expect(Buffer.from(bits).toString("base64")).toBe(data);
}

test.each(cases.map((c) => [c.name, c] as const))("np.load reads %s as NumPy does", (_name, c) => {
  config.enableX64 = true;
  const loaded = np.load(fromBase64(c.bytes));
  if (loaded instanceof ArrayValue) expectStored(loaded, c.read as Stored);
  else {
    const expected = c.read as Readonly<Record<string, Stored>>;
    expect(Object.keys(loaded)).toEqual(Object.keys(expected));
    for (const [name, x] of Object.entries(loaded)) expectStored(x, expected[name]!);
  }
});

test.each(cases.filter((c) => c.same).map((c) => [c.name, c] as const))(
  "%s is written byte for byte as by NumPy",
  (_name, c) => {
    config.enableX64 = true;
    const loaded = np.load(fromBase64(c.bytes));
    const bytes = loaded instanceof ArrayValue ? files.encodeNpy(loaded) : files.encodeNpz(loaded);
    expect(Buffer.from(bytes).equals(Buffer.from(c.bytes, "base64"))).toBe(true);
  },
);

test.each(golden.refused)("$name: refused", ({ bytes, why }) => {
  expect(() => np.load(fromBase64(bytes))).toThrow(why);
  expect(() => np.load(fromBase64(bytes))).toThrow(CotangentError);
});

test("without 64-bit dtypes, floats are rounded, and integers that do not fit are refused", () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  expect((np.load(bytesOf("float64")) as ArrayValue).dtype).toBe("float32");
  expect(() => np.load(bytesOf("extremes of 64 bits"))).toThrow(
    "which is no int32: set config.enableX64 = true",
  );
});

test("np.save and np.savez write files, and np.load reads them by their endings", () => {
  const x = np.arange(6).reshape([2, 3]);
  np.save(path("x.npy"), x);
  np.save(path("y"), [1, 2]);
  np.savez(path("both.npz"), { x, y: 3 });
  np.savez(path("list"), [x, true]);
  expect(readdirSync(folder).toSorted()).toEqual(["both.npz", "list.npz", "x.npy", "y.npy"]);
  expect(np.load(`${folder}/x.npy`).toList()).toEqual(x.toList());
  expect(np.load(`${folder}/y.npy`).dtype).toBe("float32");
  const both = np.load(`${folder}/both.npz`);
  expect([both["x"]!.toList(), both["y"]!.item()]).toEqual([x.toList(), 3]);
  expect(Object.keys(np.load(path("list.npz")))).toEqual(["arr_0", "arr_1"]);
  const bytes = readFileSync(path("x.npy"));
  expect((np.load(new Uint8Array(bytes).buffer) as ArrayValue).shape).toEqual([2, 3]);
});

test("the type of what is loaded follows the ending of the path", () => {
  expectTypeOf(() => np.load("a.npy")).returns.toEqualTypeOf<ArrayValue>();
  expectTypeOf(() => np.load("a.npz")).returns.toEqualTypeOf<Record<string, ArrayValue>>();
  expectTypeOf(() => np.load("a")).returns.toEqualTypeOf<ArrayValue | Record<string, ArrayValue>>();
});

test("a file is what its name says", () => {
  writeFileSync(path("wrong.npz"), files.encodeNpy(1));
  writeFileSync(path("wrong.npy"), files.encodeNpz({}));
  expect(() => np.load(path("wrong.npz"))).toThrow("this is an .npy file, and no .npz file");
  expect(() => np.load(path("wrong.npy"))).toThrow("this is an .npz file, and no .npy file");
  expect(() => files.decodeNpy(files.encodeNpz({}))).toThrow(
    "the bytes: this is an .npz file, and no .npy file",
  );
  expect(() => files.decodeNpz(files.encodeNpy(1))).toThrow(FileError);
  expect(files.decodeNpy(files.encodeNpy([1, 2])).toList()).toEqual([1, 2]);
  expect(files.decodeNpz(files.encodeNpz({ a: 3 }).slice().buffer)["a"]!.item()).toBe(3);
  expect(() => np.load(path("none.npy"))).toThrow(FileError);
  expect(() => np.load(3 as never)).toThrow(ArgumentError);
  expect(() => np.load(new Uint8Array())).toThrow("the bytes is neither an .npy nor an .npz file");
});

test("what cannot be written leaves the file that is there", () => {
  np.save(path("kept.npy"), 1);
  np.savez(path("kept.npz"), [1]);
  const before = ["kept.npy", "kept.npz"].map((name) => readFileSync(path(name)));
  expect(() => np.save(path("kept.npy"), random.key(0))).toThrow(
    "NumPy has no dtype key<fry>; random.keyData",
  );
  expect(() => np.savez(path("kept.npz"), { a: 1, b: random.key(0) })).toThrow(DTypeError);
  expect(() => np.savez(path("kept.npz"), { "a\0": 1 })).toThrow("no file in an archive can be called");
  expect(() => np.savez(path("kept.npz"), { "\ud800": 1 })).toThrow(ArgumentError);
  expect(() => np.savez(path("kept.npz"), np.ones([2]) as never)).toThrow(
    "takes an object of arrays, or a list",
  );
  expect(() => np.save(path("kept.npy"), np.ones(new Array<number>(65).fill(1)))).toThrow("65 axes");
  expect(() => makeJaxpr((x: ArrayValue) => (np.save(path("kept.npy"), x), x))(np.ones([2]))).toThrow(
    ConcretizationError,
  );
  expect(["kept.npy", "kept.npz"].map((name) => readFileSync(path(name)))).toEqual(before);
  expect(() => np.save(path("no/folder/x.npy"), 1)).toThrow(FileError);
  expect(existsSync(path("no"))).toBe(false);
  expect(() => np.save(3 as never, 1)).toThrow(ArgumentError);
});

const header = (text: string, data: readonly number[] = []): Uint8Array => {
  const bytes = new TextEncoder().encode(text);
  return Uint8Array.of(0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, bytes.length & 255, bytes.length >> 8, ...bytes, ...data);
}; // prettier-ignore

test.each([
  ["{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }", [1, 0, 2], "takes 4 bytes, and 3 follow"],
  [
    "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }",
    [1, 0, 2, 0, 0],
    "takes 4 bytes, and 5 follow",
  ],
  ["{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }", [2], "neither 0 nor 1"],
  ["{'descr': '|i1', 'fortran_order': False, 'shape': (99999999999999999999, 0), }", [], "sizes beyond 2^53"],
  ["{'descr': '|i1', 'fortran_order': False, 'shape': (-1,), }", [], "its header is"],
  ["{'descr': '|i1', 'fortran_order': 0, 'shape': (1,), }", [1], "its header is"],
  ["{'descr': '|i1', 'shape': (1,), }", [1], "it should have descr, fortran_order and shape"],
  ["{'descr': '|i1', 'descr': '|i1', 'fortran_order': False, 'shape': (1,), }", [1], '"descr" twice'],
  ["{'descr': '|i1', 'fortran_order': False, 'shape': (1,), 'more': True}", [1], "it should have descr"],
  ["{'descr': '|i1', 'fortran_order': False, 'shape': (1,)} + 1", [1], "goes on after its end"],
  ["__import__('os')", [], "its header is no dictionary"],
  ["{", [], "its header is"],
] as const)("the header %s is refused", (text, data, why) => {
  expect(() => np.load(header(text, data))).toThrow(why);
});

test("versions and lengths of headers that there are not are refused", () => {
  const bytes = files.encodeNpy([1, 2]);
  const changed = (at: number, byte: number): Uint8Array => bytes.with(at, byte);
  expect(() => np.load(changed(6, 4))).toThrow("it is of version 4.0; known are 1.0, 2.0 and 3.0");
  expect(() => np.load(changed(7, 1))).toThrow("it is of version 1.1");
  expect(() => np.load(changed(9, 0xff))).toThrow("its header would have 65398 bytes, more than 10000");
  expect(() => np.load(bytes.slice(0, 40))).toThrow("it is cut: it has 40 bytes");
});

test("an archive that is cut or changed anywhere is refused, or read as it was", () => {
  const archive = bytesOf("a compressed archive");
  const whole = files.decodeNpz(archive);
  const next = seeded(1);
  for (let i = 0; i < 200; i++) {
    const bytes = i % 2 === 0 ? archive.slice(0, next(archive.length)) : archive.slice();
    if (i % 2 === 1) bytes[next(bytes.length)]! ^= 1 << next(8);
    let loaded: ArrayValue | files.NpzArrays;
    try {
      loaded = np.load(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(FileError);
      continue;
    }
    // Dates, and other fields that say nothing about the arrays, may be changed; names are not protected.
    expect(Object.values(loaded).map(String)).toEqual(Object.values(whole).map(String));
  }
});

test("sizes in an archive are not believed, nor files that are encrypted, twice there, or in one another", () => {
  const archive = files.encodeNpz({ a: [1, 2], b: [3, 4] });
  const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer);
  const directory = view(archive).getUint32(archive.length - 6, true);
  const second = directory + 46 + "a.npy".length;
  const changed = (change: (data: DataView) => void): Uint8Array => {
    const bytes = archive.slice();
    change(view(bytes));
    return bytes;
  };
  const refused = (change: (data: DataView) => void, why: string): void => {
    expect(() => np.load(changed(change))).toThrow(why);
    expect(() => np.load(changed(change))).toThrow(FileError);
  };
  refused((data) => data.setUint16(directory + 8, 1, true), '"a.npy": it is encrypted');
  refused(
    (data) => data.setUint32(directory + 24, 1 << 30, true),
    "its 136 bytes cannot stand for 1073741824",
  );
  refused((data) => data.setUint32(directory + 20, 400, true), "its files overlap");
  refused((data) => data.setUint32(directory + 16, 1, true), "its bytes are not those of its checksum");
  refused((data) => data.setUint32(directory + 42, 1, true), "it is not where the directory says");
  refused((data) => data.setUint32(directory + 42, 1 << 30, true), "it is cut");
  refused((data) => data.setUint32(directory + 24, 0xffffffff, true), "its size is missing");
  refused((data) => data.setUint8(second + 46, "a".charCodeAt(0)), 'it has "a.npy" twice');
  refused((data) => data.setUint16(directory + 28, 2000, true), "its directory is cut");
  refused((data) => data.setUint32(archive.length - 6, directory - 1, true), "its directory is cut");
  refused((data) => data.setUint32(archive.length - 10, 1 << 30, true), "it is cut");
  expect(() => np.load(archive.slice(0, -1))).toThrow("it has no directory: it may be cut");
  // The deflated bytes say that they are more than the directory says.
  const packed = bytesOf("a compressed archive");
  const at = view(packed).getUint32(packed.length - 6, true);
  view(packed).setUint32(at + 24, 100, true);
  expect(() => np.load(packed)).toThrow("it holds more than the 100 bytes that it should");
});

test("checksums are those of zlib", () => {
  const bytes = new TextEncoder().encode("The quick brown fox jumps over the lazy dog");
  expect(crc32(bytes)).toBe(crcOfNode(bytes));
  expect(crc32(bytes.subarray(9), crc32(bytes.subarray(0, 9)))).toBe(crcOfNode(bytes));
});

const refuse = (what: string): never => {
  throw new Error(what);
};

test("what zlib has deflated, by any strategy and level, is inflated again", () => {
  const next = seeded(2);
  const texts: Record<string, (i: number) => number> = {
    "of one byte": () => 7,
    random: () => next(256),
    "of few bytes": () => next(3),
    skewed: () => Math.min(next(256), next(256), next(256)),
    repeating: (i) => ((i * i) % 251) & 31,
  };
  for (const at of Object.values(texts))
    for (const size of [0, 1, 300, 70_000])
      for (const options of [
        { level: 0 },
        { level: 1 },
        { level: 9 },
        { strategy: 2 },
        { strategy: 3 },
        { strategy: 4 },
      ]) {
        const bytes = Uint8Array.from({ length: size }, (_, i) => at(i));
        const back = inflate(deflateRawSync(bytes, options), size, refuse);
        expect(Buffer.from(back).equals(Buffer.from(bytes))).toBe(true);
      }
});

test.each([
  ["", "it ends too soon"],
  ["07", "it has a part of no kind"],
  ["0100000000", "the length of a part is wrong"],
  ["010a00f5ff00", "it ends too soon"],
  ["014000bfff" + "00".repeat(64), "it holds more than the 10 bytes"],
  ["030000", "it holds 0 bytes, and should hold 10"],
  ["0302", "it copies from before its start"],
  ["1b0300", "it has a length that there is not"],
])("the bytes %s are no deflated ones", (hex, why) => {
  expect(() => inflate(new Uint8Array(Buffer.from(hex, "hex")), 10, refuse)).toThrow(why);
});

test("deflated bytes that are changed end in a refusal or in as many bytes", () => {
  const next = seeded(3);
  const bytes = Uint8Array.from({ length: 3000 }, () => next(40));
  const packed = deflateRawSync(bytes);
  for (let i = 0; i < 500; i++) {
    const changed = new Uint8Array(packed);
    for (let flips = 1 + next(3); flips > 0; flips--) changed[next(changed.length)]! ^= 1 << next(8);
    try {
      expect(inflate(changed, bytes.length, refuse)).toHaveLength(bytes.length);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
      expect((error as Error).message).toMatch(/^(it|its|the) /);
    }
  }
});
