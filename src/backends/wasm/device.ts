import { config, onSetting } from "../../core/config.ts";
import { Arena } from "./arena.ts";
import type { MemoryLimits } from "./encoder.ts";
import { hasThreads } from "./features.ts";
import { Heap } from "./heap.ts";
import { Residency } from "./residency.ts";
import { configuredPool, type Pool } from "./threads/pool.ts";

/** The memory that all programs share, and who uses it. */
export interface Device {
  readonly heap: Heap;
  readonly memory: WebAssembly.Memory;
  readonly residency: Residency;
  readonly arena: Arena;
  /** What modules say of the memory that they import. */
  readonly limits: MemoryLimits;
  /** The threads that share the memory, where that can be. */
  readonly pool: Pool | null;
}

/** What modules say of the memory that they import, which is `shared` or not. */
export const limitsOf = (shared: boolean): MemoryLimits => ({ initial: 1, maximum: 65_536, shared });

let device: Device | undefined;

/** The device, made when it is first needed. @throws BackendError when the engine refuses the memory. */
export function theDevice(): Device {
  if (device === undefined) {
    const shared = hasThreads();
    const heap = new Heap({ shared });
    const residency = new Residency(heap, { budget: config.memory });
    onSetting("memory", (bytes) => residency.resize(bytes));
    device = {
      heap,
      memory: heap.memory,
      residency,
      arena: new Arena(heap),
      limits: limitsOf(shared),
      pool: shared ? configuredPool(heap.memory) : null,
    };
  }
  return device;
}
