/** Blocks begin at multiples of it, and their sizes are counted in it: a cache line, four vectors. */
export const UNIT = 64;

/**
 * A part of the memory, handed out or free. All are in a list by address. Whoever frees a block must forget it: the
 * object may stand for another's memory from then on.
 */
export class Block {
  free = false;
  /** What it is for, as messages say it. */
  label = "";
  /** Neighbours in the memory. */
  before: Block | null = null;
  after: Block | null = null;
  /** Neighbours in its free list. */
  previous: Block | null = null;
  next: Block | null = null;

  constructor(
    /** Where it begins, in units: at most 2²⁶, so an integer that engines keep as one. */
    public start: number,
    /** In units. */
    public size: number,
  ) {}

  /** Where it begins, in bytes; never negative. */
  get address(): number {
    return this.start * UNIT;
  }

  get bytes(): number {
    return this.size * UNIT;
  }
}

/** Classes between a power of two and the next: as many as an integer has bits. */
const STEPS = 32;
const STEP_BITS = 5;
/** Powers of two: sizes below STEPS have one list each; the largest size is 2²⁶. */
const POWERS = 26 - STEP_BITS + 2;

const highestBit = (x: number): number => 31 - Math.clz32(x);
const lowestBit = (x: number): number => highestBit(x & -x);

/** `size` in units rounded up to one that begins a class: every block of the class has room for it. */
export function rounded(size: number): number {
  if (size < STEPS) return size;
  const step = 2 ** (highestBit(size) - STEP_BITS);
  return Math.ceil(size / step) * step;
}

/** The place of a size's list: `power · STEPS + step`. */
function classOf(size: number): number {
  if (size < STEPS) return size;
  const high = highestBit(size);
  return (high - STEP_BITS + 1) * STEPS + ((size >>> (high - STEP_BITS)) & (STEPS - 1));
}

/** The free blocks, in lists by size, and bitmaps that say which lists have any. */
export class FreeLists {
  private readonly heads: (Block | null)[] = new Array<Block | null>(POWERS * STEPS).fill(null);
  /** Bit `p`: whether some list of power `p` has a block. */
  private powers = 0;
  /** By power, bit `s`: whether the list of step `s` has a block. */
  private readonly steps = new Int32Array(POWERS);

  add(block: Block): void {
    const place = classOf(block.size);
    const head = this.heads[place]!;
    block.free = true;
    block.previous = null;
    block.next = head;
    if (head !== null) head.previous = block;
    else {
      const power = place >>> STEP_BITS;
      this.steps[power]! |= 1 << (place & (STEPS - 1));
      this.powers |= 1 << power;
    }
    this.heads[place] = block;
  }

  remove(block: Block): void {
    const { previous, next } = block;
    block.free = false;
    block.previous = block.next = null;
    if (next !== null) next.previous = previous;
    if (previous !== null) {
      previous.next = next;
      return;
    }
    const place = classOf(block.size);
    this.heads[place] = next;
    if (next !== null) return;
    const power = place >>> STEP_BITS;
    this.steps[power]! &= ~(1 << (place & (STEPS - 1)));
    if (this.steps[power] === 0) this.powers &= ~(1 << power);
  }

  /** A block of the smallest class whose blocks have room for `size`, which is `rounded`: the one that was freed last. */
  find(size: number): Block | null {
    const place = classOf(size);
    let power = place >>> STEP_BITS;
    let steps = this.steps[power]! & (-1 << (place & (STEPS - 1)));
    if (steps === 0) {
      const powers = this.powers & (-2 << power);
      if (powers === 0) return null;
      power = lowestBit(powers);
      steps = this.steps[power]!;
    }
    return this.heads[power * STEPS + lowestBit(steps)]!;
  }
}
