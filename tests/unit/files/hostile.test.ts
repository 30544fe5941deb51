import { CotangentError, FileError, files } from "cotangent";
import { readFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import type { HostFile } from "../../../src/host/host.ts";
import { host } from "../../../src/host/node.ts";
import { type Random, seeded } from "../seeded.ts";

const golden = new Uint8Array(
  readFileSync(new URL("../../goldens/files/dtypes.safetensors", import.meta.url)),
);
afterEach(() => vi.restoreAllMocks());

interface Tensor {
  dtype: unknown;
  shape: unknown[];
  data_offsets: unknown[];
}

const headerEnd = 8 + Number(new DataView(golden.buffer).getBigUint64(0, true));
const header = new TextDecoder().decode(golden.subarray(8, headerEnd));

/** The golden with another header. */
function withHeader(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const file = new Uint8Array(8 + bytes.length + golden.length - headerEnd);
  new DataView(file.buffer).setBigUint64(0, BigInt(bytes.length), true);
  file.set(bytes, 8);
  file.set(golden.subarray(headerEnd), 8 + bytes.length);
  return file;
}

/** The golden, but for one tensor of its header. */
function withTensor(random: Random, change: (tensor: Tensor) => void): Uint8Array {
  const parsed = JSON.parse(header) as Record<string, Tensor>;
  const names = Object.keys(parsed).filter((name) => name !== "__metadata__");
  change(parsed[names[random(names.length)]!]!);
  return withHeader(JSON.stringify(parsed));
}

/** What no size and no offset may be, or what would be too large a one. */
const numbers = [-1, 0, 1, 3, 1.5, 1e300, 2 ** 31, 2 ** 40, 2 ** 53, 2 ** 63, null, "2", [], {}, true];
const dtypes = ["F32", "f32", "F64", "U8", "BOOL", "F4", "C64", "I64", "F33", "", "__proto__", 4, null];
const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!;

const mutations: Record<string, (random: Random) => Uint8Array> = {
  "cut short": (random) => golden.slice(0, random(golden.length)),
  "with bytes at its end": (random) => Uint8Array.of(...golden, ...new Uint8Array(1 + random(40))),
  "with flipped bits": (random) => {
    const bytes = golden.slice();
    for (let i = random(4); i >= 0; i--) bytes[random(bytes.length)]! ^= 1 << random(8);
    return bytes;
  },
  "with flipped bits in the header": (random) => {
    const bytes = golden.slice();
    for (let i = random(4); i >= 0; i--) bytes[8 + random(headerEnd - 8)]! ^= 1 << random(8);
    return bytes;
  },
  "with another length of the header": (random) => {
    const bytes = golden.slice();
    bytes[random(8)] = random(256);
    return bytes;
  },
  "with another offset": (random) =>
    withTensor(random, ({ data_offsets }) => {
      const i = random(2);
      data_offsets[i] = random(3) === 0 ? pick(random, numbers) : random(golden.length);
    }),
  "with other offsets": (random) =>
    withTensor(random, (tensor) => {
      const by = random(64) - 32;
      tensor.data_offsets = (tensor.data_offsets as number[]).map((offset) => offset + by);
    }),
  "with another size": (random) =>
    withTensor(random, ({ shape }) =>
      shape.splice(random(shape.length + 1), random(2), pick(random, numbers)),
    ),
  "with another dtype": (random) => withTensor(random, (tensor) => (tensor.dtype = pick(random, dtypes))),
  "with something in its header twice, or not at all": (random) => {
    const [start, length] = [random(header.length), 1 + random(60)];
    const part = header.slice(start, start + length);
    return withHeader(
      header.slice(0, start) + (random(2) === 0 ? part + part : "") + header.slice(start + length),
    );
  },
};

/** What `openSafetensors` and `get` do with a file, which may read no byte twice or from beyond its end. */
function opened(bytes: Uint8Array): "loaded" | "refused" {
  const reads: [offset: number, length: number][] = [];
  const file: HostFile = {
    size: bytes.length,
    read(into, offset) {
      reads.push([offset, into.length]);
      into.set(bytes.subarray(offset, offset + into.length));
    },
    close() {},
  };
  vi.spyOn(host.files!, "open").mockReturnValue(file);
  try {
    const tensors = files.openSafetensors("mutated");
    const sizes = tensors.names.map((name) => tensors.info(name).bytes);
    const data = reads.reduce((sum, [, length]) => sum + length, 0);
    expect(data + sizes.reduce((sum, size) => sum + size, 0)).toBe(bytes.length);
    for (const name of tensors.names) tensors.get(name);
    return "loaded";
  } catch (error) {
    if (!(error instanceof CotangentError) || !error.code.startsWith("files/")) throw error;
    expect(error.message.length).toBeLessThan(1000);
    return "refused";
  } finally {
    let end = 0;
    for (const [offset, length] of reads.toSorted(([x], [y]) => x - y)) {
      expect(offset).toBeGreaterThanOrEqual(end);
      end = offset + length;
    }
    expect(end).toBeLessThanOrEqual(bytes.length);
  }
}

const each = 100;
test.each(Object.keys(mutations))(
  `${each} files %s are read within their bounds, or refused by name`,
  (kind) => {
    vi.spyOn(console, "warn").mockReturnValue();
    const random = seeded(kind.length);
    const results = Array.from({ length: each }, () => opened(mutations[kind]!(random)));
    // Bits of the data may be anything, and an offset may be changed to what it was.
    expect(results.filter((result) => result === "refused").length).toBeGreaterThan(
      kind === "with flipped bits" ? 25 : 40,
    );
  },
);

test("a header that names a thousand million bytes takes none", () => {
  const bytes = new Uint8Array(64);
  new DataView(bytes.buffer).setBigUint64(0, 10n ** 9n, true);
  const before = process.memoryUsage().arrayBuffers;
  expect(() => files.openSafetensors(bytes)).toThrow(FileError);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
});
