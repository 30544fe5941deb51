/** Low-rank adaptation: arrays `w + a·b` whose products never form the sum. */

export { LoraArray, type LoraOptions, type LoraSettings } from "./array.ts";
export { loraify, trainable } from "./loraify.ts";
