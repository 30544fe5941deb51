import { ArgumentError, FileError } from "../core/errors.ts";
import { isPlainObject } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import { type ArrayLike, make } from "../numpy/array.ts";
import { MAGIC, npyParts, readNpy } from "./npy.ts";
import { isText, quoted } from "./safetensors-format.ts";
import { type FileSource, openSource, type Source, writeFile } from "./source.ts";
import { readZip, zipParts } from "./zip.ts";

/** The arrays of an `.npz` file by their names. */
export type NpzArrays = Record<string, ArrayValue>;

/**
 * The array of an `.npy` file, or those of an `.npz` file by their names: of a path, or of the bytes. Files are read as a whole;
 * those that NumPy compressed too.
 *
 * Dtype: that of the file, in either order of bytes; two bytes of unknown meaning are bfloat16, as which JAX writes it. Without
 * `config.enableX64`, 64-bit ones become their 32-bit kin, with a warning.
 * @throws FileError when the file cannot be read, is neither, holds Python's objects, or is not what its name says; DTypeError there
 * are no arrays of its element type; ArgumentError when `source` is neither a path nor bytes.
 * @example
 * const x = np.load("x.npy");
 * const { weight, bias } = np.load("model.npz");
 * const y = files.decodeNpy(await (await fetch(url)).arrayBuffer());
 * @see `jax.numpy.load`
 */
export function load(source: `${string}.npy`): ArrayValue;
export function load(source: `${string}.npz`): NpzArrays;
export function load(source: FileSource): ArrayValue | NpzArrays;
export function load(source: FileSource): ArrayValue | NpzArrays {
  const [, named] = (typeof source === "string" && /\.(np[yz])$/.exec(source)) || [];
  return read(source, (named ?? null) as Kind | null, "np.load");
}

/** The array of the bytes of an `.npy` file. @throws as {@link load}, and FileError where they are of an `.npz` file. */
export const decodeNpy = (bytes: Uint8Array | ArrayBuffer): ArrayValue =>
  read(bytes, "npy", "files.decodeNpy") as ArrayValue;
/** The arrays of the bytes of an `.npz` file. @throws as {@link load}, and FileError where they are of an `.npy` file. */
export const decodeNpz = (bytes: Uint8Array | ArrayBuffer): NpzArrays =>
  read(bytes, "npz", "files.decodeNpz") as NpzArrays;

type Kind = "npy" | "npz";

/** @throws FileError where it is of another kind than `expected`. */
function read(source: FileSource, expected: Kind | null, caller: string): ArrayValue | NpzArrays {
  const opened = openSource(source, caller);
  try {
    const kind = kindOf(opened, caller);
    if (expected !== null && kind !== expected)
      throw new FileError(
        "files/npy",
        `${caller}: ${opened.name}: this is an .${kind} file, and no .${expected} file`,
      );
    return kind === "npy" ? readNpy(opened, caller) : readNpz(opened, caller);
  } finally {
    opened.close();
  }
}

/** The marks of a file in an archive, and of the end of an archive without files. */
const ZIP = [0x50, 0x4b, 0x03, 0x04];
const EMPTY_ZIP = [0x50, 0x4b, 0x05, 0x06];

function kindOf(source: Source, caller: string): Kind {
  const head = new Uint8Array(Math.min(source.size, MAGIC.length));
  source.read(head, 0);
  const begins = (mark: readonly number[]): boolean => mark.every((byte, i) => head[i] === byte);
  if (begins(MAGIC)) return "npy";
  if (begins(ZIP) || begins(EMPTY_ZIP)) return "npz";
  const pickled =
    head[0] === 0x80 ? ": it may be a pickle of Python's, reading which could run any program" : "";
  throw new FileError("files/npy", `${caller}: ${source.name} is neither an .npy nor an .npz file${pickled}`);
}

function readNpz(source: Source, caller: string): NpzArrays {
  const refuse = (what: string): never => {
    throw new FileError("files/npz", `${caller}: ${source.name}: this is no .npz file: ${what}`);
  };
  return Object.fromEntries(
    readZip(source, refuse).map(({ name, bytes }) => {
      if (!name.endsWith(SUFFIX)) refuse(`${quoted(name)} in it is no ${SUFFIX} file`);
      const opened = openSource(bytes(), caller);
      const key = name.slice(0, -SUFFIX.length);
      return [key, readNpy({ ...opened, name: `${source.name}: ${quoted(key)}` }, caller)];
    }),
  );
}

const SUFFIX = ".npy";

const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};

/** The path with the ending that it should have. */
function withSuffix(path: string, suffix: string): string {
  return typeof path !== "string" || path.endsWith(suffix) ? path : path + suffix;
}

/**
 * Writes an array as an `.npy` file, byte for byte as NumPy does. The path gets that ending where it has not. At every moment there
 * is the old file or the whole new one.
 *
 * @throws FileError when the file cannot be written; DTypeError NumPy has no such dtype; ConcretizationError when it is traced.
 * @example
 * np.save("x.npy", x);
 * @see `jax.numpy.save`
 */
export function save(path: string, x: ArrayLike): void {
  const caller = "np.save";
  writeFile(withSuffix(path, SUFFIX), npyParts(make(x, null, caller), caller), caller);
}

/** An array as the bytes that {@link save} writes. @throws as it does. */
export function encodeNpy(x: ArrayLike): Uint8Array {
  const caller = "files.encodeNpy";
  return joined(npyParts(make(x, null, caller), caller));
}

/** Arrays by name, or a list, whose names are `arr_0`, `arr_1` and so on. */
export type NamedArrays = Readonly<Record<string, ArrayLike>> | readonly ArrayLike[];

function npzParts(arrays: NamedArrays, caller: string): readonly Uint8Array[] {
  if (!Array.isArray(arrays) && !isPlainObject(arrays))
    throw new ArgumentError(
      "files/arrays",
      `${caller} takes an object of arrays, or a list, got ${describe(arrays)}`,
    );
  const named = Object.entries(arrays as Readonly<Record<string, ArrayLike>>).map(([key, x]) => {
    const name = Array.isArray(arrays) ? `arr_${key}` : key;
    if (!isText(name) || name.includes("\0") || name.length > MAX_NAME)
      throw new ArgumentError("files/name", `${caller}: no file in an archive can be called ${quoted(name)}`);
    return { name: name + SUFFIX, parts: npyParts(make(x, null, `${caller}: ${quoted(name)}`), caller) };
  });
  const parts = zipParts(named);
  if (parts !== null) return parts;
  throw new ArgumentError(
    "files/size",
    `${caller}: an archive has less than 4 GiB and 65535 arrays: files.saveSafetensors has no such limits`,
  );
}

/** Even where each character takes four bytes, names are no longer than 65535 bytes. */
const MAX_NAME = 16_000;

/**
 * Writes arrays as an `.npz` file, byte for byte as NumPy does. The path gets that ending where it has not. At every moment there is
 * the old file or the whole new one.
 *
 * @throws FileError when the file cannot be written; DTypeError NumPy has no such dtype; ConcretizationError when one is traced;
 * ArgumentError on a name that no file can have, or where it would be of 4 GiB.
 * @example
 * np.savez("model.npz", { weight, bias });
 * @see `jax.numpy.savez`
 */
export function savez(path: string, arrays: NamedArrays): void {
  writeFile(withSuffix(path, ".npz"), npzParts(arrays, "np.savez"), "np.savez");
}

/** Arrays as the bytes that {@link savez} writes. @throws as it does. */
export const encodeNpz = (arrays: NamedArrays): Uint8Array => joined(npzParts(arrays, "files.encodeNpz"));
