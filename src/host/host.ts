/** What a thread's program talks through: `parentPort` in Node, the global scope of a Web Worker. */
export interface Port {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  /** Takes no more messages, so that the thread ends. */
  close(): void;
}

/** A thread, as who started it sees it. */
export interface Thread {
  /** Sends what can be cloned or shared: a `WebAssembly.Module`, a shared `WebAssembly.Memory`. */
  post(message: unknown): void;
  /** Ends the thread whatever it is doing; resolves once it is gone. */
  terminate(): Promise<void>;
}

/** Who is told of a thread. */
export interface ThreadEvents {
  readonly message: (data: unknown) => void;
  /** It ended, by itself or not; `why` says what was thrown in it, if anything was. */
  readonly end: (why: unknown) => void;
}

/** An open file, for reading. */
export interface HostFile {
  /** Bytes, when it was opened. */
  readonly size: number;
  /** Fills `into` with the bytes from `offset` on. @throws Error the file has fewer, or cannot be read. */
  read(into: Uint8Array, offset: number): void;
  close(): void;
}

/** The files of the machine. */
export interface HostFiles {
  /** Whether there is anything at `path`. */
  exists(path: string): boolean;
  /** @throws Error there is no regular file at `path` that may be read. */
  open(path: string): HostFile;
  /**
   * Makes `path` a file of these bytes, one part after the other. Whatever happens meanwhile, there is the old file or the
   * whole new one; after the return the new one is on the disk. @throws Error it cannot be written.
   */
  write(path: string, parts: Iterable<Uint8Array>): void;
  /** Makes the folder `path`, and those that it is in, where they are not there. @throws Error it cannot be made. */
  makeFolder(path: string): void;
}

/** What Node and browsers have under different names. `#host` in package.json stands for one of these. */
export interface Host {
  /** How many threads run at once here, at least 1. */
  readonly parallelism: number;
  /**
   * Starts a thread that does not keep the process alive. Its program is the text of `program`, which therefore uses only
   * its argument and globals that all hosts have, and names no function within.
   * @throws Error the host refuses, as a browser does under a policy without `worker-src blob:`.
   */
  spawn(program: (port: Port) => void, events: ThreadEvents): Thread;
  /**
   * Collects garbage at once, also what WeakRefs were made of since the running task began; or null where nothing does.
   * False where the engine refuses.
   */
  readonly collect: (() => boolean) | null;
  /** Null where programs see no files, as in browsers. */
  readonly files: HostFiles | null;
  /** Writes to the terminal that shows what the process prints; null where nothing does, as in browsers and pipes. */
  readonly terminal: ((text: string) => void) | null;
  /** Lets other threads run for about a tenth of a millisecond, where this one may wait at all. */
  nap(): void;
}
