import { inflate } from "./inflate.ts";
import { quoted } from "./safetensors-format.ts";
import type { Source } from "./source.ts";

/** A file in an archive. */
export interface ZipFile {
  readonly name: string;
  /** Its bytes, which are read and held against their checksum now. */
  readonly bytes: () => Uint8Array;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
/** Bytes of what is always there of each of these. */
const LOCAL_SIZE = 30;
const CENTRAL_SIZE = 46;
const END_SIZE = 22;
const END64_SIZE = 56;
const LOCATOR64_SIZE = 20;

const STORED = 0;
const DEFLATED = 8;
/** A byte of DEFLATE is at most so many. */
const MOST_DENSE = 1032;
/** Where numbers of 32 bits do not suffice, they are in an extra field of this kind. */
const EXTRA64 = 1;
const BEYOND32 = 0xffffffff;
const BEYOND16 = 0xffff;
const ENCRYPTED = 1;
const UTF8 = 0x800;

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});
/** CRC-32 of bytes that come after those of `crc`. */
export function crc32(bytes: Uint8Array, crc = 0): number {
  let sum = ~crc;
  for (let i = 0; i < bytes.length; i++) sum = crcTable[(sum ^ bytes[i]!) & 255]! ^ (sum >>> 8);
  return ~sum >>> 0;
}

type Refuse = (what: string) => never;

function view(source: Source, start: number, length: number, refuse: Refuse): DataView {
  if (start < 0 || start + length > source.size) refuse("it is cut");
  const bytes = new Uint8Array(length);
  source.read(bytes, start);
  return new DataView(bytes.buffer);
}
const textOf = (data: DataView, start: number, length: number): string =>
  new TextDecoder().decode(new Uint8Array(data.buffer, start, length));

/** Where the directory is, how long it is, and how many entries it has. */
interface Directory {
  readonly start: number;
  readonly size: number;
  readonly count: number;
}

function directoryOf(source: Source, refuse: Refuse): Directory {
  // A comment may follow, whose length is in the last two bytes of the end.
  const tailSize = Math.min(source.size, END_SIZE + BEYOND16);
  const tail = view(source, source.size - tailSize, tailSize, refuse);
  let at = tailSize - END_SIZE;
  while (
    at >= 0 &&
    (tail.getUint32(at, true) !== END || tail.getUint16(at + 20, true) !== tailSize - END_SIZE - at)
  )
    at--;
  if (at < 0) refuse("it has no directory: it may be cut");
  const [count, size, start] = [
    tail.getUint16(at + 10, true),
    tail.getUint32(at + 12, true),
    tail.getUint32(at + 16, true),
  ];
  if (count !== BEYOND16 && size !== BEYOND32 && start !== BEYOND32) return { start, size, count };
  const locator = view(source, source.size - tailSize + at - LOCATOR64_SIZE, LOCATOR64_SIZE, refuse);
  if (locator.getUint32(0, true) !== LOCATOR64) return { start, size, count };
  const end = view(source, Number(locator.getBigUint64(8, true)), END64_SIZE, refuse);
  if (end.getUint32(0, true) !== END64) refuse("its directory is not where it should be");
  const [count64, size64, start64] = [24, 40, 48].map((place) => Number(end.getBigUint64(place, true)));
  return { start: start64!, size: size64!, count: count64! };
}

/** What the directory says of a file. */
interface Entry {
  readonly flags: number;
  readonly method: number;
  readonly checksum: number;
  readonly packed: number;
  readonly size: number;
  readonly start: number;
}

/**
 * The files of an archive, in the order of its directory. Nothing in it is believed: sizes fit the archive, none is encrypted or
 * twice there, and bytes are those of their checksum.
 *
 * @throws whatever `refuse` does, which is told what is wrong.
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export function readZip(source: Source, refuse: Refuse): ZipFile[] {
  const { start, size, count } = directoryOf(source, refuse);
  const directory = view(source, start, size, refuse);
  const files = new Map<string, ZipFile>();
  let packed = 0;
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_SIZE > size || directory.getUint32(at, true) !== CENTRAL) refuse("its directory is cut");
    const [nameSize, extraSize, commentSize] = [28, 30, 32].map((place) =>
      directory.getUint16(at + place, true),
    ) as [number, number, number];
    const next = at + CENTRAL_SIZE + nameSize + extraSize + commentSize;
    if (next > size) refuse("its directory is cut");
    const name = textOf(directory, at + CENTRAL_SIZE, nameSize);
    const here: Refuse = (what) => refuse(`${quoted(name)}: ${what}`);
    const entry = entryOf(directory, at, at + CENTRAL_SIZE + nameSize, extraSize, here);
    if (files.has(name)) refuse(`it has ${quoted(name)} twice`);
    files.set(name, { name, bytes: () => bytesOf(source, entry, here) });
    packed += entry.packed;
    at = next;
  }
  // Files in one another would let a small archive take much memory.
  if (packed > source.size) refuse("its files overlap");
  return [...files.values()];
}

/** An entry of the directory; sizes that do not fit in 32 bits are in its extra fields. */
function entryOf(directory: DataView, at: number, extra: number, extraSize: number, refuse: Refuse): Entry {
  let place = extra;
  const end = extra + extraSize;
  while (place + 4 <= end && directory.getUint16(place, true) !== EXTRA64)
    place += 4 + directory.getUint16(place + 2, true);
  place += 4;
  const [size, packed, start] = [24, 20, 42].map((field) => {
    const value = directory.getUint32(at + field, true);
    if (value !== BEYOND32) return value;
    if (place + 8 > end) return refuse("its size is missing");
    place += 8;
    return Number(directory.getBigUint64(place - 8, true));
  }) as [number, number, number];
  const [flags, method] = [8, 10].map((field) => directory.getUint16(at + field, true)) as [number, number];
  return { flags, method, checksum: directory.getUint32(at + 16, true), packed, size, start };
}

function bytesOf(source: Source, entry: Entry, refuse: Refuse): Uint8Array {
  const { flags, method, checksum, packed, size, start } = entry;
  if (flags & ENCRYPTED) refuse("it is encrypted");
  if (method !== STORED && method !== DEFLATED)
    refuse(`it is compressed by method ${method}; known is DEFLATE, which is ${DEFLATED}`);
  if (method === STORED ? size !== packed : size > packed * MOST_DENSE)
    refuse(`its ${packed} bytes cannot stand for ${size}`);
  const local = view(source, start, LOCAL_SIZE, refuse);
  if (local.getUint32(0, true) !== LOCAL) refuse("it is not where the directory says");
  const dataStart = start + LOCAL_SIZE + local.getUint16(26, true) + local.getUint16(28, true);
  const data = new Uint8Array(view(source, dataStart, packed, refuse).buffer);
  const bytes = method === STORED ? data : inflate(data, size, refuse);
  if (crc32(bytes) !== checksum) refuse("its bytes are not those of its checksum");
  return bytes;
}

/** 1 January 1980, the first day that there is. */
const DATE = 33;
const VERSION = 45;
/** Made under Unix, where its owner may read and write it. */
const UNIX = 3 << 8;
const OWNERS = 0o600 << 16;

/** The parts of a file in an archive that is written. */
export interface ZipPart {
  readonly name: string;
  readonly parts: readonly Uint8Array[];
}

/**
 * The parts of an archive of files that are not compressed, as Python writes it for NumPy; null where it would be of 4 GiB.
 */
export function zipParts(files: readonly ZipPart[]): readonly Uint8Array[] | null {
  const out: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  const push = (part: Uint8Array): void => {
    out.push(part);
    at += part.length;
  };
  for (const { name, parts } of files) {
    const bytes = new TextEncoder().encode(name);
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    if (at + size >= BEYOND32) return null;
    const checksum = parts.reduce((crc, part) => crc32(part, crc), 0);
    const flags = bytes.length === name.length ? 0 : UTF8;
    // The sizes are in the extra field, since Python does not know them when it begins.
    const local: Field[] = [[0, 4, LOCAL], [4, 2, VERSION], [6, 2, flags], [12, 2, DATE], [14, 4, checksum], [18, 4, BEYOND32],
      [22, 4, BEYOND32], [26, 2, bytes.length], [28, 2, 20]]; // prettier-ignore
    const extra: Field[] = [[0, 2, EXTRA64], [2, 2, 16], [4, 4, size], [12, 4, size]]; // prettier-ignore
    const central: Field[] = [[0, 4, CENTRAL], [4, 2, VERSION | UNIX], [6, 2, VERSION], [8, 2, flags], [14, 2, DATE],
      [16, 4, checksum], [20, 4, size], [24, 4, size], [28, 2, bytes.length], [38, 4, OWNERS], [42, 4, at]]; // prettier-ignore
    directory.push(record(CENTRAL_SIZE, central), bytes);
    [record(LOCAL_SIZE, local), bytes, record(20, extra), ...parts].forEach(push);
  }
  const start = at;
  directory.forEach(push);
  if (at >= BEYOND32 || files.length >= BEYOND16) return null;
  const end: Field[] = [[0, 4, END], [8, 2, files.length], [10, 2, files.length], [12, 4, at - start], [16, 4, start]]; // prettier-ignore
  push(record(END_SIZE, end));
  return out;
}

type Field = readonly [place: number, bytes: 2 | 4, value: number];

/** Little-endian numbers at their places among zeros. */
function record(size: number, fields: readonly Field[]): Uint8Array {
  const data = new DataView(new ArrayBuffer(size));
  for (const [place, bytes, value] of fields)
    if (bytes === 2) data.setUint16(place, value, true);
    else data.setUint32(place, value, true);
  return new Uint8Array(data.buffer);
}
