import { sizeOf } from "../../core/shape.ts";
import type { Aval } from "../../core/value.ts";
import type { LoweringTable } from "../lowering.ts";
import { shape } from "./shape.ts";
import { threefry2x32Arrays } from "./threefry.ts";

/** The words of one operand, of length 1 or that of the result. */
function repeated(x: Aval, out: Aval): (words: Uint32Array) => Uint32Array {
  const size = sizeOf(x.shape);
  if (size === 1 || size === sizeOf(out.shape)) return (words) => words;
  const broadcastDimensions = x.shape.map((_, axis) => axis);
  const kernel = shape.broadcast_in_dim({ shape: out.shape, broadcastDimensions }, [x], [out]);
  return (words) => kernel([words])[0] as Uint32Array; // of the operand's dtype
}

/** Lowerings of typed keys, which are stored as their words, and of the hash. */
export const keys = {
  random_wrap:
    () =>
    ([words]) => [words!],
  random_unwrap:
    () =>
    ([words]) => [words!],
  threefry2x32: (_params, operands, [out]) => {
    const repeats = operands.map((x) => repeated(x, out!));
    const size = sizeOf(out!.shape);
    return (storages) => {
      const [k0, k1, x0, x1] = storages.map((words, i) => repeats[i]!(words as Uint32Array));
      const results = [new Uint32Array(size), new Uint32Array(size)] as const;
      threefry2x32Arrays(k0!, k1!, x0!, x1!, ...results);
      return results;
    };
  },
} satisfies Partial<LoweringTable>;
