import type { Literal } from "../../core/jaxpr.ts";
import { dtypeInfo } from "../../core/dtype.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Aval } from "../../core/value.ts";
import { Affine } from "../kernel/affine.ts";
import { type Element, readElement, representation, storedElement } from "../kernel/element.ts";
import { constant, Loop } from "../kernel/expression.ts";
import { type Cuts, withCuts } from "../kernel/guard.ts";
import { fromBfloat16, fromFloat16 } from "../kernel/half.ts";
import { exprsOf, type Nest, type Store } from "../kernel/nest.ts";
import { arranged, type Index, indexOf, partsOf, type Reader } from "../kernel/reader.ts";
import type { Update } from "../lower/row.ts";
import { leading, linear } from "./probe.ts";
import type { ArrayMemory } from "./program.ts";

/** Something that a kernel computes and writes to memory. */
export interface Written {
  readonly aval: Aval;
  readonly read: Reader;
  readonly memory: ArrayMemory;
}

/** An array in memory. */
export const memoryReader =
  (memory: ArrayMemory): Reader =>
  (index) =>
    readElement(memory, memory.aval.dtype, linear(index, memory.aval));

/** A scalar that is known. */
export function literalReader({ value, aval }: Literal): Reader {
  const { type } = representation[aval.dtype];
  const numbers = Array.from({ length: dtypeInfo[aval.dtype].lanes }, (_, lane) => value.storage[lane]!);
  const element: Element =
    aval.dtype === "float16"
      ? [fromFloat16(constant("i32", numbers[0]!))]
      : aval.dtype === "bfloat16"
        ? [fromBfloat16(constant("i32", numbers[0]!))]
        : numbers.map((x) => constant(type, x));
  return () => element;
}

/** `f`, computed once for each index. */
export function remembered(f: Reader): Reader {
  const known = new Map<string, Element>();
  return (index) => {
    const key = index.map((i) => i.key).join("|");
    let element = known.get(key);
    if (element === undefined) known.set(key, (element = f(index)));
    return element;
  };
}

/** Loops over axes, of which those of size 1 need none. */
class Axes {
  readonly loops: readonly Loop[];
  constructor(
    readonly sizes: readonly number[],
    prefix: string,
  ) {
    this.loops = sizes.map((size, i) => new Loop(size, `${prefix}${i}`));
  }
  get used(): Loop[] {
    return this.loops.filter((loop) => loop.size > 1).flatMap(partsOf);
  }
  /** The places along axes of these sizes, row by row, in the pieces of loops that are cut. */
  index(sizes: readonly number[], pieces: Pieces = new Map()): Index {
    const places = this.loops.map((loop) =>
      loop.size === 1 ? Affine.of(0) : inPieces(indexOf(loop), pieces),
    );
    if (sizes.length === this.sizes.length && sizes.every((size, i) => size === this.sizes[i])) return places;
    let rest = linear(places, { shape: this.sizes });
    const index: Affine[] = [];
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      const [quotient, remainder] = axis === 0 ? [Affine.of(0), rest] : rest.divide(sizes[axis]!);
      index.unshift(remainder);
      rest = quotient;
    }
    return index;
  }
}

/** The nest that computes arrays whose leading axes are `rows` rows. */
export function kernelOf(name: string, outputs: readonly Written[], rows: number): Nest[] {
  const full = outputs.filter(({ aval }) => sizeOf(aval.shape) > 0);
  if (full.length === 0) return [];
  const outer = new Axes(full[0]!.aval.shape.slice(0, leading(full[0]!.aval, rows) ?? 0), "i");
  const inner = new Map<number, Axes>();
  const innerAxes = (sizes: readonly number[]): Axes => {
    const size = sizeOf(sizes);
    let axes = inner.get(size);
    if (axes === undefined) inner.set(size, (axes = new Axes(sizes, "j")));
    return axes;
  };
  const build = (pieces: Pieces): Store[] =>
    full.flatMap(({ aval, read, memory }): Store[] => {
      const count = leading(aval, rows)!;
      const own = innerAxes(aval.shape.slice(count));
      const [first, rest] = [aval.shape.slice(0, count), aval.shape.slice(count)];
      const index = [...outer.index(first, pieces), ...own.index(rest, pieces)];
      const loops = [...outer.used, ...own.used].flatMap((loop) => partsOf(pieces.get(loop)?.loop ?? loop));
      const values = storedElement(read(index), aval.dtype);
      const address = linear(index, aval).times(values.length);
      return values.map((value, lane) => ({
        loops: loops.filter(({ size }) => size > 1),
        memory,
        address: address.plus(lane),
        value,
      }));
    });
  const [stores, cuts] = arranged(() => withCuts(() => build(new Map())));
  const whole = seriesLoops(stores);
  const loops = stores.flatMap((store) => store.loops).filter((loop) => !whole.has(loop));
  const pieces = piecesOf(cuts, new Set(loops));
  if (pieces.length === 1) return [ordered({ name, stores, sequential: new Set() })];
  const parts = arranged(() => pieces.map(build));
  return parts.map((part, i) => ordered({ name: `${name}_${i}`, stores: part, sequential: new Set() }));
}

/** For loops that are cut, the piece that stands for each. */
type Pieces = ReadonlyMap<Loop, { readonly from: number; readonly loop: Loop }>;

const inPieces = (index: Affine, pieces: Pieces): Affine =>
  index.substitute(
    (loop) => {
      const piece = pieces.get(loop);
      return piece ? indexOf(piece.loop).plus(piece.from) : null;
    },
    (x) => x,
  );

/** Pieces of a nest at most; beyond, guards are looked at in each step. */
const MOST_PIECES = 32;

/** All combinations of the pieces that loops are cut into. */
function piecesOf(cuts: Cuts, loops: ReadonlySet<Loop>): Pieces[] {
  let all: Pieces[] = [new Map()];
  for (const [loop, steps] of cuts) {
    if (!loops.has(loop) || all.length * (steps.size + 1) > MOST_PIECES) continue;
    const bounds = [0, ...[...steps].sort((a, b) => a - b), loop.size];
    const own = bounds
      .slice(1)
      .map((to, i) => ({ from: bounds[i]!, loop: new Loop(to - bounds[i]!, `${loop.name}_${i}`) }));
    all = all.flatMap((pieces) => own.map((piece): Pieces => new Map([...pieces, [loop, piece]])));
  }
  return all;
}

/** The loops that running reductions go along, which are never cut. */
function seriesLoops(stores: readonly Store[]): Set<Loop> {
  const along = new Set<Loop>();
  for (const expr of exprsOf(stores))
    if (expr.kind === "running") for (const loop of expr.series.along) along.add(loop);
  return along;
}

/** With the loops of running reductions innermost, in the order of their steps. */
function ordered({ name, stores }: Nest): Nest {
  const along = seriesLoops(stores);
  const moved = stores.map((store) => ({
    ...store,
    loops: [
      ...store.loops.filter((loop) => !along.has(loop)),
      ...store.loops.filter((loop) => along.has(loop)),
    ],
  }));
  return { name, stores: along.size > 0 ? moved : stores, sequential: along };
}

/** Nests that write to an array in part, one after the other. */
export function updateNests(name: string, updates: readonly Update[], out: ArrayMemory): Nest[] {
  return updates.flatMap(({ sizes, place, when, value, apart }, i) => {
    if (sizeOf(sizes) === 0) return [];
    const axes = new Axes(sizes, "u");
    const inOrder = (): Loop[] =>
      axes.loops.flatMap((loop, axis) => (apart[axis] || loop.size === 1 ? [] : partsOf(loop)));
    const stores = arranged((): Store[] => {
      const step = axes.index(sizes);
      const position = linear(place(step), out.aval);
      // A step may be where the one before has written.
      const before = readElement(out, out.aval.dtype, position, inOrder());
      const values = storedElement(value(step, before), out.aval.dtype);
      const condition = when?.(step);
      const address = position.times(values.length);
      return values.map((x, lane) => ({
        loops: axes.used,
        memory: out,
        address: address.plus(lane),
        value: x,
        ...(condition && { when: condition }),
      }));
    });
    return [{ name: `${name}_${i}`, stores, sequential: new Set(inOrder()) }];
  });
}
