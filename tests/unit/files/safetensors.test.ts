import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ArrayValue,
  config,
  type DType,
  evalShape,
  files,
  lax,
  nn,
  numpy as np,
  random,
  tree,
} from "cotangent";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { host } from "../../../src/host/node.ts";
import { values } from "../arrays.ts";

const folder = mkdtempSync(join(tmpdir(), "cotangent-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  config.enableX64 = false;
  vi.restoreAllMocks();
});

/** What Hugging Face's library wrote: tests/referee/safetensors_files.py. */
const golden = new URL("../../goldens/files/dtypes.safetensors", import.meta.url).pathname;
const bytesOf = (path: string): Uint8Array => new Uint8Array(readFileSync(path));

/** A file with this header, whatever it says, and `size` bytes of data. */
function fileOf(header: unknown, size = 0): Uint8Array {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = Buffer.alloc(8 + text.length + size);
  bytes.writeBigUInt64LE(BigInt(text.length));
  text.copy(bytes, 8);
  return new Uint8Array(bytes);
}
const tensor = (dtype: string, shape: unknown, offsets: unknown) => ({ dtype, shape, data_offsets: offsets });

/** The error that `body` throws. */
function thrown(body: () => unknown): { readonly code: string; readonly message: string } {
  try {
    body();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error("nothing was thrown");
}

describe("a file of another library", () => {
  test("gives its arrays, of every dtype", () => {
    config.enableX64 = true;
    const file = files.openSafetensors(golden);
    expect(file.metadata).toEqual({ format: "pt" });
    expect(file.info("of.bfloat16")).toEqual({ dtype: "BF16", shape: [2, 3], bytes: 12 });
    const dtypes: DType[] = [
      ...(["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"] as const),
      ...(["float16", "bfloat16", "float32", "float64", "complex64"] as const),
    ];
    for (const dtype of dtypes) {
      const array = file.get(`of.${dtype}`);
      expect([array.dtype, array.shape]).toEqual([dtype, [2, 3]]);
    }
    expect(values(file.get("of.bool"))).toEqual([1, 0, 1, 1, 0, 1]);
    expect(values(file.get("of.int8"))).toEqual([0, 7, 14, 21, 28, 35]);
    expect(values(file.get("of.uint16"))).toEqual([1792, 5390, 8988, 12586, 16184, 19782]);
    expect(file.get("scalar").item()).toBe(1.5);
    expect(file.get("empty").shape).toEqual([0, 4]);
    file.close();
  });

  test("is written again byte for byte", () => {
    config.enableX64 = true;
    const file = files.openSafetensors(bytesOf(golden));
    const arrays = new Map(file.names.toReversed().map((name) => [name, file.get(name)]));
    const { metadata } = file;
    expect(files.encodeSafetensors(arrays, { metadata })).toEqual(bytesOf(golden));
  });

  test("gives 32-bit kin of 64-bit arrays, with one warning, and no integer that does not fit", () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const ints = fileOf({ a: tensor("I64", [2], [0, 16]), b: tensor("F64", [1], [16, 24]) }, 24);
    const data = new DataView(ints.buffer, ints.length - 24);
    data.setBigInt64(8, -3n, true);
    data.setFloat64(16, 0.1, true);
    const file = files.openSafetensors(ints);
    expect(file.get("a").dtype).toBe("int32");
    expect(values(file.get("a"))).toEqual([0, -3]);
    expect(file.get("b").item()).toBe(Math.fround(0.1));
    expect(warn).toHaveBeenCalledTimes(2);
    data.setBigInt64(0, 2n ** 31n, true);
    expect(thrown(() => file.get("a"))).toMatchObject({
      code: "files/range",
      message: expect.stringContaining("element 0 is 2147483648, which is no int32"),
    });
  });
});

describe("reading", () => {
  test("takes the bytes of a tensor when it is asked for, and of no other", () => {
    const opened = vi.spyOn(host.files!, "open");
    const file = files.openSafetensors(golden);
    const read = vi.spyOn(opened.mock.results[0]!.value as { read(): void }, "read");
    const { bytes } = file.info("of.float32");
    expect(read).not.toHaveBeenCalled();
    file.get("of.float32");
    expect(read.mock.calls.map(([into]: unknown[]) => (into as Uint8Array).length)).toEqual([bytes]);
    file.close();
  });

  test("does not keep the bytes it was given", () => {
    const bytes = files.encodeSafetensors({ x: np.array([1, 2]) });
    const x = files.openSafetensors(bytes.buffer as ArrayBuffer).get("x");
    bytes.fill(0);
    expect(values(x)).toEqual([1, 2]);
  });

  test("suggests the tensor that may be meant, and ends with close", () => {
    const file = files.openSafetensors(golden);
    expect(() => file.get("of.int9")).toThrow('has no tensor "of.int9"; did you mean "of.int8"?');
    file.close();
    file.close();
    expect(thrown(() => file.get("of.int8")).code).toBe("files/closed");
  });

  test("refuses dtypes of which there are no arrays, when they are asked for", () => {
    const file = files.openSafetensors(fileOf({ a: tensor("F8_E4M3", [2], [0, 2]) }, 2));
    expect(file.info("a")).toEqual({ dtype: "F8_E4M3", shape: [2], bytes: 2 });
    expect(() => file.get("a")).toThrow('tensor "a" is of dtype F8_E4M3, of which there are no arrays');
  });

  test("refuses booleans that are none", () => {
    const bytes = fileOf({ a: tensor("BOOL", [2], [0, 2]) }, 2);
    bytes[bytes.length - 1] = 2;
    expect(thrown(() => files.openSafetensors(bytes).get("a")).code).toBe("files/bool");
  });

  test("says why a file cannot be opened", () => {
    const of = (source: unknown) => thrown(() => files.openSafetensors(source as string));
    expect(of(at("none")).code).toBe("files/open");
    expect(of(at("none")).message).toContain("ENOENT");
    expect(of(folder).message).toContain("it is no regular file");
    expect(of(3)).toMatchObject({ code: "files/source" });
    expect(of(new Float32Array(2)).code).toBe("files/source");
  });

  test("says so where a file was cut after it was opened", () => {
    const path = at("cut.safetensors");
    files.saveSafetensors(path, { x: np.zeros([8]) });
    const file = files.openSafetensors(path);
    writeFileSync(path, bytesOf(path).subarray(0, 80));
    expect(thrown(() => file.get("x"))).toMatchObject({
      code: "files/read",
      message: expect.stringContaining("it was cut while it was open"),
    });
    file.close();
  });

  test("takes bytes, and no paths, where the host has no files", () => {
    const bytes = files.encodeSafetensors({ x: np.ones([2]) });
    const mutable = host as { files: typeof host.files };
    const { files: kept } = mutable;
    try {
      mutable.files = null;
      expect(values(files.openSafetensors(bytes).get("x"))).toEqual([1, 1]);
      expect(thrown(() => files.openSafetensors("x.safetensors"))).toMatchObject({
        code: "files/host",
        message: expect.stringContaining("give the bytes"),
      });
      expect(thrown(() => files.saveSafetensors("x", {})).code).toBe("files/host");
    } finally {
      mutable.files = kept;
    }
  });
});

describe("a header is refused where it", () => {
  const F32 = (shape: unknown, offsets: unknown) => tensor("F32", shape, offsets);
  test.each<[what: string, bytes: Uint8Array, why: string]>([
    ["is missing", new Uint8Array(7), "it has 7 bytes, fewer than the 8"],
    [
      "would be too long",
      Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 128),
      "would have 9223372036854775809 bytes, more than",
    ],
    ["is cut", fileOf("{} ").subarray(0, 9), "its header would have 3 bytes, and 1 follow"],
    ["is no UTF-8", fileOf({ x: 1 }).fill(255, 9, 10), "its header is not UTF-8"],
    ["is empty", fileOf(""), "at character 0 expected {, got its end"],
    ["begins with a byte order mark", fileOf("\ufeff{}"), "at character 0 expected {"],
    ["is a list", fileOf([]), "at character 0 expected {"],
    ["goes on after its end", fileOf("{} x"), "expected nothing but spaces after it"],
    ["does not end", fileOf('{"a'), 'at character 1 expected a string, got "\\"a"'],
    ["has half a character", fileOf('{"\\ud83d":{}}'), "expected a string of whole characters"],
    [
      "repeats a name",
      fileOf('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{}}'),
      'the key "a" occurs twice',
    ],
    ["repeats a key", fileOf('{"a":{"dtype":"U8","dtype":"I8"}}'), 'the key "dtype" occurs twice'],
    ["has another key", fileOf({ a: { scale: 1 } }), 'tensor "a" has an unknown key "scale"'],
    ["lacks a dtype", fileOf({ a: { shape: [], data_offsets: [0, 0] } }), 'tensor "a" has no dtype'],
    ["lacks a shape", fileOf({ a: { dtype: "U8", data_offsets: [0, 0] } }), 'tensor "a" has no shape'],
    ["lacks offsets", fileOf({ a: { dtype: "U8", shape: [] } }), 'tensor "a" has no data_offsets'],
    ["has one offset", fileOf({ a: F32([0], [0]) }), 'tensor "a" has 1 data_offsets'],
    [
      "has an unknown dtype",
      fileOf({ a: tensor("F33", [0], [0, 0]) }),
      'tensor "a" has the dtype "F33"; known are',
    ],
    ["has a dtype of Object's", fileOf({ a: tensor("toString", [0], [0, 0]) }), 'has the dtype "toString"'],
    [
      "has a negative size",
      fileOf({ a: F32([-1], [0, 0]) }),
      "expected a whole number from 0 to 2^53 - 1, got",
    ],
    ["has a fraction", fileOf('{"a":{"shape":[1.0]}}'), "expected a whole number"],
    ["has a number with an exponent", fileOf('{"a":{"shape":[1e3]}}'), "expected a whole number"],
    [
      "has a number that would be rounded",
      fileOf('{"a":{"shape":[9007199254740993]}}'),
      "expected a whole number",
    ],
    ["has a number that is none", fileOf('{"a":{"shape":[NaN]}}'), "expected a whole number"],
    ["has a comma too many", fileOf('{"a":{"shape":[1,]}}'), "expected a whole number"],
    ["has a nested list", fileOf('{"a":{"shape":[[1]]}}'), "expected a whole number"],
    ["has too large a shape", fileOf({ a: F32([2 ** 40, 2 ** 40, 0], [0, 0]) }), "could be counted"],
    ["has parts of a byte", fileOf({ a: tensor("F4", [3], [0, 1]) }, 1), "takes no whole number of bytes"],
    ["has offsets in the wrong order", fileOf({ a: F32([1], [4, 0]) }, 4), "it ends before it begins"],
    [
      "has a gap",
      fileOf({ a: F32([1], [0, 4]), b: F32([1], [8, 12]) }, 12),
      "the bytes from 4 on belong to none",
    ],
    [
      "has an overlap",
      fileOf({ a: F32([2], [0, 8]), b: F32([1], [4, 8]) }, 8),
      '"b" has the offsets [4, 8] and overlaps',
    ],
    [
      "has offsets for another shape",
      fileOf({ a: F32([3], [0, 8]) }, 8),
      "8 bytes; F32 of shape [3] takes 12 bytes",
    ],
    [
      "needs more bytes than there are",
      fileOf({ a: F32([3], [0, 12]) }, 8),
      "there are 8 bytes: it may be cut",
    ],
    ["leaves bytes over", fileOf({ a: F32([1], [0, 4]) }, 8), "the last 4 bytes belong to no tensor"],
    ["has metadata that is no text", fileOf({ __metadata__: { a: 1 } }), 'expected ", got "1}}"'],
  ])("%s", (_what, bytes, why) => {
    const error = thrown(() => files.openSafetensors(bytes));
    expect(error).toBeInstanceOf(Error);
    expect(error.code).toBe("files/safetensors");
    expect(error.message).toContain(why);
  });

  test("but not where it has spaces, and names that objects have", () => {
    const header =
      ' { "__proto__" : { "shape" : [ ] , "dtype":"U8","data_offsets":[0,1]}, "__metadata__": {"__proto__": ""} }\n ';
    const file = files.openSafetensors(fileOf(header, 1));
    expect(file.names).toEqual(["__proto__"]);
    expect(Object.entries(file.metadata)).toEqual([["__proto__", ""]]);
    expect(file.get("__proto__").item()).toBe(0);
  });
});

describe("writing", () => {
  test("gives the same bytes in whatever order the arrays are", () => {
    const [a, b] = [np.ones([3]), np.arange(3)];
    const metadata = { y: "1", x: "2" };
    const bytes = files.encodeSafetensors({ a, b }, { metadata });
    expect(files.encodeSafetensors(new Map([["b", b], ["a", a]]), { metadata: { x: "2", y: "1" } })).toEqual(bytes); // prettier-ignore
    expect(bytes[0]! % 8).toBe(0);
  });

  test("leaves the old file, and nothing else, where it fails", () => {
    const path = at("kept.safetensors");
    files.saveSafetensors(path, { x: np.ones([2]) });
    const old = bytesOf(path);
    const before = readdirSync(folder);
    const parts = function* () {
      yield new Uint8Array(9);
      throw new Error("no power");
    };
    expect(() => host.files!.write(path, parts())).toThrow("no power");
    expect(bytesOf(path)).toEqual(old);
    expect(readdirSync(folder)).toEqual(before);
  });

  test("writes the file that a link leads to", () => {
    symlinkSync(at("linked.safetensors"), at("link.safetensors"));
    files.saveSafetensors(at("linked.safetensors"), { x: np.zeros([1]) });
    files.saveSafetensors(at("link.safetensors"), { x: np.ones([1]) });
    expect(values(files.openSafetensors(at("linked.safetensors")).get("x"))).toEqual([1]);
  });

  test("refuses what cannot be written, by its place", () => {
    const of = (saved: unknown, options = {}) => thrown(() => files.encodeSafetensors(saved, options));
    expect(of({ a: [1] }).message).toContain("the leaf .a[0] is the number 1: only arrays are saved");
    expect(of({ "a.b": np.ones([1]), a: { b: np.ones([1]) } }).message).toContain(
      '.a.b and ["a.b"] would both be "a.b" in a file',
    );
    expect(of({ __metadata__: np.ones([1]) }).code).toBe("files/name");
    expect(of(new Map([["\ud800", np.ones([1])]])).code).toBe("files/name");
    expect(of(new Map([[{}, np.ones([1])]])).message).toContain("a key is no string");
    expect(of({}, { metadata: { a: 1 } }).code).toBe("files/metadata");
    expect(of({}, { metdata: {} }).message).toContain("did you mean metadata?");
    expect(thrown(() => files.saveSafetensors(at("no/folder"), {})).code).toBe("files/write");
    expect(thrown(() => files.saveSafetensors(3 as never, {})).code).toBe("files/source");
  });
});

describe("a model", () => {
  const model = new nn.MLP(3, 2, 4, 1, { key: random.key(0) });
  const other = new nn.MLP(3, 2, 4, 1, { key: random.key(1) });

  test("comes back as it was, under the paths of its arrays", () => {
    const path = at("mlp.safetensors");
    files.saveSafetensors(path, model);
    expect(files.openSafetensors(path).names).toEqual([
      "layers.0.bias",
      "layers.0.weight",
      "layers.1.bias",
      "layers.1.weight",
    ]);
    const before = tree.leaves(other);
    const loaded = files.loadSafetensors(path, other);
    expect(tree.equal(loaded, model)).toBe(true);
    expect(loaded).toBeInstanceOf(nn.MLP);
    expect(tree.leaves(other).every((leaf, i) => leaf === before[i])).toBe(true);
  });

  test("comes back where only its shapes and dtypes are known", () => {
    const shapes = evalShape((key: ArrayValue) => new nn.MLP(3, 2, 4, 1, { key }), random.key(1));
    const bytes = files.encodeSafetensors(model);
    const loaded = files.loadSafetensors(bytes, shapes) as unknown as nn.MLP;
    expect(values(loaded.forward(np.ones([3])))).toEqual(values(model.forward(np.ones([3]))));
    const none = files.encodeSafetensors({});
    expect(() => files.loadSafetensors(none, shapes, { strict: false })).toThrow("it differs in 4 names");
  });

  test("has keys of generators, and what is no array, as it had them", () => {
    const state = { key: random.split(random.key(3), 2), model, none: null, steps: np.array([3], "int32") };
    const bytes = files.encodeSafetensors(state);
    expect(files.openSafetensors(bytes).info("key")).toEqual({ dtype: "U32", shape: [2, 2], bytes: 16 });
    const like = {
      key: random.split(random.key(0), 2),
      model: other,
      none: null,
      steps: np.array([0], "int32"),
    };
    const loaded = files.loadSafetensors(bytes, like);
    expect(loaded.none).toBeNull();
    expect(values(random.keyData(loaded.key))).toEqual(values(random.keyData(state.key)));
    expect(values(random.bits(loaded.key.at(0).get()))).toEqual(values(random.bits(state.key.at(0).get())));
  });

  test("is not loaded from a file for another one, and every difference is told", () => {
    const bytes = files.encodeSafetensors({
      layers: [
        { weight: np.zeros([4, 2]), bias: lax.convertElementType(np.zeros([4]), "float16") },
        { weight: np.zeros([2, 4]), scale: np.ones([1]) },
      ],
    });
    const error = thrown(() => files.loadSafetensors(bytes, model));
    expect(error.code).toBe("files/names");
    expect(error.message.split("\n")).toEqual([
      "files.loadSafetensors: the file is not for this tree: it differs in 4 names",
      '  "layers.0.weight" is F32 of shape (4, 2) in the file; the tree takes F32 of shape (4, 3)',
      '  "layers.0.bias" is F16 of shape (4,) in the file; the tree takes F32 of shape (4,)',
      '  "layers.1.bias" is not in the file; the tree takes F32 of shape (2,)',
      '  "layers.1.scale" is in the file, and has no place in the tree',
    ]);
  });

  test("keeps what the file lacks, where it is not strict, and shapes fit all the same", () => {
    const like = { a: np.zeros([2]), b: np.ones([1]) };
    const loaded = files.loadSafetensors(
      files.encodeSafetensors({ a: np.ones([2]), c: np.ones([1]) }),
      like,
      {
        strict: false,
      },
    );
    expect(values(loaded.a)).toEqual([1, 1]);
    expect(loaded.b).toBe(like.b);
    const wrong = files.encodeSafetensors({ a: np.ones([3]) });
    expect(() => files.loadSafetensors(wrong, like, { strict: false })).toThrow("it differs in 1 name");
  });
});

describe("tensors that are made one after the other", () => {
  const made: string[] = [];
  const source = (name: string, dtype: files.TensorDType, bytes: readonly number[], size = bytes.length) => ({
    name,
    dtype,
    shape: [size],
    bytes: () => {
      made.push(name);
      return Uint8Array.from(bytes);
    },
  });

  test("are the file that saveSafetensors writes, and copy one byte for byte", () => {
    const tree = {
      b: np.arange(3),
      a: np.ones([2, 2]),
      flag: np.array([true]),
      half: np.ones([3], "bfloat16"),
    };
    files.saveSafetensors(at("whole.safetensors"), tree, { metadata: { format: "pt" } });
    const whole = bytesOf(at("whole.safetensors"));
    const file = files.openSafetensors(whole);
    const copies = file.names.map((name) => ({ name, ...file.info(name), bytes: () => file.bytes(name) }));
    files.writeTensors(at("copy.safetensors"), copies.toReversed(), { metadata: file.metadata });
    expect(bytesOf(at("copy.safetensors"))).toEqual(whole);
  });

  test("are made when it is their turn, larger elements first", () => {
    made.length = 0;
    files.writeTensors(at("turns.safetensors"), [
      source("x", "U8", [1]),
      source("y", "U8", [2]),
      source("z", "F16", [0, 60], 1),
    ]);
    expect(made).toEqual(["z", "x", "y"]);
  });

  test("leave the file that is there when one fails", () => {
    files.saveSafetensors(at("kept.safetensors"), { x: np.ones([1]) });
    const before = bytesOf(at("kept.safetensors"));
    const failing = { ...source("y", "U8", [1]), bytes: () => np.ones([2]).reshape([3]) as never };
    expect(thrown(() => files.writeTensors(at("kept.safetensors"), [failing])).code).toMatch(/reshape|shape/);
    expect(bytesOf(at("kept.safetensors"))).toEqual(before);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test.each([
    ['two tensors are called "x"', [source("x", "U8", [1]), source("x", "U8", [1])]],
    ['no tensor can be called "__metadata__"', [source("__metadata__", "U8", [1])]],
    ['"x" has 1 bytes, and is said to take 2', [source("x", "U8", [1], 2)]],
    ['"x" of shape (3,) takes no whole number of bytes as F4', [source("x", "F4", [1, 2], 3)]],
  ])("are refused: %s", (message, sources) => {
    expect(thrown(() => files.writeTensors(at("refused.safetensors"), sources)).message).toContain(message);
  });

  test("have no bytes after their file is closed", () => {
    const file = files.openSafetensors(golden);
    file.close();
    expect(thrown(() => file.bytes("of.bool")).code).toBe("files/closed");
  });
});
