import type { TypedArray } from "../../core/dtype.ts";
import { BackendError } from "../../core/errors.ts";
import type { Block } from "./blocks.ts";
import type { Heap } from "./heap.ts";
import { copiedOut, copyIn, type Element } from "./views.ts";

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
  /** Whose collection frees the block. */
  group: Group | null = null;
  /** Its index in the group. */
  place = 0;

  constructor(
    readonly element: Element,
    readonly length: number,
  ) {}
}

/** Slots whose blocks are freed when one object, the owner, is collected. */
interface Group {
  /** Those that still have the block that they were registered with: others are forgotten, with their host copies. */
  readonly members: (Slot | null)[];
  remaining: number;
}

export interface ResidencyOptions {
  /** Bytes of buffers on the device above which some are evicted; what running calls use may exceed it. 512 MiB if not given. */
  readonly budget?: number;
}

/** By how much of the budget it is undercut when it is exceeded, so that eviction comes in batches. */
const BATCH = 1 / 16;

/**
 * Which buffers are on the device. Outputs stay there, to be the operands of the next call.
 *
 * A buffer that nobody has any more is freed when the engine says so. It says nothing inside of a synchronous loop, and
 * WeakRefs would keep everything there; so there is a budget, and the least recently used buffers are evicted: copied to
 * the host unless they are there, and freed. Dead ones cannot be told from live ones and are copied too: a loop that
 * neither donates nor awaits pays, once the budget is used up, one copy of each byte of its large outputs (reading it,
 * and writing it to new memory, which the engine collects). Operands that came from the host cost nothing to evict.
 * A call whose operands are pinned before room is made for its outputs never evicts what it needs, whatever the budget.
 *
 * The engine is told of one object for each call, not for each output; and told to forget it when no output of the call
 * has its block any more, since else a synchronous loop would fill its registry.
 */
export class Residency {
  readonly budget: number;
  private bytes = 0;
  /** Before the oldest and after the newest of a ring. */
  private readonly ends = new Slot("u8", 0);
  private readonly registry = new FinalizationRegistry<Group>((group) => this.collect(group));

  constructor(
    readonly heap: Heap,
    { budget = 2 ** 29 }: ResidencyOptions = {},
  ) {
    this.budget = budget;
    heap.onPressure(() => this.evict());
  }

  /** Bytes on the device. */
  get resident(): number {
    return this.bytes;
  }

  /**
   * Room on the device for an output of `length` elements, pinned and not yet initialised. It is to be published or
   * discarded. What must not be evicted for it has to be pinned before.
   * @throws BackendError when there is no memory.
   */
  output(element: Element, length: number): Slot {
    const block = this.allocate(length * this.heap.views[element].BYTES_PER_ELEMENT, "outputs of calls");
    return this.adopt(block, element, length);
  }

  /** As `output`, in a block that was an operand's: what `give` returned. */
  adopt(block: Block, element: Element, length: number): Slot {
    const slot = new Slot(element, length);
    slot.pins = 1;
    this.place(slot, block);
    return slot;
  }

  /** Frees an output that will not be published, since the call failed. */
  discard(slot: Slot): void {
    this.heap.free(this.displace(slot, slot.block!));
  }

  /**
   * Unpins the outputs of one call.
   * @param slots In one list, which is kept, and changed later.
   * @returns What the buffers of these slots, and nothing else, have to keep: when it is collected, the slots are free.
   */
  publish(slots: Slot[]): object {
    const owner = {};
    this.register(slots, owner);
    for (let i = 0; i < slots.length; i++) this.unpin(slots[i]!);
    return owner;
  }

  /** Keeps a slot from being evicted, until it is unpinned as often. */
  pin(slot: Slot): void {
    if (slot.pins++ === 0) unlink(slot);
  }

  /** From now on it may be evicted, as the last of all. */
  unpin(slot: Slot): void {
    if (--slot.pins > 0 || slot.block === null) return;
    const { ends } = this;
    slot.older = ends.older;
    slot.newer = ends;
    ends.older.newer = slot;
    ends.older = slot;
  }

  /**
   * Copies a pinned slot to the device, unless it is there.
   * @param owner When it is collected, so is the copy.
   * @throws BackendError when there is no memory.
   */
  load(slot: Slot, owner: object): void {
    if (slot.block !== null) return;
    const host = slot.host!;
    const block = this.allocate(host.byteLength, "operands from the host");
    copyIn(this.heap.views[slot.element], block.address, host);
    this.place(slot, block);
    this.register([slot], owner);
  }

  /** The data on the host, where it stays. */
  read(slot: Slot): TypedArray {
    return (slot.host ??= this.copied(slot, slot.block!));
  }

  /** Takes the block of a pinned slot that is loaded, which is then of no use: the caller frees it or lets an output have it. */
  give(slot: Slot): Block {
    slot.host = null;
    return this.displace(slot, slot.block!);
  }

  /** Evicts the slot that was unpinned first; whether there was one. */
  evict(): boolean {
    const slot = this.ends.newer;
    if (slot === this.ends) return false;
    const block = slot.block!;
    slot.host ??= this.copied(slot, block);
    unlink(slot);
    this.heap.free(this.displace(slot, block));
    return true;
  }

  private allocate(bytes: number, label: string): Block {
    if (this.bytes + bytes > this.budget) {
      const most = this.budget * (1 - BATCH) - bytes;
      while (this.bytes > most && this.evict());
    }
    return this.heap.allocate(bytes, label);
  }

  private copied({ element, length }: Slot, block: Block): TypedArray {
    try {
      return copiedOut(this.heap.views[element], block.address, length);
    } catch (cause) {
      throw new BackendError(
        "wasm/memory",
        `an array of ${block.bytes} bytes cannot be copied out of the WebAssembly memory: there is no other memory left`,
        { cause },
      );
    }
  }

  private place(slot: Slot, block: Block): void {
    slot.block = block;
    this.bytes += block.bytes;
  }

  private displace(slot: Slot, block: Block): Block {
    const { group } = slot;
    if (group !== null) {
      slot.group = group.members[slot.place] = null;
      if (--group.remaining === 0) this.registry.unregister(group);
    }
    slot.block = null;
    this.bytes -= block.bytes;
    return block;
  }

  private register(members: Slot[], owner: object): void {
    const group: Group = { members, remaining: members.length };
    for (let i = 0; i < members.length; i++) {
      const slot = members[i]!;
      slot.group = group;
      slot.place = i;
    }
    this.registry.register(owner, group, group);
  }

  private collect({ members }: Group): void {
    for (const slot of members)
      if (slot !== null) {
        unlink(slot);
        this.heap.free(this.displace(slot, slot.block!));
      }
  }
}

function unlink(slot: Slot): void {
  slot.older.newer = slot.newer;
  slot.newer.older = slot.older;
  slot.older = slot.newer = slot;
}
