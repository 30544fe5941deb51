import { ModuleBuilder } from "./encoder.ts";

/**
 * Whether the engine has relaxed SIMD: products and sums that may be rounded once, conversions that leave what is out of
 * range open.
 * @see https://github.com/WebAssembly/relaxed-simd
 */
export const hasRelaxedSimd = once(() => {
  const module = new ModuleBuilder();
  module.function(["v128"], ["v128"], (code) =>
    code.localGet(0).localGet(0).localGet(0).op("f32x4.relaxed_madd"),
  );
  return WebAssembly.validate(module.finish());
});

/**
 * Whether threads can share a memory here: the engine has atomics, and the page may share buffers, which in a browser
 * takes cross-origin isolation.
 * @see https://github.com/WebAssembly/threads
 */
export const hasThreads = once(() => {
  const module = new ModuleBuilder();
  module.importMemory("probe", "memory", { initial: 1, maximum: 1, shared: true });
  module.function([], ["i32"], (code) => code.i32Const(0).atomic("i32.atomic.load"));
  return typeof SharedArrayBuffer === "function" && WebAssembly.validate(module.finish());
});

/** What a module may make use of. */
export interface Target {
  /** Its memory is shared, and threads run its kernels. */
  readonly shared: boolean;
  /** It has relaxed SIMD. */
  readonly relaxed: boolean;
}
/** What there is here. */
export const theTarget = once<Target>(() => ({ shared: hasThreads(), relaxed: hasRelaxedSimd() }));

function once<T>(probe: () => T): () => T {
  let answer: T | undefined;
  return () => (answer ??= probe());
}
