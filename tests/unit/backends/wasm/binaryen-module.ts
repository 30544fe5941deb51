import binaryen from "binaryen";

const { Features } = binaryen;
/** What modules may use. */
const features = [
  Features.Atomics,
  Features.BulkMemory,
  Features.BulkMemoryOpt, // part of the one before
  Features.NontrappingFPToInt,
  Features.ReferenceTypes, // tables beyond the first
  Features.RelaxedSIMD,
  Features.SignExt,
  Features.SIMD128,
].reduce((all, each) => all | each);

/** Whether binaryen finds a module valid, and its text. */
export function readBack(bytes: Uint8Array): { readonly valid: boolean; readonly text: string } {
  const module = binaryen.readBinary(bytes);
  try {
    module.setFeatures(features);
    return { valid: module.validate() === 1, text: module.emitText() };
  } finally {
    module.dispose();
  }
}
