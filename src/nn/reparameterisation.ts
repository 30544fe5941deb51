import { at } from "../tree/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue } from "../core/value.ts";
import type { Layer } from "./module.ts";

/** A name of something that a layer has. */
export type NameIn<L> = keyof L & string;
type Fields = Readonly<Partial<Record<string, unknown>>>;

/** @internal The array of a layer that is computed from another one. @throws ArgumentError when there is none of that name. */
export function weightOf(layer: Layer, name: string, caller: string): ArrayValue {
  const weight: unknown = (layer as Layer & Fields)[name];
  if (weight instanceof ArrayValue) return weight;
  throw new ArgumentError(
    "nn/weight",
    `${caller}: the layer's ${name} must be an array, got ${describe(weight)}`,
  );
}

/** @internal What the layer makes of `x` with another array under this name. */
export const forwardWith = (layer: Layer, name: string, weight: ArrayValue, x: ArrayValue): ArrayValue =>
  at((l) => (l as Layer & Fields)[name], layer, weight).forward(x);
