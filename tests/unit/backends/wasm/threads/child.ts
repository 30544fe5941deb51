// Run by races.test.ts in a process of its own: leaves workers as they are, one asleep and one yet to start.
import { Pool } from "../../../../../src/backends/wasm/threads/pool.ts";
import { kernels, toyOf } from "./toy-module.ts";

const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const pool = new Pool(memory, { threads: 3 });
const toy = toyOf(memory, pool);
// A promise does not keep the process alive either.
const alive = setInterval(() => {}, 1000);
await pool.ready();
clearInterval(alive);
toy.run(kernels.meet, 3, 1, { expected: 3 });
console.log(toy.alone ? "a thread was alone" : "3 threads met");
pool.resize(4);
