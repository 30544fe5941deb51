import { Affine } from "./affine.ts";
import { type Expr, load, Loop, type Memory, type Reduction } from "./expression.ts";
import { merged } from "./merge.ts";
import { exprsOf, type Nest, reachable, type Steps, type Store } from "./nest.ts";
import { Rewriting } from "./rewriting.ts";
import { isCopied, isPacked, LEAST_WORK, operandsAlong, type Product, productIn, workOf } from "./product.ts";
import { lanesOf, profileOf, stepsOf } from "./profile.ts";
import { TILE } from "./tiles.ts";

/** Turns of a batch from which on threads share these, and not rows or columns of each. */
const MANY = 16;
/** Steps of a sum that take as long as an access to memory far from the one before, as those to rows of one column are. */
const STEPS_OF_ACCESS = 64;
/** Parts of the tiles of an operand that is unpacked, for threads to share: each has memory for one tile. */
const PARTS = 16;

/**
 * A product of matrices, with its operands first copied in the order in which they are read: all steps of the sum for
 * the columns of a tile, and for its rows. What is computed from one operand alone is computed once, as it is copied.
 * Other nests, and small ones, are left as they are.
 * @see https://www.cs.utexas.edu/~flame/pubs/GotoTOMS_revision.pdf
 */
export function panels(nest: Nest): Steps {
  const found = productIn(nest);
  return found ? new Panels(nest, found).steps() : { nests: [nest], scratch: new Map() };
}

/** Whether an operand lies in memory as its rows are read: each row from its start to its end. */
const isInOrder = (operand: Expr, { over }: Reduction): boolean =>
  operand.kind === "load" && over.length === 1 && operand.address.step(over[0]!) === 1;

/** How often an element of an array is read or written along with each result. */
function accessesOf({ stores }: Nest, row: Loop, column: Loop): number {
  const beside = exprsOf(stores).filter(
    ({ kind, loops }) => kind === "load" && loops.has(row) && loops.has(column),
  );
  return stores.length + beside.length;
}

/** The steps of a loop: full tiles of them, or what is left. */
interface Range {
  readonly index: Affine;
  readonly outer: Loop | null;
  readonly inner: Loop;
}
function ranges(loop: Loop, width: number): Range[] {
  const tiles = Math.floor(loop.size / width);
  const whole = tiles * width;
  const found: Range[] = [];
  if (tiles > 0) {
    const [outer, inner] = [new Loop(tiles, `${loop.name}o`), new Loop(width, `${loop.name}i`)];
    found.push({ index: Affine.loop(outer).times(width).plus(Affine.loop(inner)), outer, inner });
  }
  if (whole < loop.size) {
    const inner = new Loop(loop.size - whole, `${loop.name}r`);
    found.push({ index: Affine.loop(inner).plus(whole), outer: null, inner });
  }
  return found;
}

class Panels {
  /** Copies that are not among the steps yet. */
  private readonly packs: Nest[] = [];
  private readonly scratch = new Map<Memory, number>();
  private readonly copies = new Map<Expr, Expr>();
  private readonly around: readonly Loop[];
  /** Those of them that are no rows. */
  private readonly batch: readonly Loop[];
  /** Whether the columns of some rows are computed before the next rows are; else the rows of some columns. */
  private readonly rowsFirst: boolean;
  /** Whether threads share the rows; else the columns. */
  private readonly byRows: boolean;
  /** Whether turns of the batch are taken one after the other. */
  private readonly inOrder: boolean;

  constructor(
    private readonly nest: Nest,
    private readonly product: Product,
  ) {
    const { row, column, reductions } = product;
    this.around = nest.stores[0]!.loops.filter((loop) => loop !== row && loop !== column);
    const { ordered } = profileOf(nest);
    this.inOrder = this.around.some((loop) => ordered.has(loop));
    this.batch = this.around.filter((loop) => !product.places.includes(loop));
    const steps = reductions.reduce((most, { over }) => Math.max(most, stepsOf(over)), 0);
    this.rowsFirst = steps <= STEPS_OF_ACCESS * accessesOf(nest, row, column);
    this.byRows = this.rowsFirst || row.size > column.size;
  }

  steps(): Steps {
    const { row, column } = this.product;
    const columns = ranges(column, TILE.columns * lanesOf(this.nest));
    const rows = ranges(row, TILE.rows);
    if (this.isUnpacked(column, row)) return this.tileByTile(column, columns, rows);
    if (this.isUnpacked(row, column)) return this.tileByTile(row, rows, columns);
    const nests: Nest[] = [];
    for (const range of this.byRows ? rows : columns) {
      const parts = this.byRows
        ? columns.map((other) => this.part(range, other))
        : rows.map((other) => this.part(other, range));
      nests.push(...this.together(range, parts));
    }
    return { nests, scratch: this.scratch };
  }

  /**
   * The parts of some rows or of some columns, before them the copies that they read. What only these rows or columns
   * need is copied by the thread that computes them: writing memory that another core has read takes long.
   */
  private together({ outer }: Range, parts: readonly Nest[]): Nest[] {
    const copies = this.packs.splice(0);
    const [batch] = this.rowsFirst ? this.around : this.batch;
    const shared = batch && batch.size >= MANY ? batch : outer;
    if (shared === null || this.inOrder) return [...copies, ...parts];
    const own = copies.filter(({ stores }) => stores[0]!.loops.includes(shared));
    const joined = [...own, ...parts].map((nest, i, { length }) => ({
      ...nest,
      shared,
      joined: i < length - 1,
    }));
    return [...copies.filter((copy) => !own.includes(copy)), ...joined];
  }

  /** The product of some of the rows and of the columns. */
  private part(rows: Range, columns: Range): Nest {
    const { row, column, reductions } = this.product;
    const indices = new Map([
      [row, rows.index],
      [column, columns.index],
    ]);
    const place = new Rewriting({ indices });
    const exprs = new Map<Expr, Expr>();
    for (const sum of reductions) {
      for (const x of operandsAlong(sum, column, row).filter(isCopied))
        exprs.set(x, this.copied(place.expr(x), sum, columns, !this.byRows));
      if (workOf(sum, row, column) < LEAST_WORK) continue;
      for (const x of operandsAlong(sum, row, column).filter(isCopied))
        if (!isInOrder(x, sum)) exprs.set(x, this.copied(place.expr(x), sum, rows, this.byRows));
    }
    const rewriting = new Rewriting({ indices, exprs });
    const outer = this.rowsFirst
      ? [...this.around, rows.outer, columns.outer]
      : [...this.batch, columns.outer, ...this.product.places, rows.outer];
    const loops = [...outer.filter((loop) => loop !== null), rows.inner, columns.inner];
    return { ...this.nest, stores: this.nest.stores.map((store) => rewriting.store(store, loops)) };
  }

  /** Whether what differs along `loop` is unpacked from bytes, so that it is never to be there as a whole. */
  private isUnpacked(loop: Loop, other: Loop): boolean {
    return (
      !this.inOrder &&
      this.product.reductions.every(
        (sum) =>
          workOf(sum, loop, other) >= LEAST_WORK &&
          operandsAlong(sum, loop, other).every((x) => isPacked(x) && isCopied(x)),
      )
    );
  }
  /** The product with each tile along `loop` unpacked right before it is needed, to the same memory as the one before. */
  private tileByTile(loop: Loop, tiles: readonly Range[], others: readonly Range[]): Steps {
    const nests = tiles.flatMap(({ index, outer, inner }) => {
      if (outer === null) return [this.tilesInTurn(loop, index, inner, null, others)];
      const parts = Math.min(PARTS, Math.ceil(outer.size / 2));
      return ranges(outer, Math.ceil(outer.size / parts)).map((turns) => {
        const of = new Rewriting({ indices: new Map([[outer, turns.index]]) });
        return this.tilesInTurn(loop, of.affine(index), inner, turns, others);
      });
    });
    return { nests: [...this.packs.splice(0), ...nests], scratch: this.scratch };
  }
  /** Tiles of `inner` steps at `index`: for each in turn what is unpacked for it, and its products with all of `others`. */
  private tilesInTurn(
    loop: Loop,
    index: Affine,
    inner: Loop,
    turns: Range | null,
    others: readonly Range[],
  ): Nest {
    const { row, column, reductions } = this.product;
    const other = loop === row ? column : row;
    const part = turns?.outer ?? null;
    const inTurn = [...(turns ? [turns.inner] : []), ...this.around];
    const stores: Store[] = [];
    const tile = new Map<Expr, Expr>();
    const place = new Rewriting({ indices: new Map([[loop, index]]) });
    for (const sum of reductions)
      for (const x of operandsAlong(sum, loop, other)) {
        const around = inTurn.filter((l) => l === turns?.inner || x.loops.has(l));
        const [store, copy] = this.unpacked(place.expr(x), [...sum.over, inner], part, around);
        stores.push(store);
        tile.set(x, copy);
      }
    for (const range of others) {
      const exprs = new Map(tile);
      const beside = new Rewriting({ indices: new Map([[other, range.index]]) });
      for (const sum of reductions)
        for (const x of operandsAlong(sum, other, loop).filter(isCopied))
          if (other === column || !isInOrder(x, sum))
            exprs.set(x, this.copied(beside.expr(x), sum, range, false));
      const indices = new Map([
        [loop, index],
        [other, range.index],
      ]);
      const rewriting = new Rewriting({ indices, exprs });
      const own = loop === row ? [inner, range.inner] : [range.inner, inner];
      const loops = [part, ...inTurn, range.outer, ...own].filter((l) => l !== null);
      stores.push(...this.nest.stores.map((store) => rewriting.store(store, loops)));
    }
    return { ...this.nest, stores, sequential: new Set([...this.nest.sequential, ...inTurn]) };
  }
  /** What is unpacked of an operand in each step of `around`, and where it then is. */
  private unpacked(
    expr: Expr,
    steps: readonly Loop[],
    part: Loop | null,
    around: readonly Loop[],
  ): readonly [Store, Expr] {
    const places = part ? [part, ...steps] : steps;
    const address = places.reduce((at, loop) => at.times(loop.size).plus(Affine.loop(loop)), Affine.of(0));
    const memory: Memory = { name: `${this.nest.name}_tile${this.scratch.size}`, storage: expr.type };
    this.scratch.set(memory, stepsOf(places));
    // Loops of its own, so that they are run as is best for it.
    const own = steps.map((loop) => new Loop(loop.size, `${loop.name}u`));
    const again = new Rewriting({ indices: new Map(steps.map((loop, i) => [loop, Affine.loop(own[i]!)])) });
    const loops = [...(part ? [part] : []), ...around, ...own];
    const store = { loops, memory, address: again.affine(address), value: again.expr(expr) };
    return [store, load(memory, address, around)];
  }

  /** Where an operand is copied to, of the loops of one part; whether each thread copies some tiles of it. */
  private copied(expr: Expr, { over }: Reduction, { outer, inner }: Range, shared: boolean): Expr {
    const before = this.copies.get(expr);
    if (before) return before;
    const { around } = this;
    const tiles = outer ? [outer] : [];
    const inOrder = (order: readonly Loop[]): Loop[] => order.filter((loop) => expr.loops.has(loop));
    // What is computed for a row as a whole is computed before its elements.
    const whole = reachable([expr]).some((x) => x.kind === "reduced");
    const places = inOrder([...around, ...tiles, ...(whole ? [inner, ...over] : [...over, inner])]);
    const address = places.reduce((at, loop) => at.times(loop.size).plus(Affine.loop(loop)), Affine.of(0));
    // Tiles that lie side by side in memory are copied side by side, if they are few: memory is read line by line.
    const beside = shared && expr.kind === "load" && expr.address.step(inner) === 1;
    const loops = beside ? inOrder([...around, ...over, ...tiles, inner]) : places;
    const memory: Memory = { name: `${this.nest.name}_panel${this.copies.size}`, storage: expr.type };
    this.scratch.set(memory, stepsOf(loops));
    const store: Store = { loops, memory, address, value: expr };
    // Only the steps of the sum may become fewer loops: threads share the others.
    const apart = new Set(loops.filter((loop) => !over.includes(loop)));
    const copying = merged({ name: memory.name, stores: [store], sequential: apart });
    this.packs.push({ ...copying, sequential: new Set() });
    const copy = load(memory, address);
    this.copies.set(expr, copy);
    return copy;
  }
}
