/** Low-rank adaptation: arrays `w + a·b` whose products never form the sum, and other adapters of weights. */

export { adapt, type AdaptOptions } from "./adapt.ts";
export { AdaptedArray, type AdapterSettings } from "./adapted.ts";
export { AdapterContents, openAdapter } from "./adapter-contents.ts";
export { encodeAdapter, loadAdapter, type LoadedAdapter, saveAdapter } from "./adapter-files.ts";
export { type TargetTensors } from "./adapter-layout.ts";
export { type AdapterFiles } from "./adapter-source.ts";
export { LoraArray, type LoraOptions, type LoraSettings } from "./array.ts";
export { DoraArray, type DoraSettings } from "./dora.ts";
export { withKey } from "./dropout.ts";
export { FusedLoraArray, type FusedLoraOptions } from "./fused.ts";
export { Ia3Array, type Ia3Options } from "./ia3.ts";
export { scalingOf } from "./initial.ts";
export { LoraKernel } from "./kernel.ts";
export { LohaArray, type LohaOptions } from "./loha.ts";
export { LokrArray, type LokrOptions } from "./lokr.ts";
export { loraify } from "./loraify.ts";
export { merge, mergeAndUnload, type MergeError, type MergeOptions, unmerge } from "./merge.ts";
export { rebase, rebasedConfig } from "./rebase.ts";
export { modulesOf, type NamedModule, type NamingOptions, type WeightKind } from "./modules.ts";
export { type LoraConfig, loraConfig, loraConfigFromJSON, loraConfigToJSON } from "./peft-config.ts";
export { activate, type Active, collect, LoraSet } from "./several.ts";
export { type Target, targetsOf } from "./targets.ts";
export { loraPlus, type LoraPlusOptions, type PlusGroup, plusGroups } from "./plus.ts";
export { type AdaptedWeight, summary, Summary, type SummaryOptions } from "./summary.ts";
export { trainable } from "./trainable.ts";
export { VeraArray, type VeraOptions } from "./vera.ts";
export { addWeightedAdapter, type WeightedOptions } from "./weighted.ts";
