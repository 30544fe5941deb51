import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { leaves, nodeKind, register, structure, TreeError, unflatten } from "../../../src/tree/index.ts";
import { Dense, Interval, Linear, Module } from "./sample.ts";

test("the nearest declaration of nodeKind decides", () => {
  class Opaque extends Module {
    static override readonly [nodeKind] = "leaf";
    x = new Dense(1);
  }
  class Open extends Opaque {
    // A class may open what a class above it closed.
    static override readonly [nodeKind] = "fields" as never;
  }
  const [opaque, open] = [new Opaque(), new Open()];
  expect(leaves([opaque, open])).toEqual([opaque, open.x]);
});

test("a nodeKind that does not exist is an error", () => {
  class Wrong {
    static readonly [nodeKind] = "field";
  }
  expect(() => leaves(new Wrong())).toThrow('Wrong: nodeKind is "fields" or "leaf", not field');
});

test("typed arrays, Dates, Sets and unregistered instances are leaves", () => {
  class Point {
    x = 1;
  }
  class Stack extends Array<number> {}
  for (const leaf of [new Float32Array(2), new Date(0), new Set([1]), new Point(), new Stack(), () => 0]) {
    expect(leaves([leaf])).toEqual([leaf]);
  }
});

test("a registered class is a node, its subclasses are not", () => {
  class Half extends Interval {}
  const half = new Half(1, 2, "m");
  expect(leaves([new Interval(1, 2, "m"), half])).toEqual([1, 2, half]);
});

test("a class may be registered after its instances were met as leaves", () => {
  class Late {
    readonly x: unknown;
    constructor(x: unknown) {
      this.x = x;
    }
  }
  const late = new Late(1);
  expect(leaves(late)).toEqual([late]);
  register(Late, { flatten: ({ x }) => [[x], null], unflatten: (_, [x]) => new Late(x) });
  expect(leaves(late)).toEqual([1]);
});

test("a class is registered once, and never if it is a node already", () => {
  const node = { flatten: () => [[], null] as const, unflatten: () => new Interval(0, 0, "") };
  expect(() => register(Interval, node)).toThrow("register: Interval is registered already");
  expect(() => register(Array, { ...node, unflatten: () => [] })).toThrow(TreeError);
  leaves(new Linear(new Dense(1), null));
  const unflattenLinear = () => new Linear(new Dense(1), null);
  expect(() => register(Linear, { ...node, unflatten: unflattenLinear })).toThrow("in use as a node");
});

test("aux that is plain data is compared by structure, other aux by identity", () => {
  expect(structure(new Interval(1, 2, "m")).equals(structure(new Interval(3, 4, "m")))).toBe(true);
  expect(structure(new Interval(1, 2, "m")).equals(structure(new Interval(3, 4, "s")))).toBe(false);
});

test("lists and plain objects of another realm are nodes", () => {
  const foreign: unknown = runInNewContext("({ b: [1, 2], a: 3 })");
  expect(leaves(foreign)).toEqual([3, 1, 2]);
  const treedef = structure({ a: 0, b: [0, 0] });
  expect(structure(foreign).equals(treedef)).toBe(true);
  expect(treedef.match(foreign, [])).toBe(true);
});

test("plain objects are rebuilt with sorted keys, also those with names of Object.prototype", () => {
  const tree = Object.fromEntries([
    ["toString", 1],
    ["b", 2],
    ["__proto__", 3],
  ]) as Record<string, number>;
  const rebuilt = unflatten<typeof tree>(structure(tree), [10, 20, 30]);
  expect(Object.entries(rebuilt)).toEqual([
    ["__proto__", 10],
    ["b", 20],
    ["toString", 30],
  ]);
  expect(Object.getPrototypeOf(rebuilt)).toBe(Object.prototype);
});

test("Maps whose keys have an order agree however they were filled, and are rebuilt as they were", () => {
  const [ab, ba] = [
    new Map([
      ["a", 1],
      ["b", 2],
    ]),
    new Map([
      ["b", 2],
      ["a", 1],
    ]),
  ];
  expect(leaves(ab)).toEqual(leaves(ba));
  expect(structure(ab).equals(structure(ba))).toBe(true);
  expect([...unflatten<typeof ba>(structure(ba), [10, 20])]).toEqual([
    ["b", 20],
    ["a", 10],
  ]);
});

test("Maps with keys that have no order agree only in the same order", () => {
  const [p, q] = [{}, {}];
  const [pq, qp] = [
    new Map([
      [p, 1],
      [q, 2],
    ]),
    new Map([
      [q, 2],
      [p, 1],
    ]),
  ];
  expect(leaves(qp)).toEqual([2, 1]);
  expect(structure(pq).equals(structure(qp))).toBe(false);
  expect(structure(pq).equals(structure(new Map(pq)))).toBe(true);
});
