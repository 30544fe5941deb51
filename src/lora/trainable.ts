import { flattenWithPath, map, mapWith } from "../tree/index.ts";
import { isInexact } from "../core/dtype.ts";
import { ArrayValue } from "../core/value.ts";
import { tensorName } from "../files/index.ts";
import { frozen } from "../optim/index.ts";
import { AdaptedArray, assemble } from "./adapted.ts";
import { Delta } from "./delta.ts";
import { modulesOf, type NamingOptions } from "./modules.ts";
import { type LoraConfig, loraConfig } from "./peft-config.ts";
import { isSaved, targetsOf } from "./targets.ts";

type Adapter = AdaptedArray | Delta;
const isAdapter = (node: unknown): node is Adapter => node instanceof AdaptedArray || node instanceof Delta;

/**
 * Which leaves of a model are adapters: a tree like it with true in the places of what an adapter is trained by, as `a` and
 * `b` of each {@link LoraArray}, and false in all others. A configuration may ask for more: `modulesToSave`, and biases.
 *
 * @example
 * const [train, rest] = tree.partition(model, lora.trainable(model));
 * grad((t, x) => loss(tree.combine(t, rest), x))(train, x); // a and b only
 */
export function trainable<Model>(
  model: Model,
  config: Partial<LoraConfig> = {},
  naming: NamingOptions = {},
): Model {
  const isWhole = wholesOf(model, config, naming);
  const [leaves, treedef] = flattenWithPath(model, isAdapter);
  return treedef.unflatten<Model>(
    leaves.map(([path, leaf]) => {
      if (isAdapter(leaf)) return markedAdapter(leaf);
      return leaf instanceof ArrayValue && isInexact(leaf.dtype) && isWhole(tensorName(path));
    }),
  );
}

/** Whether the configuration has the array of a name trained as it is. */
function wholesOf(
  model: unknown,
  config: Partial<LoraConfig>,
  naming: NamingOptions,
): (name: string) => boolean {
  const complete = loraConfig(config);
  const modules = modulesOf(model, naming);
  const saved = modules.filter(({ name }) => isSaved(complete, name)).map(({ path }) => `${path}.`);
  const biased =
    complete.bias === "lora_only" ? targetsOf(complete, modules).map(({ path }) => `${path}.bias`) : [];
  const isBias = (name: string) => complete.bias === "all" && (name === "bias" || name.endsWith(".bias"));
  return (name) => saved.some((path) => name.startsWith(path)) || biased.includes(name) || isBias(name);
}

/** Inside a weight that is adapted and frozen, nothing is trainable. */
const marked = (tree: unknown, inAdapter: boolean): unknown =>
  mapWith(
    { isLeaf: isAdapter },
    (leaf: unknown) =>
      isAdapter(leaf)
        ? markedAdapter(leaf)
        : inAdapter && leaf instanceof ArrayValue && isInexact(leaf.dtype),
    tree,
  );
function markedAdapter(adapter: Adapter): Adapter {
  const fixed = (adapter as { readonly [frozen]?: readonly string[] })[frozen] ?? [];
  const mark = (name: string, field: unknown): unknown => {
    if (typeof field !== "object" || field === null) return field; // a setting
    return fixed.includes(name) ? map(() => false, field) : marked(field, name !== "_w");
  };
  const fields = Object.entries(adapter).map(([name, field]) => [name, mark(name, field)] as const);
  return assemble(adapter, Object.fromEntries(fields) as Partial<Adapter>);
}
