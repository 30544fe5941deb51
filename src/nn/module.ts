import { type NodeKind, nodeKind } from "../tree/index.ts";
import type { ArrayValue } from "../core/value.ts";
import { showForm } from "./form.ts";

/**
 * Base class of models: a pytree whose children are its own fields. Arrays among them are leaves; numbers, booleans,
 * strings and functions are static, part of the structure. Give it methods as usual; what transformations call in place
 * of a function is `forward`.
 *
 * Instances are never changed: `tree.at` makes a new one with other fields. `#private` fields, and arrow functions that
 * use `this`, would not survive that and are refused.
 * @example
 * class Affine extends nn.Module {
 *   constructor(readonly scale: ArrayValue, readonly shift: ArrayValue) { super(); }
 *   forward(x: ArrayValue) { return np.add(np.multiply(this.scale, x), this.shift); }
 * }
 * @see `equinox.Module`
 */
export abstract class Module {
  static readonly [nodeKind]: NodeKind = "fields";

  /** Its fields, with the types of arrays: `Linear(weight=f32[3,2], bias=f32[3], …)`. */
  toString(): string {
    return showForm(this);
  }
}

export interface ForwardOptions {
  /** Randomness for the layers that use it; others ignore it. */
  readonly key?: ArrayValue | null | undefined;
}

/** What a {@link Sequential} is made of. */
export interface Layer {
  forward(x: ArrayValue, options?: ForwardOptions): ArrayValue;
}
