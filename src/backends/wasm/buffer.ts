import { type Buffer, HostBuffer } from "../../core/backend.ts";
import type { TypedArray } from "../../core/dtype.ts";
import { BackendError } from "../../core/errors.ts";
import type { Block } from "./blocks.ts";
import type { Residency } from "./residency.ts";
import { Slot } from "./slot.ts";
import { elementOf } from "./views.ts";

/**
 * Bytes up to which an array is kept on the host only: copying it into the working memory of each call takes less than
 * keeping track of where it is.
 */
export const SMALL = 4096;

/**
 * Data of one array on the host, on the device, or both. A call that returns what it was given makes it the data of several
 * arrays: then it is `shared`, and cannot be donated.
 *
 * For a call: `pinAll` its operands; `donate` those that it may overwrite; make room for its outputs; take the `address`
 * of each operand; run; `unpinAll`.
 */
export class WasmBuffer implements Buffer {
  /** Whether it may be the data of several arrays. */
  shared = false;

  constructor(
    readonly residency: Residency,
    private slot: Slot | null,
    /** What `publish` returned with the slot: kept, so that the slot is. */
    readonly owner: object | null,
  ) {}

  /** A copy on the host, which is kept. @throws BackendError when the buffer was donated. */
  read(): TypedArray {
    return this.residency.read(this.current());
  }

  /** Whether it was donated: it may not be used. */
  get donated(): boolean {
    return this.slot === null;
  }

  /** Where it is on the device, while it is pinned and loaded. */
  get address(): number {
    return this.current().block!.address;
  }

  /** Keeps it where it is until `unpin`. @throws BackendError when it was donated. */
  pin(): void {
    this.residency.pin(this.current());
  }

  /** Copies it to the device if it is not there; it has to be pinned. @throws BackendError when there is no memory. */
  load(): void {
    this.residency.load(this.current(), this);
  }

  /** Undoes one `pin`. What was donated is not pinned any more. */
  unpin(): void {
    if (this.slot !== null) this.residency.unpin(this.slot);
  }

  /** @throws BackendError when it is also pinned as another operand or by another call, so that it cannot be donated. */
  refuseShared(): void {
    if (this.current().pins > 1)
      throw new BackendError(
        "backend/donated",
        "an array cannot be donated while something else uses it: it is also another operand of the same call, or one " +
          "of a call that is not finished. Donate a copy, or give the array once",
      );
  }

  /**
   * Gives its memory away: the caller frees it or lets an output have it. The buffer has to be pinned, once, and loaded.
   * @throws BackendError when it was donated before, or `refuseShared` does.
   */
  donate(): Block {
    this.refuseShared();
    const slot = this.current();
    this.slot = null;
    return this.residency.give(slot);
  }

  private current(): Slot {
    return this.slot ?? donated();
  }
}

function donated(): never {
  throw new BackendError(
    "backend/donated",
    "this array was donated to a call, which put another one in its place. Use what the call returned, copy the array " +
      "before the call, or do not donate it",
  );
}

/** The buffer of data that is on the host, found again in `HostBuffer.mirror`. */
export function bufferOf(buffer: Buffer, residency: Residency): WasmBuffer {
  if (buffer instanceof WasmBuffer) return buffer;
  const mirror = buffer instanceof HostBuffer ? buffer.mirror : null;
  if (mirror instanceof WasmBuffer && mirror.residency === residency && !mirror.donated) return mirror;
  const data = buffer.read();
  const slot = new Slot(elementOf(data), data.length);
  slot.host = data;
  const made = new WasmBuffer(residency, slot, null);
  if (buffer instanceof HostBuffer) buffer.mirror = made;
  return made;
}

/**
 * Pins the operands of a call and brings them to the device. All are pinned before one is copied, so that none is evicted
 * for another.
 * @throws BackendError when one was donated or there is no memory; nothing is pinned then.
 */
export function pinAll(buffers: readonly WasmBuffer[]): void {
  let pinned = 0;
  try {
    for (; pinned < buffers.length; pinned++) buffers[pinned]!.pin();
    for (let i = 0; i < buffers.length; i++) buffers[i]!.load();
  } catch (error) {
    while (pinned > 0) buffers[--pinned]!.unpin();
    throw error;
  }
}

/** Undoes `pinAll`. */
export function unpinAll(buffers: readonly WasmBuffer[]): void {
  for (let i = 0; i < buffers.length; i++) buffers[i]!.unpin();
}
