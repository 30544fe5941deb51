import { dtypeInfo, kindOf, type TypedArray } from "../../core/dtype.ts";
import { floatFormats } from "../../core/float-format.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Kernel, LoweringTable } from "../lowering.ts";
import { converter, interleave, slots } from "./convert.ts";
import { complexResult, elementwise, type Numbers, spreader } from "./elementwise.ts";
import { precisionReducer } from "./precision.ts";

const same: Kernel = ([x]) => [x!];
const identity = () => same;

const conjugate = elementwise("conj", {
  complex: (a, b) => {
    complexResult[0] = a;
    complexResult[1] = -b;
  },
});

/** A copy of the bytes as an array of another class. */
const reread = (storage: TypedArray, Storage: new (buffer: ArrayBuffer) => TypedArray): TypedArray => {
  const bytes = new Uint8Array(storage.byteLength);
  bytes.set(new Uint8Array(storage.buffer, storage.byteOffset, storage.byteLength));
  return new Storage(bytes.buffer);
};

export const cast = {
  convert_element_type: ({ newDtype }, [x]) => {
    const convert = converter(x!.dtype, newDtype);
    return ([storage]) => [convert(storage!)];
  },
  bitcast_convert_type: ({ newDtype }, [x]) => {
    if (x!.dtype === newDtype) return same;
    // Every typed array can be made from a buffer.
    const Storage = dtypeInfo[newDtype].storage as unknown as new (buffer: ArrayBuffer) => TypedArray;
    return ([storage]) => [reread(storage!, Storage)];
  },
  reduce_precision: elementwise("reduce_precision", (params, dtype) => ({
    float: precisionReducer(floatFormats[dtype]!, params),
  })),
  stop_gradient: identity,
  optimization_barrier: () => (operands) => operands,
  copy:
    () =>
    ([x]) => [x!.slice()],

  complex: (_params, avals, [out]) => {
    const [re, im] = avals.map((aval) => spreader(aval, out!.shape));
    const size = sizeOf(out!.shape);
    return ([x, y]) => [interleave(re!(x!) as Numbers, im!(y!) as Numbers, size)];
  },
  real:
    () =>
    ([z]) => [slots(z!, 0)],
  imag:
    () =>
    ([z]) => [slots(z!, 1)],
  conj: (params, avals, outs) => {
    if (kindOf(avals[0]!.dtype) === "complex") return conjugate(params, avals, outs);
    const convert = converter(avals[0]!.dtype, "complex64");
    return ([x]) => [convert(x!)];
  },
} satisfies Partial<LoweringTable>;
