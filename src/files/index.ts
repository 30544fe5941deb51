/** Arrays in files: the safetensors format, and those of NumPy. */

export { type LoadOptions, loadSafetensors } from "./load.ts";
export {
  decodeNpy,
  decodeNpz,
  encodeNpy,
  encodeNpz,
  type NamedArrays,
  type NpzArrays,
} from "./numpy-files.ts";
export { openSafetensors, Safetensors, type TensorInfo } from "./safetensors.ts";
export { type TensorDType } from "./safetensors-format.ts";
export {
  encodeSafetensors,
  type SaveOptions,
  saveSafetensors,
  type TensorSource,
  writeTensors,
} from "./save.ts";
export { type FileSource } from "./source.ts";
export { tensorName } from "./tensor-names.ts";
