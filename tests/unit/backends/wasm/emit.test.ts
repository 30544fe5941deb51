import { expect, test } from "vitest";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import {
  load,
  Loop,
  type Memory,
  position,
  type Storage,
} from "../../../../src/compiler/kernel/expression.ts";
import type { Nest } from "../../../../src/compiler/kernel/nest.ts";
import { schedule } from "../../../../src/compiler/kernel/schedule.ts";
import { segmentsOf } from "../../../../src/compiler/kernel/tiles.ts";
import { arrays, executed, interpreted } from "../../compiler/kernel/machine.ts";

const storages = Object.keys(arrays) as Storage[];
const STRIDE = 3;

/** Numbers of which most have every byte in use. */
function filled(storage: Storage, size: number) {
  const array = new arrays[storage](size);
  for (let i = 0; i < size; i++) {
    if (storage === "bool") array[i] = i % 3 === 0 ? 0 : 1 + i;
    else if (storage === "i64") array[i] = BigInt(i - 3) * 0x0123456789abcdn;
    else array[i] = (i - 3) * 0x1234567;
  }
  return array;
}

/** How elements of `from` go to `to`, in each way that there is to read and to write them. */
const ways = {
  "in a row": { read: (i: Affine) => i, write: (i: Affine) => i },
  "from an odd place": { read: (i: Affine) => i.plus(1), write: (i: Affine) => i.plus(2) },
  backwards: { read: (i: Affine, size: number) => i.times(-1).plus(size - 1), write: (i: Affine) => i },
  apart: { read: (i: Affine) => i.times(STRIDE), write: (i: Affine) => i },
  "to places apart": { read: (i: Affine) => i, write: (i: Affine) => i.times(STRIDE).plus(1) },
  "to places backwards": {
    read: (i: Affine) => i,
    write: (i: Affine, size: number) => i.times(-2).plus(2 * size),
  },
  "one to all": { read: () => Affine.of(2), write: (i: Affine) => i },
} as const;

const cases = storages.flatMap((storage) =>
  Object.keys(ways).map((way) => ({ storage, way: way as keyof typeof ways })),
);

test.for(cases)("elements of $storage are copied $way, whatever the number of them", ({ storage, way }) => {
  for (let size = 1; size <= 9; size++) {
    const loop = new Loop(size, "i");
    const i = Affine.loop(loop);
    const from: Memory = { name: "from", storage };
    const to: Memory = { name: "to", storage };
    const { read, write } = ways[way];
    const store = { loops: [loop], memory: to, address: write(i, size), value: load(from, read(i, size)) };
    const nest: Nest = { name: "copy", stores: [store], sequential: new Set() };
    const [, last] = read(i, size).range()!;
    const data = new Map([
      [from, filled(storage, last + 1)],
      [to, filled(storage, STRIDE * size + 3)],
    ]);
    const expected = interpreted(nest, data).get(to);
    for (const lanes of storage === "i64" || storage === "f64" ? [2] : [2, 4])
      for (const factor of [1, 2]) {
        const vectors = new Set([loop]);
        const segments = new Map([[loop, segmentsOf(loop, vectors, factor, lanes)]]);
        expect(executed(nest, data, { ...schedule(nest), lanes, vectors, segments }).get(to)).toEqual(
          expected,
        );
      }
    expect(executed(nest, data).get(to)).toEqual(expected);
  }
});

test("a kernel knows its place in vectors of 2 and of 4", () => {
  const loop = new Loop(11, "i");
  const memory: Memory = { name: "out", storage: "i32" };
  const index = Affine.loop(loop).times(-5).plus(7);
  const store = { loops: [loop], memory, address: Affine.loop(loop), value: position(index) };
  const nest: Nest = { name: "positions", stores: [store], sequential: new Set() };
  const data = new Map([[memory, new Int32Array(11)]]);
  for (const lanes of [2, 4]) {
    const vectors = new Set([loop]);
    const segments = new Map([[loop, segmentsOf(loop, vectors, 2, lanes)]]);
    expect(executed(nest, data, { ...schedule(nest), lanes, vectors, segments })).toEqual(
      interpreted(nest, data),
    );
  }
});
