import type { Port } from "../../../host/host.ts";
import type { control, threadNames } from "./control.ts";

/** The first message to a worker. The others are `Registered`, `Released` and `Resized`, to all workers alike. */
export interface Started {
  readonly memory: WebAssembly.Memory;
  readonly control: typeof control;
  readonly names: typeof threadNames;
  readonly modules: readonly Registered[];
  /** Its place among the workers: those from `workers` on end. */
  readonly place: number;
  /** Messages to all workers that were posted before. */
  readonly mail: number;
  /** Milliseconds for which it looks for a job before it waits for one, if the last ones came within that time. */
  readonly patience: number;
  /** Bytes of text that it may write about what was thrown. */
  readonly textBytes: number;
}
export interface Registered {
  readonly id: number;
  readonly module: WebAssembly.Module;
}
export interface Released {
  readonly id: number;
}
export interface Resized {
  readonly workers: number;
}

/** What a worker tells when it has taken in a message. */
export interface Report {
  /** How many messages to all workers it has read. */
  readonly read: number;
  /** What was thrown meanwhile. */
  readonly thrown: string | null;
  /** Whether it takes part in no more jobs, and ends. */
  readonly left: boolean;
}

/**
 * The program of a worker: takes in messages, and between them takes part in jobs.
 *
 * Its text is what runs, so it uses nothing from outside, and has no function with a name.
 */
export function attend(port: Port): void {
  const works = new Map<number, (id: number) => void>();
  let started: Started | undefined;
  let read = 0;
  let ready = false;
  /** Above 0 if the next job may well come soon: looking for it takes a core, which the caller may need. */
  let trust = 1;
  port.onmessage = (event) => {
    const data = event.data as Started | Registered | Released | Resized;
    let thrown: string | null = null;
    if ("memory" in data) {
      started = data;
      read = data.mail;
    } else read = (read + 1) | 0;
    const { memory, control, names, place, patience, textBytes } = started!;
    const words = new Int32Array(memory.buffer);
    if ("workers" in data && place >= data.workers) {
      Atomics.sub(words, control.ready / 4, 1);
      port.postMessage({ read, thrown, left: true });
      port.close();
      return;
    }
    if ("id" in data && !("module" in data)) works.delete(data.id);
    for (const { id, module } of "modules" in data ? data.modules : "module" in data ? [data] : [])
      try {
        const imports: WebAssembly.Imports = {};
        for (const { module: from, name, kind } of WebAssembly.Module.imports(module))
          (imports[from] ??= {})[name] =
            kind === "memory"
              ? memory
              : () => {
                  throw new Error(`a kernel called ${from}.${name}, which is on another thread`);
                };
        const { exports } = new WebAssembly.Instance(module, imports);
        works.set(id, exports[names.work] as (id: number) => void);
      } catch (error) {
        thrown = String(error);
      }
    if (!ready) Atomics.add(words, control.ready / 4, 1);
    ready = true;
    port.postMessage({ read, thrown, left: false });

    for (;;) {
      // Read before all else: what happens after this changes it, and so ends the wait.
      const signal = Atomics.load(words, control.signal / 4);
      if (Atomics.load(words, control.mail / 4) !== read) return;
      if (Atomics.load(words, control.ticket / 4) !== 0) {
        const id = Atomics.load(words, control.module / 4);
        try {
          works.get(id)?.(id);
        } catch (error) {
          if (Atomics.exchange(words, control.failed / 4, 1) === 0) {
            const text = new TextEncoder().encode(String(error)).subarray(0, textBytes);
            new Uint8Array(memory.buffer, control.text).set(text);
            words[control.textLength / 4] = text.length;
          }
          Atomics.add(words, control.finished / 4, 1); // the one chunk that it held
        }
      }
      const since = performance.now();
      const until = since + (trust > 0 ? patience : 0);
      while (Atomics.load(words, control.signal / 4) === signal && performance.now() < until);
      if (Atomics.load(words, control.signal / 4) === signal) {
        Atomics.add(words, control.sleeping / 4, 1);
        Atomics.wait(words, control.signal / 4, signal);
        Atomics.sub(words, control.sleeping / 4, 1);
      }
      trust = performance.now() - since < patience ? Math.min(trust + 1, 3) : Math.max(trust - 1, 0);
    }
  };
}
