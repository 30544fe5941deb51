import { mapWith } from "../tree/index.ts";
import { Module } from "./module.ts";

const isSwitch = (node: unknown): node is Module =>
  node instanceof Module && Object.hasOwn(node, "inference");

/**
 * The model with the field `inference` of everything in it set: of {@link Dropout}, {@link BatchNorm} and
 * {@link SpectralNorm}, of what they hold, and of layers of one's own that have such a field.
 *
 * @example
 * const evaluated = nn.inferenceMode(model);
 * @see `equinox.nn.inference_mode`
 */
export function inferenceMode<T>(model: T, value = true): T {
  return mapWith(
    { isLeaf: isSwitch },
    (leaf: unknown) => (isSwitch(leaf) ? switched(leaf, value) : leaf),
    model,
  );
}

function switched(node: Module, value: boolean): Module {
  const fields = Object.entries(node).map(([name, field]) => [
    name,
    name === "inference" ? value : inferenceMode(field as unknown, value),
  ]);
  return Object.assign(Object.create(Object.getPrototypeOf(node)) as Module, Object.fromEntries(fields));
}
