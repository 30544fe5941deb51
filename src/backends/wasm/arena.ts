import { type Block, UNIT } from "./blocks.ts";
import type { Heap } from "./heap.ts";

/**
 * Working memory of running programs: frames, small operands and outputs, temporaries. One block is kept between calls,
 * the largest that was needed; a program that runs while another one does, from a function of the user's that this one
 * calls, gets a block of its own.
 */
export class Arena {
  /** Kept for the next call. */
  private idle: Block | null = null;

  constructor(private readonly heap: Heap) {
    heap.onPressure(() => this.trim());
  }

  /**
   * At least `bytes`, with whatever was there before, until `release`.
   * @param label What the memory is for, in the plural.
   * @throws BackendError when there is no memory.
   */
  acquire(bytes: number, label = "temporaries of programs"): Block {
    const { idle } = this;
    if (idle !== null && idle.bytes >= bytes) {
      this.idle = null;
      idle.label = label;
      return idle;
    }
    // It is scratch: freed before the larger one is looked for, which may then contain it.
    this.trim();
    return this.heap.allocate(bytes, label);
  }

  /** To be called however the program ended. */
  release(block: Block): void {
    const { idle } = this;
    if (idle !== null && idle.bytes >= block.bytes) this.heap.free(block);
    else {
      this.trim();
      this.idle = block;
    }
  }

  /** Frees what is kept; whether something was. */
  private trim(): boolean {
    const { idle } = this;
    if (idle === null) return false;
    this.idle = null;
    this.heap.free(idle);
    return true;
  }
}

/**
 * Where the parts of a program's working memory are, from its beginning: laid out once, when the program is compiled, so
 * that a call copies its small operands there and counts nothing.
 *
 * @example
 * const layout = new Layout();
 * const x = layout.place(4);
 * // each call:
 * const block = arena.acquire(layout.bytes);
 * copyIn(heap.views.f32, block.address + x, data);
 */
export class Layout {
  private end = 0;

  /** Bytes of all parts. */
  get bytes(): number {
    return this.end;
  }

  /** The offset of one more part, which is 64-byte aligned as blocks are. */
  place(bytes: number): number {
    const offset = this.end;
    this.end += Math.ceil(bytes / UNIT) * UNIT;
    return offset;
  }
}
