import type { Host } from "./host.ts";

// What only a browser has.
interface WebWorker {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: { readonly message?: string }) => void) | null;
  postMessage(message: unknown): void;
  terminate(): void;
}
declare const Worker: { new (url: string): WebWorker };
declare const Blob: { new (parts: readonly string[], options: { type: string }): object };
declare const URL: { createObjectURL(blob: object): string; revokeObjectURL(url: string): void };
declare const navigator: { readonly hardwareConcurrency?: number } | undefined;

/** A browser, or whatever is not Node: threads are Web Workers, whose program comes from memory and not from a server. */
export const host: Host = {
  // A context without a navigator has no workers either.
  parallelism: (typeof navigator === "undefined" ? undefined : navigator.hardwareConcurrency) ?? 1,
  spawn(program, { message, end }) {
    const url = URL.createObjectURL(new Blob([`(${String(program)})(self)`], { type: "text/javascript" }));
    const worker = new Worker(url);
    let running = true;
    const ended = (why: unknown): void => {
      URL.revokeObjectURL(url);
      if (running) end(why);
      running = false;
    };
    worker.onmessage = ({ data }) => message(data);
    // A worker goes on after an error; one whose program threw is of no use.
    worker.onerror = (event) => {
      worker.terminate();
      ended(event.message ?? "it could not be loaded");
    };
    return {
      post: (data) => worker.postMessage(data),
      terminate() {
        worker.terminate();
        ended(undefined);
        return Promise.resolve();
      },
    };
  },
  collect: null,
  files: null,
  terminal: null,
  // The thread of a page must not wait.
  nap() {},
};
