import { config, onSetting } from "../../core/config.ts";
import { Arena } from "./arena.ts";
import { type Target, theTarget } from "./features.ts";
import { Heap } from "./heap.ts";
import { Residency } from "./residency.ts";
import { configuredPool, type Pool } from "./threads/pool.ts";

/** The memory that all programs share, and who uses it. */
export interface Device {
  readonly heap: Heap;
  readonly memory: WebAssembly.Memory;
  readonly residency: Residency;
  readonly arena: Arena;
  /** What modules may make use of. */
  readonly target: Target;
  /** The threads that share the memory, where that can be. */
  readonly pool: Pool | null;
}

let device: Device | undefined;

/** The device, made when it is first needed. @throws BackendError when the engine refuses the memory. */
export function theDevice(): Device {
  if (device === undefined) {
    const target = theTarget();
    const { shared } = target;
    const heap = new Heap({ shared });
    const residency = new Residency(heap, { budget: config.memory });
    onSetting("memory", (bytes) => residency.resize(bytes));
    device = {
      heap,
      memory: heap.memory,
      residency,
      arena: new Arena(heap),
      target,
      pool: shared ? configuredPool(heap.memory) : null,
    };
  }
  return device;
}
