import { BackendError } from "../../core/errors.ts";
import { Block, FreeLists, rounded, UNIT } from "./blocks.ts";
import { type Views, viewsOf } from "./views.ts";

const PAGE = 65_536;
/** What 32-bit addresses reach. */
const MOST_PAGES = 65_536;
const FIRST_PAGES = 16;
/** Units before the first block: address 0 is nobody's, and a small offset from it neither. */
const RESERVED = 16;

/** Sizes in bytes. */
export interface HeapStatistics {
  /** In blocks that are handed out. */
  readonly live: number;
  /** The most that was ever live. */
  readonly peak: number;
  /** The memory as it is. */
  readonly capacity: number;
  /** The memory as it may become. */
  readonly limit: number;
  readonly free: { readonly blocks: number; readonly largest: number };
  /** Live bytes by label, the most first. */
  readonly holders: readonly (readonly [label: string, bytes: number])[];
}

export interface HeapOptions {
  /** Whether threads can share it; its addresses are then reserved for good, though memory is used as it grows. */
  readonly shared?: boolean;
  /** Most bytes that it may have: 4 GiB if not given, or what is left of halving it as often as the engine refuses. */
  readonly limit?: number;
}

/**
 * Blocks of one WebAssembly memory, which all modules import.
 *
 * Two-level segregated fit: free lists by size, found through bitmaps, and neighbours that are both free joined at
 * once; so `allocate` and `free` take constant time. Blocks never move. The memory doubles when it is full, without
 * being copied, and is never given back. The books are kept outside of it.
 *
 * @see http://www.gii.upv.es/tlsf/files/papers/ecrts04_tlsf.pdf
 */
export class Heap {
  readonly memory: WebAssembly.Memory;
  /** Views of all of it. Whatever may allocate may replace them: growth detaches what was there. */
  views: Views;

  private readonly limitPages: number;
  private readonly lists = new FreeLists();
  private readonly reclaimers: (() => boolean)[] = [];
  private readonly first: Block;
  private last: Block;
  /** Whether the engine refused the last growth. */
  private refused = false;
  private liveUnits = 0;
  private peakUnits = 0;

  /** @throws BackendError when the engine refuses the memory. */
  constructor({ shared = false, limit = MOST_PAGES * PAGE }: HeapOptions = {}) {
    [this.memory, this.limitPages] = reserved(Math.min(MOST_PAGES, Math.floor(limit / PAGE)), shared);
    this.views = viewsOf(this.memory.buffer);
    this.first = this.last = new Block(RESERVED, this.memory.buffer.byteLength / UNIT - RESERVED);
    this.lists.add(this.last);
  }

  /** @throws BackendError when `bytes` are more than the memory can ever have. */
  admit(bytes: number, label: string): void {
    // Units beyond 32 bits are no integers for the lists.
    if (!(bytes <= this.limitPages * PAGE)) this.exhausted(bytes, label);
  }

  /**
   * A block of at least `bytes`, with whatever was there before. Its size is rounded up to 64 bytes, or by at most 1/32.
   *
   * @param label What it is for, in the plural: "outputs". A constant, since it is kept with the block.
   * @throws BackendError when the memory cannot grow and nothing can be reclaimed.
   */
  allocate(bytes: number, label: string): Block {
    this.admit(bytes, label);
    const size = rounded(Math.max(1, Math.ceil(bytes / UNIT)));
    const block = this.lists.find(size) ?? this.room(size) ?? this.exhausted(bytes, label);
    this.lists.remove(block);
    if (block.size > size) {
      const rest = new Block(block.start + size, block.size - size);
      this.insert(rest, block);
      block.size = size;
      this.lists.add(rest);
    }
    block.label = label;
    this.liveUnits += size;
    if (this.liveUnits > this.peakUnits) this.peakUnits = this.liveUnits;
    return block;
  }

  /** @throws BackendError when it is free already, as far as that can be told. */
  free(block: Block): void {
    if (block.free)
      throw new BackendError("wasm/free", `the block at address ${block.address} was freed twice`);
    this.liveUnits -= block.size;
    const { before, after } = block;
    if (after?.free) {
      this.lists.remove(after);
      this.absorb(block, after);
    }
    if (before?.free) {
      this.lists.remove(before);
      this.absorb(before, block);
      this.lists.add(before);
    } else this.lists.add(block);
  }

  /**
   * When the memory is full, `reclaim` is called, again and again until there is room or it returns false: that it had
   * nothing to free. Those that were given first are called first.
   */
  onPressure(reclaim: () => boolean): void {
    this.reclaimers.push(reclaim);
  }

  /** Bytes in blocks that are handed out. */
  get live(): number {
    return this.liveUnits * UNIT;
  }

  /** Walks all blocks. */
  statistics(): HeapStatistics {
    const holders = new Map<string, number>();
    let blocks = 0;
    let largest = 0;
    for (let block: Block | null = this.first; block !== null; block = block.after) {
      if (block.free) {
        blocks++;
        largest = Math.max(largest, block.bytes);
      } else holders.set(block.label, (holders.get(block.label) ?? 0) + block.bytes);
    }
    return {
      live: this.live,
      peak: this.peakUnits * UNIT,
      capacity: this.memory.buffer.byteLength,
      limit: this.limitPages * PAGE,
      free: { blocks, largest },
      holders: [...holders].toSorted(([, a], [, b]) => b - a),
    };
  }

  private insert(block: Block, before: Block): void {
    const { after } = before;
    block.before = before;
    block.after = after;
    before.after = block;
    if (after === null) this.last = block;
    else after.before = block;
  }

  /** `block` with its neighbour `after`, which is no block any more. */
  private absorb(block: Block, after: Block): void {
    block.size += after.size;
    block.after = after.after;
    if (after.after === null) this.last = block;
    else after.after.before = block;
    after.before = after.after = null;
    after.free = true;
  }

  /** A free block of `size` where there was none. */
  private room(size: number): Block | null {
    if (this.grow(size)) return this.lists.find(size);
    for (const reclaim of this.reclaimers)
      while (reclaim()) {
        const block = this.lists.find(size);
        if (block !== null) return block;
        // What was freed may be at the end, and so be the beginning of a block that growth completes.
        if (this.grow(size)) return this.lists.find(size);
      }
    return null;
  }

  /** Whether the memory could grow until its last block is of `size`. It doubles if it can. */
  private grow(size: number): boolean {
    const missing = size - (this.last.free ? this.last.size : 0);
    const needed = Math.ceil((missing * UNIT) / PAGE);
    const pages = this.memory.buffer.byteLength / PAGE;
    const possible = this.limitPages - pages;
    if (needed > possible) return false;
    const added = Math.min(Math.max(needed, pages), possible);
    return this.growBy(added) || (needed < added && this.growBy(needed));
  }

  private growBy(pages: number): boolean {
    try {
      this.memory.grow(pages);
    } catch {
      this.refused = true;
      return false;
    }
    this.refused = false;
    this.views = viewsOf(this.memory.buffer);
    const block = new Block(this.last.start + this.last.size, (pages * PAGE) / UNIT);
    const { last } = this;
    this.insert(block, last);
    if (!last.free) this.lists.add(block);
    else {
      this.lists.remove(last);
      this.absorb(last, block);
      this.lists.add(last);
    }
    return true;
  }

  private exhausted(bytes: number, label: string): never {
    const { live, capacity, limit, free, holders } = this.statistics();
    const held = holders.slice(0, 3).map(([name, size]) => `${name} (${amount(size)})`);
    throw new BackendError(
      "wasm/memory",
      `${label} need ${amount(bytes)}, for which there is no room: the WebAssembly memory has ${amount(capacity)}, ` +
        `${this.refused ? "and the engine gives no more" : `of at most ${amount(limit)}`}; ${amount(live)} are in use` +
        `${held.length > 0 ? `, by ${held.join(", ")}` : ""}; the largest free block has ${amount(free.largest)}. ` +
        "Keep fewer or smaller arrays, or donate those that a call replaces",
    );
  }
}

/** A memory that may grow to `most` pages or, where the engine has no such room, half as many and so on; and how many. */
function reserved(most: number, shared: boolean): [WebAssembly.Memory, number] {
  const initial = Math.min(FIRST_PAGES, most);
  for (let maximum = most; ; maximum = Math.floor(maximum / 2)) {
    try {
      return [new WebAssembly.Memory({ initial, maximum, shared }), maximum];
    } catch (cause) {
      if (maximum >= 2 * FIRST_PAGES) continue;
      const kind = shared ? "a shared" : "a";
      throw new BackendError(
        "wasm/memory",
        `the engine refuses ${kind} WebAssembly memory of up to ${amount(most * PAGE)}, and smaller ones`,
        { cause },
      );
    }
  }
}

/** Bytes for people, and exactly. */
function amount(bytes: number): string {
  if (bytes < 2 ** 20) return `${bytes} bytes`;
  return `${(bytes / 2 ** 20).toFixed(1)} MiB (${bytes} bytes)`;
}
