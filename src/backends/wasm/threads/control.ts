/**
 * Where the words are by which threads agree, from address 0 of the shared memory: what is written by different threads
 * is 128 bytes apart, which no cache fetches together.
 */
export const control = {
  // What an idle worker looks at.
  /** Counts jobs and messages: workers wait for it to change. */
  signal: 0,
  /** Counts messages posted to all workers; one that has read fewer returns to its event loop for them. */
  mail: 4,
  /** Workers that wait, and have to be woken. */
  sleeping: 8,
  /** Workers that have reported ready. */
  ready: 12,

  /** Of 64 bits: above the number of the job, below how many of its chunks nobody has taken. */
  ticket: 128,

  /** Chunks of the job that were finished. */
  finished: 256,
  /** 1 once a worker's chunk has thrown; the text of the first is below. */
  failed: 260,

  // The job, which only its caller writes, and only while no chunk of it is taken.
  module: 384,
  kernel: 388,
  frame: 392,
  size: 396,
  grain: 400,
  chunks: 404,
  /** 1 while a job is under way: one within it runs on its caller. */
  busy: 408,

  textLength: 512,
  text: 516,
} as const;

/** Bytes from address 0 that belong to the threads; zeros at first. */
export const CONTROL_BYTES = 1024;

/** Names of what a module with threads imports and exports, beyond those of its own. */
export const threadNames = {
  module: "threads",
  /** Import: the caller has looked for the end of its job for long. */
  late: "late",
  /** Import: a worker has failed in the job. */
  failed: "failed",
  /** Export `(id)`: the number that the pool has given the module; to be called once, on the caller's instance. */
  enlist: "threads.enlist",
  /** Export `(id)`: takes chunks of the current job, if it is of that module, until none is left. */
  work: "threads.work",
} as const;
