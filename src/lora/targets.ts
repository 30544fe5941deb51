import { ArgumentError } from "../core/errors.ts";
import { scalingOf } from "./initial.ts";
import type { NamedModule } from "./modules.ts";
import type { LoraConfig } from "./peft-config.ts";
import { fullMatch, matchStart } from "./python-regex.ts";

/** A module that a configuration adapts, and how. */
export interface Target extends NamedModule {
  readonly kind: NonNullable<NamedModule["kind"]>;
  readonly rank: number;
  readonly alpha: number;
  /** What `B·A` is multiplied with. */
  readonly scaling: number;
}

/** Modules that PEFT takes for the output of a classifier, and of a language model. */
const heads: Readonly<Record<string, readonly string[]>> = {
  SEQ_CLS: ["score", "classifier"],
  "": ["lm_head"],
};

/** Whether `name` is one of `ends`, or ends with one after a dot. */
const endsWith = (name: string, ends: readonly string[]): boolean =>
  ends.some((end) => name === end || name.endsWith(`.${end}`));

/** Whether a module is kept as a whole, or in one that is. */
export const isSaved = ({ modulesToSave }: LoraConfig, name: string): boolean =>
  (modulesToSave ?? []).some((saved) => matchStart(`(^|.*\\.)${saved}($|\\..*)`, name) !== null);

/** Whether the configuration means the module of this name, if there is one. @see PEFT's `check_target_module_exists` */
export function isTarget(config: LoraConfig, name: string): boolean {
  const { targetModules, excludeModules } = config;
  const isExcluded =
    typeof excludeModules === "string"
      ? excludeModules !== "" && fullMatch(excludeModules, name)
      : endsWith(name, excludeModules ?? []);
  if (isExcluded || isSaved(config, name) || targetModules === null) return false;
  if (typeof targetModules === "string") return fullMatch(targetModules, name);
  return targetModules.includes(name) || (endsWith(name, targetModules) && isInLayers(config, name));
}

/** @see PEFT's `check_target_module_exists`, where the number is the first one between dots */
function isInLayers({ layersToTransform, layersPattern }: LoraConfig, name: string): boolean {
  const layers = typeof layersToTransform === "number" ? [layersToTransform] : (layersToTransform ?? []);
  if (layers.length === 0) return true;
  const before = (typeof layersPattern === "string" ? [layersPattern] : (layersPattern ?? [])).filter(
    (x) => x !== "",
  );
  const patterns = before.map((pattern) => `(?:^|.*?\\.)${pattern}\\.(?P<idx>\\d+)\\.`);
  for (const pattern of patterns.length === 0 ? [".*?\\.[^.]*\\.(?P<idx>\\d+)\\."] : patterns) {
    const index = matchStart(pattern, name)?.groups?.["idx"];
    if (index !== undefined) return layers.includes(Number(index));
  }
  return false;
}

/**
 * The value of the first pattern that matches the name, or an end of it after a dot.
 * @throws ArgumentError when it is not known which is the first. @see PEFT's `get_pattern_key`
 */
function byPattern(patterns: Readonly<Record<string, number>>, name: string): number | undefined {
  const found = Object.entries(patterns).filter(
    ([pattern]) => matchStart(`(.*\\.)?(${pattern})$`, name) !== null,
  );
  // Objects have keys that are numbers first, wherever they were.
  if (/^\d+$/.test(found[0]?.[0] ?? "") && found.some(([, value]) => value !== found[0]![1])) {
    throw new ArgumentError(
      "lora/pattern",
      `the patterns ${found.map(([pattern]) => JSON.stringify(pattern)).join(", ")} all match ${name}, with different values, and their order is not known: write the first one as a longer name`,
    );
  }
  return found[0]?.[1];
}

/**
 * The modules that a configuration adapts, with their ranks and alphas.
 *
 * @throws ArgumentError when it means none, naming those that there are, or one that cannot be adapted, or a pattern is none.
 * @see PEFT's `BaseTuner.inject_adapter`
 */
export function targetsOf(config: LoraConfig, modules: readonly NamedModule[]): Target[] {
  const resolved = resolve(config, modules);
  const meant = modules.filter(({ name }) => isTarget(resolved, name));
  const adaptable = modules.flatMap(({ name, kind }) => (kind === null ? [] : [name]));
  const others = meant.filter(({ kind }) => kind === null);
  if (meant.length === 0 || others.length > 0) {
    const what = `targetModules ${JSON.stringify(config.targetModules)}`;
    const why =
      meant.length === 0
        ? "means no module"
        : `means what cannot be adapted: ${others.map(({ name }) => name).join(", ")}`;
    throw new ArgumentError(
      "lora/targets",
      `${what} of the configuration ${why}; what can be adapted is ${adaptable.join(", ") || "nothing"}`,
    );
  }
  return meant.map((module) => {
    const rank = byPattern(config.rankPattern, module.name) ?? config.r;
    const alpha = byPattern(config.alphaPattern, module.name) ?? config.loraAlpha;
    // The kind was looked at above.
    return { ...(module as Target), rank, alpha, scaling: scalingOf(rank, alpha, config.useRslora) };
  });
}

/** With `"all-linear"` as the list that it means: all linear modules but the output. */
export function resolve(config: LoraConfig, modules: readonly NamedModule[]): LoraConfig {
  const { targetModules, taskType } = config;
  if (typeof targetModules !== "string" || targetModules.toLowerCase() !== "all-linear") return config;
  const outputs = [...heads[""]!, ...(heads[taskType ?? ""] ?? [])];
  const linear = modules.filter(
    ({ name, kind }) => (kind === "linear" || kind === "transposed") && !outputs.includes(name),
  );
  return { ...config, targetModules: linear.map(({ name }) => name) };
}
