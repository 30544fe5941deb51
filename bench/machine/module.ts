import type { Code } from "../../src/backends/wasm/code.ts";
import { ModuleBuilder } from "../../src/backends/wasm/encoder.ts";
import { hasRelaxedSimd } from "../../src/backends/wasm/features.ts";

/** More than the caches hold. */
export const MEMORY_PAGES = 1024;
export const MEMORY_BYTES = MEMORY_PAGES << 16;

/** With two factors, as many as 16 registers leave; more than a processor has products or sums under way. */
const ACCUMULATORS = 12;
const UNROLLED = 4;
/** Products and sums of four lanes. */
export const FLOPS_PER_ITERATION = 2 * 4 * ACCUMULATORS * UNROLLED;

const LOADS = 16;
const LANES_BYTES = 16;

/** Runs `body` as often as parameter 0 says, at least once. */
function repeat(code: Code, body: () => void): void {
  code.loop();
  body();
  code.localGet(0).i32Const(1).op("i32.sub").localTee(0).brIf(0).end();
}

/** Independent chains `x = x·0.999 + 0.001`, in registers; rounded once where the engine has relaxed SIMD. */
function multiplyAdd(code: Code): void {
  const [factor, term] = [code.local("v128"), code.local("v128")];
  const chains = Array.from({ length: ACCUMULATORS }, () => code.local("v128"));
  code.f32Const(0.999).op("f32x4.splat").localSet(factor);
  code.f32Const(0.001).op("f32x4.splat").localSet(term);
  // Chains that start alike would be one.
  chains.forEach((chain, i) => code.f32Const(i).op("f32x4.splat").localSet(chain));
  repeat(code, () => {
    for (let i = 0; i < UNROLLED; i++)
      for (const chain of chains) {
        code.localGet(chain).localGet(factor);
        if (hasRelaxedSimd()) code.localGet(term).op("f32x4.relaxed_madd");
        else code.op("f32x4.mul").localGet(term).op("f32x4.add");
        code.localSet(chain);
      }
  });
  chains.forEach((chain, i) => {
    code.localGet(chain);
    if (i > 0) code.op("f32x4.add");
  });
  code.lane("f32x4.extract_lane", 0);
}

/** Reads the memory from end to end. */
function readAll(code: Code): void {
  const [address, sum] = [code.local("i32"), code.local("v128")];
  repeat(code, () => {
    code.i32Const(0).localSet(address).loop();
    code.localGet(sum);
    for (let i = 0; i < LOADS; i++)
      code
        .localGet(address)
        .load("v128.load", { offset: i * LANES_BYTES })
        .op("v128.xor");
    code
      .localSet(sum)
      .localGet(address)
      .i32Const(LOADS * LANES_BYTES)
      .op("i32.add")
      .localTee(address);
    code.i32Const(MEMORY_BYTES).op("i32.lt_u").brIf(0).end();
  });
  code.localGet(sum).lane("i32x4.extract_lane", 0);
}

/** A module whose functions keep one core busy, as often as their argument says. */
export function machineModule(): Uint8Array {
  const module = new ModuleBuilder();
  module.importMemory("bench", "memory", { initial: MEMORY_PAGES });
  module.function(["i32"], ["f32"], multiplyAdd, "multiplyAdd");
  module.function(["i32"], ["i32"], readAll, "readAll");
  return module.finish();
}
