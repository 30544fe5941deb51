import { host } from "#host";
import type { TypedArray } from "../../core/dtype.ts";
import { BackendError } from "../../core/errors.ts";
import type { Block } from "./blocks.ts";
import type { Heap } from "./heap.ts";
import { type Group, Slot, unlink } from "./slot.ts";
import { copiedOut, copyIn, type Element } from "./views.ts";

export interface ResidencyOptions {
  /** Bytes of buffers on the device above which some are evicted; what running calls use may exceed it. 512 MiB if not given. */
  readonly budget?: number;
  /** Collects garbage at once, as `Host.collect`, which it is if not given. */
  readonly collect?: (() => boolean) | null;
}

/** By how much of the budget it is undercut when it is exceeded, so that eviction comes in batches. */
const BATCH = 1 / 16;
/** What part of the budget is at least allocated between two collections. */
const BETWEEN = 1 / 4;
/** Bytes whose eviction takes about a millisecond: they are copied to new memory, which is collected later. */
const PER_MILLISECOND = 2 ** 20;

/**
 * Which buffers are on the device. Outputs stay there, to be the operands of the next call.
 *
 * There is a budget. When it is exceeded, buffers that nobody has any more are freed, as far as the engine can tell: in
 * Node it is asked at that time, so that a synchronous loop holds a flat footprint and nothing is copied. Elsewhere the
 * engine tells of them when it has collected them, which it does not inside of a synchronous loop. What is still too
 * much is evicted, the least recently used first: copied to the host unless it is there, and freed; dead or not, which
 * costs one copy of each byte. Operands that came from the host cost nothing to evict.
 * A call whose operands are pinned before room is made for its outputs never evicts what it needs, whatever the budget.
 *
 * A collection takes a time that depends on all that the program has. So the next one is not before as much has been
 * allocated as could have been copied in that time, and later and later while collections free little.
 *
 * There is one owner for each call, not for each output. Until the engine is asked, owners are simply kept: a WeakRef or
 * an entry in its registry would take longer to make.
 */
export class Residency {
  private budget = 0;
  private bytes = 0;
  /** Before the oldest and after the newest of a ring. */
  private readonly ends = new Slot("u8", 0);
  private readonly collect: (() => boolean) | null;
  private readonly registry: FinalizationRegistry<Group> | null;
  /** Allocated since the last collection, and how much that is to be at the next one. */
  private since = 0;
  private patience = 0;

  constructor(
    readonly heap: Heap,
    { budget = 2 ** 29, collect = host.collect }: ResidencyOptions = {},
  ) {
    this.resize(budget);
    this.collect = collect;
    this.registry = collect === null ? new FinalizationRegistry((group) => this.freeAll(group)) : null;
    heap.onPressure(() => (this.since >= this.patience && this.sweep()) || this.evict());
  }

  /** Sets the budget in bytes, which holds from the next call on. */
  resize(budget: number): void {
    this.budget = budget;
    this.patience = budget * BETWEEN;
  }

  /** Bytes on the device. */
  get resident(): number {
    return this.bytes;
  }

  /**
   * Room on the device for an output of `length` elements, pinned and not yet initialised. It is to be published or
   * discarded. What must not be evicted for it has to be pinned before.
   * @param label What it is, in the plural.
   * @throws BackendError when there is no memory.
   */
  output(element: Element, length: number, label = "outputs of calls"): Slot {
    const block = this.allocate(length * this.heap.views[element].BYTES_PER_ELEMENT, label);
    return this.adopt(block, element, length, label);
  }

  /** As `output`, in a block that was an operand's: what `give` returned. */
  adopt(block: Block, element: Element, length: number, label = "outputs of calls"): Slot {
    block.label = label;
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
   * @returns What the buffers of these slots, and nothing else, have to keep: without it, the slots are free.
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
   * @param owner With it, the copy is freed.
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
      if (this.since >= this.patience) this.sweep();
      if (this.bytes + bytes > this.budget) {
        const most = this.budget * (1 - BATCH) - bytes;
        while (this.bytes > most && this.evict());
      }
    }
    this.since += bytes;
    return this.heap.allocate(bytes, label);
  }

  /** Frees what nobody has any more; whether there was something. */
  private sweep(): boolean {
    if (this.collect === null) return false;
    const asked = this.weakened();
    const before = this.bytes;
    const start = performance.now();
    this.collect();
    const cost = (performance.now() - start) * PER_MILLISECOND;
    for (const { group, owner } of asked) {
      group.owner = owner.deref() ?? null;
      if (group.owner === null) this.freeAll(group);
    }
    const freed = before - this.bytes;
    const least = Math.max(cost, this.budget * BETWEEN);
    this.patience =
      2 * freed >= this.since ? least : Math.max(least, Math.min(2 * this.patience, 8 * this.budget));
    this.since = 0;
    return freed > 0;
  }

  /** All that may be evicted, without keeping its owners. In a function of its own, so that none is left on the stack. */
  private weakened(): { readonly group: Group; readonly owner: WeakRef<object> }[] {
    const groups = new Set<Group>();
    for (let slot = this.ends.newer; slot !== this.ends; slot = slot.newer)
      if (slot.group !== null) groups.add(slot.group);
    return Array.from(groups, (group) => {
      const owner = new WeakRef(group.owner!);
      group.owner = null;
      return { group, owner };
    });
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
      if (--group.remaining === 0) this.registry?.unregister(group);
    }
    slot.block = null;
    this.bytes -= block.bytes;
    return block;
  }

  private register(members: Slot[], owner: object): void {
    const group: Group = { owner: this.registry === null ? owner : null, members, remaining: members.length };
    for (let i = 0; i < members.length; i++) {
      const slot = members[i]!;
      slot.group = group;
      slot.place = i;
    }
    this.registry?.register(owner, group, group);
  }

  private freeAll({ members }: Group): void {
    for (const slot of members)
      if (slot !== null) {
        unlink(slot);
        this.heap.free(this.displace(slot, slot.block!));
      }
  }
}
