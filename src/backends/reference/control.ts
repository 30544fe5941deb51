import { allocate, dtypeInfo, type TypedArray } from "../../core/dtype.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Aval } from "../../core/value.ts";
import type { Kernel, LoweringTable } from "../lowering.ts";

/** Storage of one step of an array that is scanned over. */
const stride = ({ shape, dtype }: Aval): number => sizeOf(shape.slice(1)) * dtypeInfo[dtype].lanes;

/** A copy of data that is a window of something larger, which it would keep alive. */
const own = (data: TypedArray): TypedArray =>
  data.byteLength === data.buffer.byteLength ? data : data.slice();

/** Primitives that hold programs. */
export const control = {
  cond: ({ branches }, _operands, _outs, compile) => {
    const kernels: Kernel[] = [];
    return ([index, ...operands]) => {
      const which = Math.min(Math.max(Number(index![0]), 0), branches.length - 1);
      // Most programs never take some of their branches.
      kernels[which] ??= compile(branches[which]!);
      return kernels[which](operands);
    };
  },
  while: ({ condJaxpr, condNconsts, bodyJaxpr, bodyNconsts }, _operands, _outs, compile) => {
    const [test, step] = [compile(condJaxpr), compile(bodyJaxpr)];
    return (operands) => {
      const condConsts = operands.slice(0, condNconsts);
      const bodyConsts = operands.slice(condNconsts, condNconsts + bodyNconsts);
      let carry = operands.slice(condNconsts + bodyNconsts);
      while (test([...condConsts, ...carry])[0]![0]) carry = [...step([...bodyConsts, ...carry])];
      return carry;
    };
  },
  scan: ({ jaxpr, length, numCarry, numConsts, reverse }, operands, outs, compile) => {
    const step = compile(jaxpr);
    const inStrides = operands.slice(numConsts + numCarry).map(stride);
    const outAvals = outs.slice(numCarry);
    const outStrides = outAvals.map(stride);
    return (given) => {
      const consts = given.slice(0, numConsts);
      let carry = given.slice(numConsts, numConsts + numCarry);
      const xs = given.slice(numConsts + numCarry);
      const ys = outAvals.map(({ shape, dtype }) => allocate(dtype, sizeOf(shape)));
      for (let n = 0; n < length; n++) {
        const i = reverse ? length - 1 - n : n;
        const slices = xs.map((x, k) => x.subarray(i * inStrides[k]!, (i + 1) * inStrides[k]!));
        const results = step([...consts, ...carry, ...slices]);
        carry = results.slice(0, numCarry);
        for (let k = 0; k < ys.length; k++)
          // Both are of the output's dtype.
          ys[k]!.set(results[numCarry + k]! as never, i * outStrides[k]!);
      }
      return [...carry.map(own), ...ys];
    };
  },
} satisfies Pick<LoweringTable, "cond" | "scan" | "while">;
