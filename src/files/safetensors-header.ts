import { FileError } from "../core/errors.ts";
import { HeaderReader } from "./header-reader.ts";
import {
  bytesOf,
  type Header,
  LENGTH_BYTES,
  MAX_HEADER,
  quoted,
  type TensorEntry,
} from "./safetensors-format.ts";
import type { Source } from "./source.ts";

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
