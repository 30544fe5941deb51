import type { DType } from "../core/dtype.ts";
import { FileError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import type { Source } from "./source.ts";

/** Bits of an element, and what it is here; null for what there is no array of. In the order in which files are sorted. */
const formats = {
  BOOL: [8, "bool"],
  F4: [4, null],
  F6_E2M3: [6, null],
  F6_E3M2: [6, null],
  U8: [8, "uint8"],
  I8: [8, "int8"],
  F8_E5M2: [8, null],
  F8_E4M3: [8, null],
  F8_E8M0: [8, null],
  F8_E4M3FNUZ: [8, null],
  F8_E5M2FNUZ: [8, null],
  I16: [16, "int16"],
  U16: [16, "uint16"],
  F16: [16, "float16"],
  BF16: [16, "bfloat16"],
  I32: [32, "int32"],
  U32: [32, "uint32"],
  F32: [32, "float32"],
  C64: [64, "complex64"],
  F64: [64, "float64"],
  I64: [64, "int64"],
  U64: [64, "uint64"],
} as const satisfies Record<string, readonly [bits: number, dtype: DType | null]>;

/** The element types of the format. */
export type TensorDType = keyof typeof formats;
export const tensorDTypes = Object.keys(formats) as readonly TensorDType[];

/** What an array of such elements is here; null where there is none. */
export const dtypeOf = (dtype: TensorDType): DType | null => formats[dtype][1];

/** Under which name the elements are written; undefined where the format has none. */
export const tensorDTypeOf = (dtype: DType): TensorDType | undefined =>
  tensorDTypes.find((name) => formats[name][1] === dtype);

/** A tensor as the header has it; its bytes are those from `start` to `end` after the header. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: TensorDType;
  readonly shape: Shape;
  readonly start: number;
  readonly end: number;
}

export interface Header {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their bytes. */
  readonly entries: readonly TensorEntry[];
  /** Where the bytes of the tensors begin. */
  readonly dataStart: number;
}

/** The key that is no tensor. */
export const METADATA = "__metadata__";
/** Bytes of the length that a file begins with. */
export const LENGTH_BYTES = 8;
/** Longer headers are refused, as by the format's first reader. */
export const MAX_HEADER = 100_000_000;

/** Whether UTF-8 can say it: half of a pair is no character. */
export const isText = (string: string): boolean => !/\p{Surrogate}/u.test(string);

const MAX_SHOWN = 200;
/** A name from a file, for a message. */
export const quoted = (name: string): string =>
  JSON.stringify(name.length > MAX_SHOWN ? `${name.slice(0, MAX_SHOWN)}…` : name);

/**
 * The header of a safetensors file. Nothing in it is believed: after this, every tensor has a dtype that is known, a shape
 * whose bytes are exactly its own, and the tensors follow each other from the end of the header to that of the file.
 *
 * @throws FileError when the file is no such file, saying where.
 * @see https://huggingface.co/docs/safetensors
 */
export function readHeader(source: Source, caller: string): Header {
  const fail = (what: string): never => {
    throw new FileError(
      "files/safetensors",
      `${caller}: ${source.name}: this is no safetensors file: ${what}`,
    );
  };
  if (source.size < LENGTH_BYTES)
    fail(`it has ${source.size} bytes, fewer than the ${LENGTH_BYTES} of the header's length`);
  const prefix = new Uint8Array(LENGTH_BYTES);
  source.read(prefix, 0);
  const length = new DataView(prefix.buffer).getBigUint64(0, true);
  if (length > MAX_HEADER) fail(`its header would have ${length} bytes, more than ${MAX_HEADER}`);
  const dataStart = LENGTH_BYTES + Number(length);
  if (dataStart > source.size)
    fail(`its header would have ${length} bytes, and ${source.size - LENGTH_BYTES} follow: it may be cut`);

  const bytes = new Uint8Array(Number(length));
  source.read(bytes, LENGTH_BYTES);
  let text = "";
  try {
    // A mark of the byte order would be dropped; here it is a fault.
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    fail("its header is not UTF-8");
  }
  const read = new HeaderReader(text, (what) => fail(`its header: ${what}`)).header();
  const entries = inOrder(read.entries, source.size - dataStart, fail);
  return { metadata: read.metadata, entries, dataStart };
}

/** The entries in the order of their bytes, which are those of their shapes and make up `size` bytes. */
function inOrder(
  entries: readonly TensorEntry[],
  size: number,
  fail: (what: string) => never,
): readonly TensorEntry[] {
  const sorted = entries.toSorted((x, y) => x.start - y.start || x.end - y.end);
  let filled = 0;
  for (const { name, dtype, shape, start, end } of sorted) {
    const offsets = `tensor ${quoted(name)} has the offsets [${start}, ${end}]`;
    if (end < start) fail(`${offsets}: it ends before it begins`);
    if (start < filled) fail(`${offsets} and overlaps the one before it, which ends at ${filled}`);
    if (start > filled) fail(`${offsets}, and the bytes from ${filled} on belong to none`);
    if (end > size) fail(`${offsets}, and there are ${size} bytes: it may be cut`);
    filled = end;
    const bytes = bytesOf(dtype, shape);
    if (bytes !== end - start) {
      const takes = bytes === null ? "no whole number of bytes that could be counted" : `${bytes} bytes`;
      fail(
        `${offsets}, ${end - start} bytes; ${dtype} of shape [${shape.slice(0, 20).join(", ")}] takes ${takes}`,
      );
    }
  }
  if (filled < size) fail(`the last ${size - filled} bytes belong to no tensor`);
  return sorted;
}

/** Null where they are no whole number, or too many to be counted. */
function bytesOf(dtype: TensorDType, shape: Shape): number | null {
  let bits: number = formats[dtype][0];
  for (const size of shape) {
    bits *= size;
    if (!Number.isSafeInteger(bits)) return null;
  }
  return bits % 8 === 0 ? bits / 8 : null;
}

const [QUOTE, BACKSLASH] = ['"', "\\"].map((mark) => mark.charCodeAt(0));

/** Reads the JSON of a header: the little that there may be in one, where JSON.parse would take repeated keys and rounded numbers. */
class HeaderReader {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly refuse: (what: string) => never,
  ) {}

  header(): Omit<Header, "dataStart"> {
    const entries: TensorEntry[] = [];
    let metadata: Record<string, string> = {};
    this.object((name) => {
      if (name === METADATA) metadata = this.strings();
      else entries.push(this.tensor(name));
    });
    this.space();
    if (this.at < this.text.length) this.fail("nothing but spaces after it");
    return { metadata, entries };
  }

  private tensor(name: string): TensorEntry {
    let dtype: string | undefined;
    let shape: number[] | undefined;
    let offsets: number[] | undefined;
    const refuse = (what: string): never => this.refuse(`tensor ${quoted(name)} ${what}`);
    this.object((key) => {
      if (key === "dtype") dtype = this.string();
      else if (key === "shape") shape = this.counts();
      else if (key === "data_offsets") offsets = this.counts();
      else refuse(`has an unknown key ${quoted(key)}: it takes dtype, shape and data_offsets`);
    });
    if (dtype === undefined) return refuse("has no dtype");
    if (shape === undefined) return refuse("has no shape");
    if (offsets === undefined) return refuse("has no data_offsets");
    if (!Object.hasOwn(formats, dtype))
      return refuse(`has the dtype ${quoted(dtype)}; known are ${tensorDTypes.join(", ")}`);
    const [start, end, ...more] = offsets;
    if (start === undefined || end === undefined || more.length > 0)
      return refuse(`has ${offsets.length} data_offsets: they are two, where it begins and where it ends`);
    return { name, dtype: dtype as TensorDType, shape, start, end };
  }

  private strings(): Record<string, string> {
    const found: [string, string][] = [];
    this.object((key) => found.push([key, this.string()]));
    return Object.fromEntries(found);
  }

  /** Calls `read` at the value of each key. */
  private object(read: (key: string) => void): void {
    const keys = new Set<string>();
    this.items("{", "}", () => {
      const key = this.string();
      if (keys.has(key)) this.refuse(`the key ${quoted(key)} occurs twice`);
      keys.add(key);
      this.expect(":");
      read(key);
    });
  }

  private counts(): number[] {
    const found: number[] = [];
    this.items("[", "]", () => {
      this.space();
      const digits = /[-+.\w]*/y;
      digits.lastIndex = this.at;
      const word = digits.exec(this.text)?.[0] ?? "";
      const count = Number(word);
      if (!/^(0|[1-9]\d*)$/.test(word) || !Number.isSafeInteger(count))
        this.fail("a whole number from 0 to 2^53 - 1");
      this.at += word.length;
      found.push(count);
    });
    return found;
  }

  private string(): string {
    this.space();
    const start = this.at;
    this.expect('"');
    let end = this.at;
    while (end < this.text.length && this.text.charCodeAt(end) !== QUOTE)
      end += this.text.charCodeAt(end) === BACKSLASH ? 2 : 1;
    this.at = start;
    let value: string;
    try {
      // Escapes and control characters are its to judge.
      value = JSON.parse(this.text.slice(start, end + 1)) as string;
    } catch {
      return this.fail("a string");
    }
    if (!isText(value)) this.fail("a string of whole characters");
    this.at = end + 1;
    return value;
  }

  private items(open: string, close: string, item: () => void): void {
    this.expect(open);
    if (this.takes(close)) return;
    do item();
    while (this.takes(","));
    this.expect(close);
  }

  private takes(mark: string): boolean {
    this.space();
    if (this.text[this.at] !== mark) return false;
    this.at++;
    return true;
  }

  private expect(mark: string): void {
    if (!this.takes(mark)) this.fail(mark);
  }

  private space(): void {
    while (/^[ \t\r\n]$/.test(this.text[this.at] ?? "")) this.at++;
  }

  private fail(expected: string): never {
    const found = this.text.slice(this.at, this.at + 20);
    return this.refuse(
      `at character ${this.at} expected ${expected}, got ${found === "" ? "its end" : quoted(found)}`,
    );
  }
}
