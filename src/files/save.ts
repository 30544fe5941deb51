import { pathToString } from "../tree/index.ts";
import { ArgumentError, DTypeError } from "../core/errors.ts";
import { isPlainObject, readOptions } from "../core/options.ts";
import { type Shape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, concreteOf } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import {
  bytesOf,
  isText,
  LENGTH_BYTES,
  MAX_HEADER,
  METADATA,
  quoted,
  type TensorDType,
  tensorDTypeOf,
  tensorDTypes,
} from "./safetensors-format.ts";
import { writeFile } from "./source.ts";
import { type NamedLeaf, namedLeaves } from "./tensor-names.ts";

export interface SaveOptions {
  /** What the file says about itself: strings by name. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A tensor that is to be written, whose bytes are made when it is its turn. */
export interface TensorSource {
  readonly name: string;
  readonly dtype: TensorDType;
  readonly shape: Shape;
  readonly bytes: () => Uint8Array;
}

/**
 * The arrays of a tree as the bytes of a safetensors file, each under the dotted path of its place: `layers.0.weight`. Keys
 * of generators are written as their words. The same tree always gives the same bytes: those that the Rust library writes.
 *
 * @throws ArgumentError when a leaf is no array, two have the same name, or a name or the metadata is no text; DTypeError
 * when the format has no such dtype; ConcretizationError when an array is traced.
 * @example
 * const bytes = files.encodeSafetensors({ weight, bias }, { metadata: { format: "pt" } });
 * const model = files.encodeSafetensors(new nn.MLP(2, 1, 8, 1, { key }));
 */
export function encodeSafetensors(tree: unknown, options: SaveOptions = {}): Uint8Array {
  const { size, parts } = encode(tree, options, "files.encodeSafetensors");
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * As {@link encodeSafetensors}, to a file. At every moment there is the old file or the whole new one, also after a crash.
 *
 * @throws FileError when the file cannot be written; otherwise as {@link encodeSafetensors}.
 * @example
 * files.saveSafetensors("model.safetensors", model);
 */
export function saveSafetensors(path: string, tree: unknown, options: SaveOptions = {}): void {
  const caller = "files.saveSafetensors";
  writeFile(path, encode(tree, options, caller).parts, caller);
}

/**
 * Writes tensors that are made one after the other, each when it is its turn and not kept: so a file may be larger than memory.
 * The order is that of {@link saveSafetensors}, and as there, a file is written as a whole or not at all.
 *
 * @throws ArgumentError when two have the same name, a name or the metadata is no text, or the bytes are not as many as the dtype
 * and the shape take; FileError when the file cannot be written; whatever `bytes` throws.
 * @example
 * files.writeTensors("copy.safetensors", file.names.map((name) => ({ name, ...file.info(name), bytes: () => file.bytes(name) })));
 */
export function writeTensors(path: string, tensors: Iterable<TensorSource>, options: SaveOptions = {}): void {
  const caller = "files.writeTensors";
  const { metadata } = readOptions<SaveOptions>(caller, ["metadata"], [options]);
  const sources = [...tensors];
  const names = new Set<string>();
  for (const { name } of sources) {
    if (names.has(name))
      throw new ArgumentError("files/name", `${caller}: two tensors are called ${quoted(name)}`);
    if (name === METADATA || !isText(name))
      throw new ArgumentError("files/name", `${caller}: no tensor can be called ${quoted(name)} in a file`);
    names.add(name);
  }
  writeFile(path, partsOf(sources, metadata, caller).parts, caller);
}

function encode(tree: unknown, options: SaveOptions, caller: string): Parts {
  const { metadata } = readOptions<SaveOptions>(caller, ["metadata"], [options]);
  const tensors = namedLeaves(tree)[0].map((leaf) => tensorOf(leaf, caller));
  return partsOf(tensors, metadata, caller);
}

interface Parts {
  readonly size: number;
  readonly parts: Iterable<Uint8Array>;
}

/** The bytes of a file, in parts: the header, which is made at once, then the data of each tensor when its turn comes. */
function partsOf(tensors: readonly TensorSource[], metadata: SaveOptions["metadata"], caller: string): Parts {
  const keys = new Map(tensors.map((tensor) => [tensor, sortKey(tensor)]));
  const sorted = tensors.toSorted((x, y) => compareBytes(keys.get(x)!, keys.get(y)!));
  const header: [string, unknown][] = metadata === undefined ? [] : [[METADATA, checked(metadata, caller)]];
  let end = 0;
  const sizes = sorted.map(({ name, dtype, shape }) => {
    const size = bytesOf(dtype, shape);
    if (size === null)
      throw new ArgumentError(
        "files/size",
        `${caller}: ${quoted(name)} of shape ${showShape(shape)} takes no whole number of bytes as ${dtype}`,
      );
    header.push([name, { dtype, shape, data_offsets: [end, end + size] }]);
    end += size;
    return size;
  });
  // Not one object: that would put names such as "0" first.
  const members = header.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  const text = new TextEncoder().encode(`{${members.join(",")}}`);
  const length = Math.ceil(text.length / LENGTH_BYTES) * LENGTH_BYTES;
  if (length > MAX_HEADER)
    throw new ArgumentError(
      "files/header",
      `${caller}: the header would have ${length} bytes, more than ${MAX_HEADER}`,
    );
  const head = new Uint8Array(LENGTH_BYTES + length).fill(" ".charCodeAt(0));
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(text, LENGTH_BYTES);
  const parts = function* (): Iterable<Uint8Array> {
    yield head;
    for (const [i, { name, bytes }] of sorted.entries()) {
      const data = bytes();
      if (data.length !== sizes[i])
        throw new ArgumentError(
          "files/size",
          `${caller}: ${quoted(name)} has ${data.length} bytes, and is said to take ${sizes[i]}`,
        );
      yield data;
    }
  };
  return { size: head.length + end, parts: parts() };
}

/** The elements of an array as they are in a file. @throws ConcretizationError when it is traced. */
export function bytesOfArray(array: ArrayValue, place: string): Uint8Array {
  // Every machine with a JavaScript engine is little-endian, as the format is.
  const { buffer, byteOffset, byteLength } = concreteOf(array, place).storage;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function tensorOf({ name, path, leaf }: NamedLeaf, caller: string): TensorSource {
  const place = `${caller}: the leaf ${path.length === 0 ? "at the root" : pathToString(path)}`;
  if (!(leaf instanceof ArrayValue))
    throw new ArgumentError(
      "files/leaf",
      `${place} is ${describe(leaf)}: only arrays are saved, as of np.array`,
    );
  if (name === METADATA || !isText(name))
    throw new ArgumentError("files/name", `${place} cannot be called ${quoted(name)} in a file: rename it`);
  const array = concreteOf(leaf.dtype === "key<fry>" ? lax.randomUnwrap(leaf) : leaf, place);
  const dtype = tensorDTypeOf(array.dtype);
  if (dtype === undefined)
    throw new DTypeError(
      "files/dtype",
      `${place} is of dtype ${array.dtype}, which the format does not have`,
    );
  return { name, dtype, shape: array.shape, bytes: () => bytesOfArray(array, place) };
}

/** Large elements first, so that each tensor is aligned; then by name, in the order of UTF-8. */
const sortKey = ({ name, dtype }: TensorSource): Uint8Array =>
  new TextEncoder().encode(String.fromCharCode(tensorDTypes.length - tensorDTypes.indexOf(dtype)) + name);

function compareBytes(x: Uint8Array, y: Uint8Array): number {
  const differs = x.findIndex((byte, i) => byte !== y[i]);
  return differs < 0 ? x.length - y.length : x[differs]! - (y[differs] ?? -1);
}

function checked(metadata: unknown, caller: string): Readonly<Record<string, string>> {
  const entries = isPlainObject(metadata) ? Object.entries(metadata) : [["", null]];
  for (const pair of entries) {
    if (pair.some((text) => typeof text !== "string" || !isText(text)))
      throw new ArgumentError(
        "files/metadata",
        `${caller}: metadata is an object of strings, got ${describe(metadata)}`,
      );
  }
  return Object.fromEntries(
    entries.toSorted(([x], [y]) => ((x as string) < (y as string) ? -1 : 1)),
  ) as Record<string, string>;
}
