import fc from "fast-check";
import { leafEquals, type NodeKind, nodeKind, register } from "../../../src/tree/index.ts";

/** A leaf of the tests: an array as far as trees are concerned. */
export class Dense {
  static readonly [nodeKind]: NodeKind = "leaf";
  readonly data: readonly number[];

  constructor(...data: number[]) {
    this.data = data;
  }

  [leafEquals](other: unknown): boolean {
    return other instanceof Dense && String(this.data) === String(other.data);
  }
}

export class Module {
  static readonly [nodeKind]: NodeKind = "fields";
}

export const relu = (x: number) => Math.max(x, 0);

export class Linear extends Module {
  static built = 0;
  readonly weight: Dense;
  readonly bias: Dense | null;
  readonly activation: (x: number) => number;
  readonly outFeatures: number;

  constructor(weight: Dense, bias: Dense | null, activation = relu) {
    super();
    Linear.built++;
    this.weight = weight;
    this.bias = bias;
    this.activation = activation;
    this.outFeatures = weight.data.length;
  }

  get useBias(): boolean {
    return this.bias !== null;
  }
}

export class Mlp extends Module {
  readonly layers: readonly Linear[];
  readonly depth: number;

  constructor(...layers: Linear[]) {
    super();
    this.layers = layers;
    this.depth = layers.length;
  }
}

export const mlp = () =>
  new Mlp(
    new Linear(new Dense(1, 2), new Dense(3)),
    new Linear(new Dense(4), null),
    new Linear(new Dense(5, 6), new Dense(7)),
  );

export class Interval {
  readonly low: unknown;
  readonly high: unknown;
  readonly unit: string;

  constructor(low: unknown, high: unknown, unit: string) {
    this.low = low;
    this.high = high;
    this.unit = unit;
  }
}

register(Interval, {
  flatten: (x) => [[x.low, x.high], { unit: x.unit }],
  unflatten: ({ unit }, [low, high]) => new Interval(low, high, unit),
  names: () => ["low", "high"],
});

const symbol = Symbol("s");

const scalars = fc.oneof(
  fc.integer({ min: -1, max: 2 }),
  fc.constantFrom(
    -0,
    NaN,
    true,
    false,
    "a",
    "",
    3n,
    symbol,
    relu,
    Math.sin,
    new Float32Array(1),
    new Date(0),
  ),
  fc.nat(3).map((x) => new Dense(x)),
);

const names = fc.constantFrom("a", "b", "c", "10", "9", "__proto__", "constructor", "toString");
const objectKey = { name: "a key without an order" };

/**
 * Any tree: every kind of node, leaves and statics of every kind, small enough that equal structures do
 * occur.
 */
export const anyTree: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  tree: fc.oneof({ maxDepth: 4, depthSize: "small" }, tie("leaf"), tie("node")),
  leaf: fc.oneof(scalars, fc.constantFrom(null, undefined)),
  node: fc.oneof(
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(names, tie("tree"), { maxKeys: 3 }),
    fc.array(fc.tuple(names, tie("tree")), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
    fc
      .array(fc.tuple(fc.constantFrom("a", "b", 1, 2, NaN, objectKey, symbol), tie("tree")), { maxLength: 3 })
      .map((entries) => new Map(entries)),
    fc
      .tuple(tie("tree"), tie("tree"), fc.constantFrom("m", "s"))
      .map(([a, b, unit]) => new Interval(a, b, unit)),
    fc
      .tuple(fc.constantFrom(Module, Linear, Mlp), fc.array(fc.tuple(names, tie("tree")), { maxLength: 3 }))
      .map(([Class, entries]) => {
        const node = Object.create(Class.prototype) as object;
        for (const [key, value] of entries) {
          Object.defineProperty(node, key, { value, enumerable: true, writable: true, configurable: true });
        }
        return node;
      }),
  ),
}))["tree"] as fc.Arbitrary<unknown>;
