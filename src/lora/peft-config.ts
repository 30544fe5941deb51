import * as z from "zod/mini";
import { ArgumentError, FileError } from "../core/errors.ts";
import { isPlainObject, readOptions } from "../core/options.ts";

/** What an adapter is made of and where: PEFT's `LoraConfig`, with its defaults. */
export interface LoraConfig {
  /** The rank. Default 8. */
  readonly r: number;
  /** What is added is multiplied with `loraAlpha / r`. Default 8. */
  readonly loraAlpha: number;
  /** Default 0. */
  readonly loraDropout: number;
  /** Names of modules, or ends of them after a dot; a pattern of Python's for whole names; `"all-linear"`; null: none. */
  readonly targetModules: readonly string[] | string | null;
  /** Modules that are no targets whatever `targetModules` says: names or ends of them, or a pattern. */
  readonly excludeModules: readonly string[] | string | null;
  /** Modules that are trained as a whole and kept with the adapter. */
  readonly modulesToSave: readonly string[] | null;
  /** Where `targetModules` is a list: which of the numbered layers. */
  readonly layersToTransform: readonly number[] | number | null;
  /** What stands before the number of a layer. */
  readonly layersPattern: readonly string[] | string | null;
  /** Other ranks, by patterns for ends of names; the first that matches counts. */
  readonly rankPattern: Readonly<Record<string, number>>;
  /** Other alphas, in the same way. */
  readonly alphaPattern: Readonly<Record<string, number>>;
  /** Which biases of the model are trained and kept with the adapter. Default `"none"`. */
  readonly bias: "none" | "all" | "lora_only";
  /** Divide `loraAlpha` by `√r`. Default false. */
  readonly useRslora: boolean;
  /** A magnitude for each row besides. Default false. */
  readonly useDora: boolean;
  /** Whether PEFT found weights stored `[in, out]`; here a model says that itself. Default false. */
  readonly fanInFanOut: boolean;
  /** How factors start: true, false, or a name. Default true. */
  readonly initLoraWeights: boolean | string;
  /** As PEFT names it: `"FEATURE_EXTRACTION"`, `"CAUSAL_LM"`, `"SEQ_CLS"` … */
  readonly taskType: string | null;
  readonly baseModelNameOrPath: string | null;
  readonly revision: string | null;
  readonly inferenceMode: boolean;
  /** All else that a file says, under the names that it has there; written again as it was. */
  readonly others: Readonly<Record<string, unknown>>;
}

const text = z.string("a string");
const flag = z.boolean("true or false");
const whole = z.int("a whole number");
const rank = whole.check(z.positive("a number from 1 on"));
const finite = z.number("a number");
const texts = z.array(text, "a list of strings");
const maybe = <T extends z.ZodMiniType>(form: T) => z._default(z.nullable(form), null);
const either = <A extends z.ZodMiniType, B extends z.ZodMiniType>(a: A, b: B, what: string) =>
  z.union([a, b], what);
const textOrTexts = either(text, texts, "a string or a list of strings");
const patterns = <T extends z.ZodMiniType>(form: T) =>
  z.pipe(
    z._default(z.nullable(z.record(text, form, "an object of numbers")), {}),
    z.transform((x) => x ?? {}),
  );

/** The fields of the file that mean something here. Their names in the program are the same in camel case. */
const fields = {
  r: z._default(rank, 8),
  lora_alpha: z._default(finite, 8),
  lora_dropout: z._default(
    finite.check(z.gte(0, "a number from 0 up to 1"), z.lt(1, "a number from 0 up to 1")),
    0,
  ),
  target_modules: maybe(textOrTexts),
  exclude_modules: maybe(textOrTexts),
  modules_to_save: maybe(texts),
  layers_to_transform: maybe(either(whole, z.array(whole), "a whole number or a list of them")),
  layers_pattern: maybe(textOrTexts),
  rank_pattern: patterns(rank),
  alpha_pattern: patterns(finite),
  bias: z._default(z.enum(["none", "all", "lora_only"], '"none", "all" or "lora_only"'), "none"),
  use_rslora: z._default(flag, false),
  use_dora: z._default(flag, false),
  fan_in_fan_out: z._default(flag, false),
  init_lora_weights: z._default(either(flag, text, "true, false or a name"), true),
  task_type: maybe(text),
  base_model_name_or_path: maybe(text),
  revision: maybe(text),
  inference_mode: z._default(flag, false),
};
const form = z.looseObject(
  { peft_type: z._default(z.literal("LORA", '"LORA"'), "LORA"), ...fields },
  "an object",
);

const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const names = new Map(Object.keys(fields).map((name) => [name, camel(name)]));

/** Fields that change what is computed or trained in ways that are not known here: refused unless they are off. */
const unsupported = [
  "lora_bias",
  "use_qalora",
  "alora_invocation_tokens",
  "kasa_config",
  "velora_config",
  "monteclora_config",
  "arrow_config",
  "megatron_config",
  "target_parameters",
  "trainable_token_indices",
  "layer_replication",
  "use_bdlora",
  "ensure_weight_tying",
];
const isOff = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === false ||
  value === "" ||
  (typeof value === "object" && Object.keys(value).length === 0);

/**
 * The configuration that the JSON of an `adapter_config.json` says. Fields that are not known are kept, and written again by
 * {@link loraConfigToJSON}.
 *
 * @throws FileError on every field that is of another form, or that asks for what is not supported, all in one message.
 * @example
 * const config = lora.loraConfigFromJSON(JSON.parse(text));
 * @see PEFT's `LoraConfig`
 */
export function loraConfigFromJSON(json: unknown): LoraConfig {
  const result = form.safeParse(json);
  if (!result.success) {
    throw refusal(
      result.error.issues.map(({ path, message }) => {
        const at = path.map(String).join(".");
        return `${at === "" ? "it" : at} must be ${message}`;
      }),
    );
  }
  const { peft_type: _, ...data } = result.data;
  const on = unsupported.filter((name) => !isOff(data[name]));
  const faults = on.map((name) => `${name} is ${show(data[name])}, which is not supported here`);
  if (data.init_lora_weights === "mica")
    faults.push('init_lora_weights is "mica", which is not supported here');
  if (typeof data.target_modules === "string") {
    const both = (["layers_to_transform", "layers_pattern"] as const).filter((name) => data[name] !== null);
    faults.push(...both.map((name) => `${name} goes with a list of target_modules, and there is a pattern`));
  }
  if (!isOff(data.layers_pattern) && data.layers_to_transform === null)
    faults.push("layers_pattern goes with layers_to_transform, and there is none");
  if (faults.length > 0) throw refusal(faults);

  const known = Object.entries(data).filter(([name]) => names.has(name));
  const others = Object.entries(data).filter(([name]) => !names.has(name));
  const config = Object.fromEntries(known.map(([name, value]) => [names.get(name)!, value]));
  // The schema has checked each field.
  return { ...(config as unknown as LoraConfig), others: Object.fromEntries(others) };
}

const show = (value: unknown): string => {
  const written = JSON.stringify(value);
  return written.length > 60 ? `${written.slice(0, 60)}…` : written;
};
const refusal = (faults: readonly string[]): FileError =>
  new FileError("lora/config", `the configuration of the adapter cannot be used:\n  ${faults.join("\n  ")}`);

/** What `adapter_config.json` says of a configuration, with names in order. @see PEFT's `LoraConfig.save_pretrained` */
export function loraConfigToJSON(config: LoraConfig): Readonly<Record<string, unknown>> {
  const own = [...names].map(([name, key]) => [name, config[key as keyof LoraConfig]] as const);
  const all = [...Object.entries(config.others), ...own, ["peft_type", "LORA"] as const];
  return Object.fromEntries(all.toSorted(([x], [y]) => (x < y ? -1 : 1)));
}

/**
 * A configuration: what is not given has PEFT's default.
 *
 * @throws ArgumentError on an option that is not known; FileError on a value that it cannot have.
 * @example
 * const config = lora.loraConfig({ r: 8, loraAlpha: 16, targetModules: ["query", "value"] });
 * @see PEFT's `LoraConfig`
 */
export function loraConfig(options: Partial<LoraConfig> = {}): LoraConfig {
  const known = [...names.values(), "others"] as (keyof LoraConfig)[];
  const { others = {}, ...given } = readOptions<Partial<LoraConfig>>("lora.loraConfig", known, [options]);
  if (!isPlainObject(others)) throw new ArgumentError("lora/config", "lora.loraConfig: others is an object");
  const own = [...names].map(([name, key]) => [name, (given as Record<string, unknown>)[key]] as const);
  return loraConfigFromJSON({
    ...others,
    ...Object.fromEntries(own.filter(([, value]) => value !== undefined)),
  });
}
