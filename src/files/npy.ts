import { type DType, dtypeInfo } from "../core/dtype.ts";
import { ArgumentError, DTypeError, FileError } from "../core/errors.ts";
import { range, type Shape, showShape, sizeOf } from "../core/shape.ts";
import { type ArrayValue, concreteOf } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { readElements } from "./elements.ts";
import { quoted } from "./safetensors-format.ts";
import type { Source } from "./source.ts";

/** `\x93NUMPY`. */
export const MAGIC: readonly number[] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Longer headers are refused, as by NumPy. */
const MAX_HEADER = 10_000;
/** Where elements begin is a multiple of this. */
const ALIGN = 64;
/** As many characters are left for the size of the first axis. */
const GROWTH = 21;
/** NumPy's arrays have no more axes. */
const MAX_RANK = 64;

/** How NumPy calls the element types, without the order of bytes. bfloat16 is two bytes of unknown meaning to it, as to JAX. */
const types: Readonly<Record<string, DType>> = {
  b1: "bool",
  i1: "int8",
  i2: "int16",
  i4: "int32",
  i8: "int64",
  u1: "uint8",
  u2: "uint16",
  u4: "uint32",
  u8: "uint64",
  f2: "float16",
  V2: "bfloat16",
  f4: "float32",
  f8: "float64",
  c8: "complex64",
};

interface Header {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: Shape;
  /** Where the elements begin. */
  readonly dataStart: number;
}

type Refuse = (what: string) => never;

/** The text of a header, a dictionary of Python's: its three keys in any order, and nothing else. */
function parseHeader(text: string, refuse: Refuse): Omit<Header, "dataStart"> {
  const item =
    /\s*(['"])(\w+)\1\s*:\s*(?:(['"])(.*?)\3|(True|False)|\(((?:\s*\d+L?\s*,)*\s*(?:\d+L?\s*)?)\))\s*([,}])/y;
  if (/['"]descr['"]\s*:\s*\[/.test(text))
    refuse("its elements are records of several fields, of which there are no arrays");
  const found = new Map<string, string | boolean | Shape>();
  const open = /^\s*\{/.exec(text)?.[0] ?? refuse("its header is no dictionary");
  item.lastIndex = open.length;
  for (let end = ","; end === ",";) {
    if (/^\s*\}\s*$/.test(text.slice(item.lastIndex))) break;
    const match = item.exec(text) ?? refuse(`its header is ${quoted(text.trim())}`);
    const [, , key, , string, flag, list, mark] = match;
    if (found.has(key!)) refuse(`its header has ${quoted(key!)} twice`);
    const sizes = list?.split(",").map((part) => part.replace("L", "").trim());
    found.set(key!, string ?? (sizes ? sizes.filter((size) => size !== "").map(Number) : flag === "True"));
    end = mark!;
    if (end === "}" && text.slice(item.lastIndex).trim() !== "") refuse("its header goes on after its end");
  }
  const [descr, fortranOrder, shape] = ["descr", "fortran_order", "shape"].map((key) => found.get(key));
  if (
    found.size !== 3 ||
    typeof descr !== "string" ||
    typeof fortranOrder !== "boolean" ||
    !Array.isArray(shape)
  )
    refuse(`its header is ${quoted(text.trim())}: it should have descr, fortran_order and shape`);
  if (!shape.every(Number.isSafeInteger)) refuse(`its shape has sizes beyond 2^53: ${quoted(text.trim())}`);
  return { descr, fortranOrder, shape: shape as Shape };
}

function readHeader(source: Source, refuse: Refuse): Header {
  const part = (start: number, length: number): Uint8Array => {
    if (start + length > source.size) refuse(`it is cut: it has ${source.size} bytes`);
    const bytes = new Uint8Array(length);
    source.read(bytes, start);
    return bytes;
  };
  const magic = part(0, MAGIC.length + 2);
  if (MAGIC.some((byte, i) => byte !== magic[i])) refuse("it does not begin as one");
  const [major, minor] = magic.subarray(MAGIC.length);
  if (major! < 1 || major! > 3 || minor !== 0)
    refuse(`it is of version ${major}.${minor}; known are 1.0, 2.0 and 3.0`);
  const sizeBytes = major === 1 ? 2 : 4;
  const size = part(magic.length, sizeBytes).reduceRight((value, byte) => value * 256 + byte, 0);
  if (size > MAX_HEADER) refuse(`its header would have ${size} bytes, more than ${MAX_HEADER}`);
  const headerStart = magic.length + sizeBytes;
  const bytes = part(headerStart, size);
  const text = major === 3 ? new TextDecoder().decode(bytes) : String.fromCharCode(...bytes);
  return { ...parseHeader(text, refuse), dataStart: headerStart + size };
}

/** @throws DTypeError there are no arrays of it. */
function dtypeOf(descr: string, refuse: Refuse): DType {
  const dtype = types[descr.replace(/^[<>=|]/, "")];
  if (dtype !== undefined) return dtype;
  if (descr.includes("O"))
    return refuse(
      "it holds Python's objects, pickled: reading them could run any program, and they are no numbers",
    );
  throw new DTypeError(
    "files/dtype",
    `elements are of NumPy's type ${quoted(descr)}, of which there are no arrays`,
  );
}

/**
 * The array of an `.npy` file, of NumPy's format 1.0, 2.0 or 3.0, in either order of bytes and of axes.
 *
 * @throws FileError when it is no such file, or holds more or less than its shape says; DTypeError there are no arrays of its
 * element type.
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function readNpy(source: Source, caller: string): ArrayValue {
  const refuse: Refuse = (what) => {
    throw new FileError("files/npy", `${caller}: ${source.name}: this is no .npy file of an array: ${what}`);
  };
  const { descr, fortranOrder, shape, dataStart } = readHeader(source, refuse);
  const dtype = dtypeOf(descr, refuse);
  const { bits, lanes } = dtypeInfo[dtype];
  const size = (sizeOf(shape) * bits) / 8;
  const given = source.size - dataStart;
  if (size !== given)
    refuse(`its shape ${showShape(shape)} of ${dtype} takes ${size} bytes, and ${given} follow the header`);
  const stored = fortranOrder ? shape.toReversed() : shape;
  const x = readElements(dtype, stored, `${caller}: ${source.name}`, (bytes) => {
    source.read(bytes, dataStart);
    if (descr.startsWith(">")) swap(bytes, bits / 8 / lanes);
  });
  return fortranOrder && shape.length > 1 ? lax.transpose(x, range(shape.length).reverse()) : x;
}

/** Turns round each group of so many bytes. */
function swap(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) {
    for (let low = at, high = at + size - 1; low < high; low++, high--) {
      const byte = bytes[low]!;
      bytes[low] = bytes[high]!;
      bytes[high] = byte;
    }
  }
}

/**
 * The bytes of a concrete array as an `.npy` file of format 1.0, in two parts: those that NumPy writes.
 * @throws DTypeError NumPy has no such dtype; ArgumentError it has more axes than NumPy's arrays; ConcretizationError it is traced.
 */
export function npyParts(x: ArrayValue, caller: string): [header: Uint8Array, data: Uint8Array] {
  const { shape, dtype, storage } = concreteOf(x, caller);
  const type = Object.keys(types).find((name) => types[name] === dtype);
  if (type === undefined) {
    const remedy = dtype === "key<fry>" ? "; random.keyData gives its words" : "";
    throw new DTypeError("files/dtype", `${caller}: NumPy has no dtype ${dtype}${remedy}`);
  }
  if (shape.length > MAX_RANK)
    throw new ArgumentError(
      "files/rank",
      `${caller}: NumPy has no arrays of ${shape.length} axes: ${MAX_RANK} are the most`,
    );
  const order = dtypeInfo[dtype].bits === 8 ? "|" : "<";
  const dictionary = `{'descr': '${order}${type}', 'fortran_order': False, 'shape': ${showShape(shape)}, }`;
  const text = dictionary + " ".repeat(shape.length === 0 ? 0 : GROWTH - String(shape[0]).length);
  const start = MAGIC.length + 4;
  const size = (Math.floor((start + text.length + 1) / ALIGN) + 1) * ALIGN;
  const header = new Uint8Array(size).fill(" ".charCodeAt(0));
  header.set([...MAGIC, 1, 0, (size - start) & 255, (size - start) >> 8]);
  header.set(new TextEncoder().encode(text), start);
  header[size - 1] = "\n".charCodeAt(0);
  return [header, new Uint8Array(storage.buffer, storage.byteOffset, storage.byteLength)];
}
