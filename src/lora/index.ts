/** Low-rank adaptation: arrays `w + a·b` whose products never form the sum. */

export { AdaptedArray, type AdapterSettings } from "./adapted.ts";
export { LoraArray, type LoraOptions, type LoraSettings, scalingOf } from "./array.ts";
export { withKey } from "./dropout.ts";
export { loraify } from "./loraify.ts";
export { trainable } from "./trainable.ts";
export { modulesOf, type NamedModule, type NamingOptions, type WeightKind } from "./modules.ts";
export { type LoraConfig, loraConfig, loraConfigFromJSON, loraConfigToJSON } from "./peft-config.ts";
export { type Target, targetsOf } from "./targets.ts";
