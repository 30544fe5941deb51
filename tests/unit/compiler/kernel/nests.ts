import fc from "fast-check";
import type { TypedArray } from "../../../../src/core/dtype.ts";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { constant, type Expr, load, Loop, type Memory, type Monoid, op, position, reduce, running, type Storage, type Type } from "../../../../src/compiler/kernel/expression.ts"; // prettier-ignore
import type { Nest, Store } from "../../../../src/compiler/kernel/nest.ts";
import { arrays } from "./machine.ts";

type Number = Exclude<Type, "bool">;
type Draw = fc.GeneratorValue;

export const sumOf = (type: Number): Monoid => ({
  name: `add ${type}`,
  unit: [constant(type, 0)],
  combine: ([a], [b]) => [op("add", a!, b!)],
});
const less = (a: Expr, b: Expr): Expr => op(isFloat(a.type) ? "lt" : "lt_s", a, b);
const isFloat = (type: Type): boolean => type === "f32" || type === "f64";
const smallest = (type: Number): number => (isFloat(type) ? -Infinity : -1000);
export const maxOf = (type: Number): Monoid => ({
  name: `max ${type}`,
  unit: [constant(type, smallest(type))],
  combine: ([a], [b]) => [op(isFloat(type) ? "max" : "max_s", a!, b!)],
});
/** The greatest value and the first place that has it. */
export const argmaxOf = (type: Number): Monoid => ({
  name: `argmax ${type}`,
  unit: [constant(type, smallest(type)), constant("i32", 1000)],
  combine: ([x, i], [y, j]) => {
    const first = op("and", op("eq", x!, y!), op("lt_s", i!, j!));
    const left = op("or", less(y!, x!), first);
    return [op("select", left, x!, y!), op("select", left, i!, j!)];
  },
});

const storages: Readonly<Record<Number, readonly Storage[]>> = {
  i32: ["i32", "i8", "u8", "i16", "u16"],
  i64: ["i64"],
  f32: ["f32"],
  f64: ["f64"],
};

/** Small whole numbers: sums and products of them are exact in any order. */
function data(draw: Draw, storage: Storage, size: number): TypedArray {
  const array = new arrays[storage](size);
  let state = draw(fc.nat, { max: 1 << 20 });
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    const value = (state >> 12) % 7;
    const signed = storage === "u8" || storage === "u16" || storage === "bool" ? value : value - 3;
    if (storage === "i64") array[i] = BigInt(signed);
    else array[i] = storage === "bool" ? signed & 1 : signed;
  }
  return array;
}

/** A nest drawn at random, with what is in its memories. */
export class RandomNest {
  readonly data = new Map<Memory, TypedArray>();
  private reductions = 0;

  constructor(private readonly draw: Draw) {}

  nest(): Nest {
    const { draw } = this;
    const shared = this.loops(draw(fc.nat, { max: 2 }), "i");
    const count = 1 + draw(fc.nat, { max: 2 });
    const stores = Array.from({ length: count }, (_, k): Store => {
      const own = this.loops(draw(fc.nat, { max: 1 }), `j${k}_`);
      return this.store([...shared, ...own], `out${k}`);
    });
    return {
      name: "random",
      stores,
      sequential: new Set(shared.slice(0, draw(fc.nat, { max: 4 }) === 0 ? 1 : 0)),
    };
  }
  loops(count: number, name: string): Loop[] {
    const sizes = fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 9);
    return Array.from(
      { length: count },
      (_, i) =>
        new Loop(
          this.draw(() => sizes),
          `${name}${i}`,
        ),
    );
  }
  type(): Number {
    return this.draw(() => fc.constantFrom<Number>("f32", "f32", "f32", "i32", "i32", "f64", "i64"));
  }

  /** Elements of an array of their own, in some order, with gaps or without. */
  store(loops: readonly Loop[], name: string): Store {
    const { draw } = this;
    const type = this.type();
    const storage = draw(() => fc.constantFrom(...storages[type]));
    const order = draw(() => fc.shuffledSubarray([...loops], { minLength: loops.length }));
    let address = Affine.of(0);
    let stride = draw(() => fc.constantFrom(1, 1, 1, 2));
    for (const loop of order) {
      const backwards = draw(() => fc.constantFrom(false, false, false, true));
      const at = backwards
        ? Affine.loop(loop)
            .times(-1)
            .plus(loop.size - 1)
        : Affine.loop(loop);
      address = address.plus(at.times(stride));
      stride *= loop.size;
    }
    const memory = this.memory(storage, address.range()![1] + 1, name);
    const value = this.expr(type, loops, 2);
    const guarded = draw(() => fc.constantFrom(false, false, false, true));
    return { loops, memory, address, value, ...(guarded && { when: this.condition(loops, 1) }) };
  }
  private memory(storage: Storage, size: number, name: string): Memory {
    const memory = { name, storage };
    this.data.set(memory, data(this.draw, storage, size));
    return memory;
  }

  private condition(loops: readonly Loop[], depth: number): Expr {
    const type = this.type();
    const [a, b] = [this.expr(type, loops, depth), this.expr(type, loops, depth)];
    return this.draw(() => fc.constantFrom(true, false)) ? less(a, b) : op("eq", a, b);
  }
  private affine(loops: readonly Loop[]): Affine {
    let index = Affine.of(this.draw(fc.nat, { max: 3 }));
    let stride = 1;
    // Rows of an array, in any order, of which some axes are broadcast or run backwards.
    for (const loop of this.draw(() => fc.shuffledSubarray([...loops], { minLength: loops.length }))) {
      const way = this.draw(() => fc.constantFrom(1, 1, 1, 0, -1, 2));
      const at = Affine.loop(loop).times(way * stride);
      index = index.plus(way < 0 ? at.plus(stride * (loop.size - 1)) : at);
      stride *= loop.size * Math.abs(way || 1);
    }
    return index;
  }
  private loaded(type: Number, loops: readonly Loop[]): Expr {
    const storage = this.draw(() => fc.constantFrom(...storages[type]));
    const index = this.affine(loops);
    if (this.draw(fc.nat, { max: 5 }) > 0)
      return load(this.memory(storage, index.range()![1] + 1, "x"), index);
    // From a place that memory says.
    const places = load(this.memory("u8", index.range()![1] + 1, "places"), index);
    const rest = this.affine(loops);
    const address = Affine.dynamic(places).times(2).plus(rest);
    return load(this.memory(storage, rest.range()![1] + 13, "table"), address);
  }

  expr(type: Number, loops: readonly Loop[], depth: number): Expr {
    const { draw } = this;
    const choice = depth === 0 ? draw(fc.nat, { max: 2 }) : draw(fc.nat, { max: 9 });
    const inner = (of = type): Expr => this.expr(of, loops, depth - 1);
    const bounded = (x: Expr): Expr => {
      const [min, max] = isFloat(type) ? (["min", "max"] as const) : (["min_s", "max_s"] as const);
      if (type !== "i64") return op(min, op(max, x, constant(type, -9)), constant(type, 9));
      const above = op("select", op("lt_s", constant(type, 9), x), constant(type, 9), x);
      return op("select", op("lt_s", above, constant(type, -9)), constant(type, -9), above);
    };
    switch (choice) {
      case 0:
        return constant(type, draw(fc.nat, { max: 4 }) - 2);
      case 1:
      case 2:
      case 3:
        return this.loaded(type, loops);
      case 4:
        return op(
          draw(() => fc.constantFrom<"add" | "sub">("add", "sub")),
          inner(),
          inner(),
        );
      case 5:
        return bounded(op("mul", bounded(inner()), bounded(inner())));
      case 6:
        return op(
          draw(() => fc.constantFrom<"select" | "rarely">("select", "rarely")),
          this.condition(loops, depth - 1),
          inner(),
          inner(),
        );
      case 7:
        return this.converted(type, inner, loops);
      default:
        return bounded(this.reduced(type, loops, depth));
    }
  }
  private converted(type: Number, inner: (of: Number) => Expr, loops: readonly Loop[]): Expr {
    switch (type) {
      case "i32":
        return this.draw(() => fc.constantFrom(true, false))
          ? position(this.affine(loops))
          : op("to_i32_s", inner("f32"));
      case "i64":
        return op("extend_s", inner("i32"));
      case "f32":
        return op("to_f32_s", inner("i32"));
      default:
        return op("promote", inner("f32"));
    }
  }
  private reduced(type: Number, loops: readonly Loop[], depth: number): Expr {
    const { draw } = this;
    const over = this.loops(1 + draw(fc.nat, { max: 1 }), `k${this.reductions++}_`);
    const value = this.expr(type, [...loops, ...over], depth - 1);
    switch (draw(fc.nat, { max: 3 })) {
      case 0:
        return reduce(maxOf(type), over, [value])[0]!;
      case 1: {
        const place = position(
          over.reduce((sum, loop) => sum.times(loop.size).plus(Affine.loop(loop)), Affine.of(0)),
        );
        const [greatest, first] = reduce(argmaxOf(type), over, [value, place]);
        return draw(() => fc.constantFrom(true, false)) ? greatest! : ofPlace(type, first!);
      }
      default:
        return reduce(sumOf(type), over, [value])[0]!;
    }
  }

  /** A store of what runs along its last loops. */
  series(): Nest {
    const { draw } = this;
    const outer = this.loops(draw(fc.nat, { max: 2 }), "i");
    const along = this.loops(1 + draw(fc.nat, { max: 1 }), "s");
    const loops = [...outer, ...along];
    const store = this.store(loops, "out");
    const type = this.type();
    const run = (of: Number): Expr =>
      running(
        draw(() => fc.constantFrom(sumOf(of), maxOf(of))),
        along,
        [this.expr(of, loops, 1)],
      )[0]!;
    const memory = this.memory(storages[type][0]!, this.data.get(store.memory)!.length, "out");
    const value = op("add", run(type), run(type));
    return {
      name: "series",
      stores: [{ loops, memory, address: store.address, value }],
      sequential: new Set(along),
    };
  }
}

const ofPlace = (type: Number, place: Expr): Expr => {
  if (type === "i32") return place;
  if (type === "i64") return op("extend_s", place);
  return op(type === "f32" ? "to_f32_s" : "to_f64_s", place);
};
