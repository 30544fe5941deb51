import { host } from "#host";
import { config, onSetting } from "../../../core/config.ts";
import { BackendError } from "../../../core/errors.ts";
import type { Thread } from "../../../host/host.ts";
import { control, CONTROL_BYTES, threadNames } from "./control.ts";
import { attend, type Registered, type Released, type Report, type Resized, type Started } from "./worker.ts";

export interface PoolOptions {
  /** Threads that take part in a job, its caller among them; 1 for none but that. */
  readonly threads: number;
  /** Milliseconds for which an idle worker looks for a job before it waits for one, if the last ones came that soon. */
  readonly patience?: number;
  /** Milliseconds that a job's caller spends on waiting for a chunk before it takes its worker for lost. */
  readonly limit?: number;
}

/** What the pool knows of one worker. */
interface Worker {
  readonly place: number;
  readonly thread: Thread;
  /** How many messages to all workers it has read; null until it has reported ready. */
  read: number | null;
  /** Whether it was told to end. */
  leaving: boolean;
}

/**
 * The workers that share a memory: they take part in the jobs of the modules that are registered.
 *
 * None is started before the first module is. A worker takes part in jobs of the modules that it has instantiated, and
 * ignores others; so jobs never wait for one that starts, or that has ended. Workers do not keep the process alive.
 *
 * One that throws in a job makes that call an error, and goes on. One that ends while it has no chunk is replaced, unless
 * it was never ready: then what stopped it would stop the next, and jobs have one thread fewer.
 */
export class Pool {
  readonly #words: Int32Array;
  readonly #modules = new Map<number, WebAssembly.Module>();
  readonly #patience: number;
  readonly #limit: number;
  #workers: Worker[] = [];
  #wanted: number;
  #nextId = 1;
  /** Whether one ended before it was ready: none is started until the number of threads is set. */
  #refused = false;
  #waiting: (() => void)[] = [];
  /** Resolves once workers that were given up are gone; until then none is started, as those may still write. */
  #gone: Promise<unknown> | null = null;
  #late = { signal: 0, finished: 0, since: 0, spent: 0 };

  /** `memory` is shared, and its first `CONTROL_BYTES` are the pool's. */
  constructor(
    private readonly memory: WebAssembly.Memory,
    { threads, patience = 0.03, limit = 30_000 }: PoolOptions,
  ) {
    this.#words = new Int32Array(memory.buffer, 0, CONTROL_BYTES / 4);
    this.#wanted = threads - 1;
    this.#patience = patience;
    this.#limit = limit;
  }

  /** What modules with a `Dispatch` import under `threadNames.module`. */
  readonly imports: Record<string, () => void> = {
    [threadNames.late]: () => this.#waitOn(),
    [threadNames.failed]: () => this.#throwFailure(),
  };

  /** Threads that take part in jobs now: the caller, and workers that have reported ready. */
  get threads(): number {
    return 1 + Atomics.load(this.#words, control.ready / 4);
  }

  /** Whether a job is under way. A call that begins while one is must not `settle`. */
  get busy(): boolean {
    return this.#words[control.busy / 4] !== 0;
  }

  /** Makes a module known to the workers; its number is for `threadNames.enlist` of the caller's instance. */
  register(module: WebAssembly.Module): number {
    const id = this.#nextId++;
    this.#modules.set(id, module);
    this.#tell({ id, module });
    this.#fill();
    return id;
  }

  /** Forgets a module whose jobs are over. */
  release(id: number): void {
    if (this.#modules.delete(id)) this.#tell({ id });
  }

  /** Changes the number of threads. A worker too many finishes the chunk that it has. */
  resize(threads: number): void {
    const workers = threads - 1;
    if (workers < this.#wanted) {
      this.#tell({ workers });
      for (const worker of this.#workers) worker.leaving ||= worker.place >= workers;
    }
    this.#wanted = workers;
    this.#refused = false;
    if (this.#modules.size > 0) this.#fill();
  }

  /** Resolves once every worker takes part in jobs of all modules, and those that are too many have left. */
  async ready(): Promise<void> {
    await this.#gone;
    while (this.#workers.some(({ read }) => read !== this.#words[control.mail / 4]))
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Ends all workers. Jobs run on their callers until `resize` or `register` starts new ones. */
  async close(): Promise<void> {
    this.#dismiss();
    await this.#gone;
  }

  /**
   * To be called when a call of a module's function has thrown, unless the pool was `busy` before: returns once no worker
   * works on its job, so that memory can be used for something else.
   * @throws BackendError a worker did not finish its chunk.
   */
  settle(): void {
    if (!this.busy) return; // it threw between jobs
    // The caller itself holds the chunk that threw.
    const taken = this.#words[control.chunks / 4]! - this.#withdraw() - 1;
    while (Atomics.load(this.#words, control.finished / 4) < taken) this.#waitOn();
    this.#endJob();
  }

  /** Lets no more chunks be taken, and returns how many were left. */
  #withdraw(): number {
    const tickets = new BigInt64Array(this.memory.buffer, control.ticket, 1);
    return Number(Atomics.and(tickets, 0, ~0xffff_ffffn) & 0xffff_ffffn);
  }

  #endJob(): void {
    this.#words[control.busy / 4] = 0;
    this.#words[control.failed / 4] = 0;
  }

  #throwFailure(): never {
    const bytes = new Uint8Array(this.memory.buffer, control.text, this.#words[control.textLength / 4]);
    const text = new TextDecoder().decode(bytes.slice()); // decoders refuse shared memory
    this.#endJob();
    throw new BackendError("wasm/worker", `a kernel failed on a worker thread: ${text}`);
  }

  /** Time counts in steps of 10 ms at most: a machine that was asleep has lost no worker. */
  #waitOn(): void {
    const signal = Atomics.load(this.#words, control.signal / 4);
    const finished = Atomics.load(this.#words, control.finished / 4);
    const now = performance.now();
    const late = this.#late;
    const same = late.signal === signal && late.finished === finished;
    const spent = same ? late.spent + Math.min(now - late.since, 10) : 0;
    this.#late = { signal, finished, since: now, spent };
    if (spent > this.#limit) {
      this.#dismiss();
      this.#endJob();
      this.#fill();
      throw new BackendError(
        "wasm/worker",
        `a worker thread has not finished its part of a kernel in ${this.#limit / 1000} s; all workers are started anew`,
      );
    }
    host.nap();
  }

  #dismiss(): void {
    const workers = this.#workers;
    this.#workers = []; // first: where it is known at once that a thread has ended, none is to take its place
    const ended = workers.map(({ thread }) => thread.terminate());
    this.#withdraw();
    Atomics.store(this.#words, control.ready / 4, 0);
    const gone: Promise<void> = Promise.all([this.#gone, ...ended]).then(() => {
      if (this.#gone !== gone) return;
      this.#gone = null;
      // One that was about to report, or asleep, did not take that back.
      Atomics.store(this.#words, control.ready / 4, 0);
      Atomics.store(this.#words, control.sleeping / 4, 0);
    });
    this.#gone = gone;
    this.#wake();
  }

  #fill(): void {
    if (this.#gone !== null) void this.#gone.then(() => this.#fill());
    else
      for (let place = 0; place < this.#wanted && !this.#refused; place++)
        if (!this.#workers.some((worker) => worker.place === place && !worker.leaving)) this.#start(place);
  }

  #start(place: number): void {
    try {
      const thread = host.spawn(attend, {
        message: (report) => this.#heard(worker, report as Report),
        end: (why) => this.#ended(worker, why),
      });
      const worker: Worker = { place, thread, read: null, leaving: false };
      this.#workers.push(worker);
      thread.post({
        memory: this.memory,
        control,
        names: threadNames,
        modules: Array.from(this.#modules, ([id, module]) => ({ id, module })),
        place,
        mail: Atomics.load(this.#words, control.mail / 4),
        patience: this.#patience,
        textBytes: CONTROL_BYTES - control.text,
      } satisfies Started);
    } catch (error) {
      this.#refuse(error);
    }
  }

  #heard(worker: Worker, { read, thrown, left }: Report): void {
    worker.read = read;
    if (left) this.#workers = this.#workers.filter((other) => other !== worker);
    if (thrown !== null) console.warn(`cotangent: a worker thread takes no part in one program: ${thrown}`);
    this.#wake();
  }

  #ended(worker: Worker, why: unknown): void {
    if (!this.#workers.includes(worker)) return; // it was told to
    this.#workers = this.#workers.filter((other) => other !== worker);
    if (worker.read !== null) Atomics.sub(this.#words, control.ready / 4, 1);
    if (worker.read === null && !worker.leaving) this.#refuse(why);
    else this.#fill();
    this.#wake();
  }

  #refuse(why: unknown): void {
    this.#refused = true;
    console.warn(
      `cotangent: a worker thread could not be started: ${String(why)}. Programs run on ${this.threads}.`,
    );
  }

  #tell(message: Registered | Released | Resized): void {
    // Counted first: a worker that has read fewer stays where messages reach it.
    Atomics.add(this.#words, control.mail / 4, 1);
    for (const { thread } of this.#workers) thread.post(message);
    Atomics.add(this.#words, control.signal / 4, 1);
    Atomics.notify(this.#words, control.signal / 4);
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** The pool of a shared memory, with as many threads as `config.threads` says at any time. */
export function configuredPool(memory: WebAssembly.Memory): Pool {
  const pool = new Pool(memory, { threads: config.threads });
  onSetting("threads", (threads) => pool.resize(threads));
  return pool;
}
