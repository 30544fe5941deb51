import type { TypedArray } from "../../core/dtype.ts";
import type { Block } from "./blocks.ts";
import type { Element } from "./views.ts";

/**
 * Where the data of one buffer is: on the device, on the host, or both. It does not lead to the buffer, nor does anything
 * that it leads to: what is on the device is reachable from here, and must not keep the arrays alive that nobody has.
 */
export class Slot {
  /** On the device. */
  block: Block | null = null;
  /** On the host, never written to. */
  host: TypedArray | null = null;
  /** Of how many running calls it is an operand. While it is none it may be evicted. */
  pins = 0;
  /** Neighbours in the list of what may be evicted; itself where it is in none. */
  older: Slot = this;
  newer: Slot = this;
  /** With whose owner the block is freed. */
  group: Group | null = null;
  /** Its index in the group. */
  place = 0;

  constructor(
    readonly element: Element,
    readonly length: number,
  ) {}
}

/** Slots whose blocks are freed when one object, the owner, cannot be reached any more. */
export interface Group {
  /** Kept until the engine is asked; null where the engine tells of it by itself. */
  owner: object | null;
  /** Those that still have the block that they were registered with: others are forgotten, with their host copies. */
  readonly members: (Slot | null)[];
  remaining: number;
}

/** Takes a slot out of the list of what may be evicted. */
export function unlink(slot: Slot): void {
  slot.older.newer = slot.newer;
  slot.newer.older = slot.older;
  slot.older = slot.newer = slot;
}
