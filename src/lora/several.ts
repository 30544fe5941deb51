import { flatten, flattenUpTo, mapWith, pathToString } from "../tree/index.ts";
import { ArgumentError, nearest } from "../core/errors.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { plus } from "../values/low-rank-dot.ts";
import {
  type AdaptedArray,
  assemble,
  type Change,
  type DotParams,
  type GatherParams,
  type Term,
} from "./adapted.ts";
import { AddedArray } from "./added.ts";
import { LoraArray } from "./array.ts";
import { Delta, type LowRank } from "./delta.ts";

/** The sum of one or more updates. */
class Sum extends Delta {
  constructor(readonly terms: readonly LowRank[]) {
    super();
  }
  override dot(x: ArrayValue, params: DotParams, xIsLeft: boolean): ArrayValue {
    return this.terms.map((term) => term.dot(x, params, xIsLeft)).reduce(plus);
  }
  override transposed(permutation: readonly number[]): Sum | null {
    const terms = this.terms.flatMap((term) => term.transposed(permutation) ?? []);
    return terms.length === this.terms.length ? new Sum(terms) : null;
  }
  override mapped(change: Change): Sum {
    return new Sum(this.terms.map((term) => term.mapped(change)));
  }
  override dense(): ArrayValue {
    return this.terms.map((term) => term.dense()).reduce(plus);
  }
  override gathered(indices: ArrayValue, params: GatherParams): ArrayValue | null {
    const found = this.terms.flatMap((term) => term.gathered(indices, params) ?? []);
    return found.length === this.terms.length ? found.reduce(plus) : null;
  }
}

/** Names of adapters, or a weight for each: a number, or an array without axes, of which others need no new program. */
export type Active = readonly string[] | Readonly<Record<string, number | ArrayValue>>;

/**
 * A matrix with several adapters by name, of which those that are active add up, each times its weight.
 *
 * @see {@link collect}, {@link activate}
 */
export class LoraSet extends AddedArray {
  readonly adapters: Readonly<Record<string, LowRank>>;
  readonly active: Readonly<Record<string, number | ArrayValue>>;

  /** @throws ArgumentError when a name is active that no adapter has. */
  constructor(base: LoraArray, adapters: Readonly<Record<string, LowRank>>, active: Active) {
    const { stopGradient, allowMaterialise } = base;
    super(base._w, { stopGradient, allowMaterialise });
    this.adapters = adapters;
    this.active = weightsOf(active, Object.keys(adapters));
  }

  override get isBare(): boolean {
    return this.merged || Object.keys(this.active).length === 0;
  }
  override get terms(): readonly Term[] {
    return Object.values(this.adapters);
  }
  override get delta(): Sum {
    const weighted = Object.entries(this.active).map(([name, weight]) => {
      const adapter = this.adapters[name]!;
      const scaling = weight === 1 ? adapter.scaling : product(adapter.scaling, weight);
      return assemble<LowRank>(adapter, { scaling });
    });
    return new Sum(weighted);
  }
  /** The same adapters, other ones active. @throws ArgumentError when it is merged, or a name is no adapter's. */
  activated(active: Active): LoraSet {
    if (this.merged)
      throw new ArgumentError(
        "lora/merged",
        "lora.activate: the adapters are merged into the weight: lora.unmerge the model first",
      );
    return assemble<LoraSet>(this, { active: weightsOf(active, Object.keys(this.adapters)) });
  }
  override mapped(change: Change): AdaptedArray {
    const adapters = Object.entries(this.adapters).map(
      ([name, adapter]) => [name, adapter.mapped(change)] as const,
    );
    return assemble<LoraSet>(this, { _w: change(this._w), adapters: Object.fromEntries(adapters) });
  }
}

const product = (x: number | ArrayValue, y: number | ArrayValue): number | ArrayValue =>
  typeof x === "number" && typeof y === "number" ? x * y : np.multiply(x, y);

function weightsOf(active: Active, known: readonly string[]): Readonly<Record<string, number | ArrayValue>> {
  const weights = Array.isArray(active)
    ? Object.fromEntries((active as readonly string[]).map((name) => [name, 1]))
    : (active as Readonly<Record<string, number | ArrayValue>>);
  for (const name of Object.keys(weights)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    throw new ArgumentError(
      "lora/adapter",
      `there is no adapter "${name}"${near ? `; did you mean "${near}"?` : ""}; they are ${known.join(", ")}`,
    );
  }
  return weights;
}

const isLora = (node: unknown): node is LoraArray => node instanceof LoraArray;
const isSet = (node: unknown): node is LoraSet => node instanceof LoraSet;

/**
 * One model with the adapters of several, by name. They are adapted from one base: all else is that of the first.
 *
 * @throws ArgumentError when a model has an adapter where another has none, or one that is not a plain {@link LoraArray}.
 * @example
 * const both = lora.collect({ law: lawModel, tone: toneModel }, ["law"]);
 * quaxify(lora.activate(both, { law: 1, tone: 0.5 }))(x);
 */
export function collect<Model>(models: Readonly<Record<string, Model>>, active: Active = []): Model {
  const names = Object.keys(models);
  const [first, ...others] = Object.values(models);
  const [leaves, treedef] = flatten(first, isLora);
  const columns = [
    leaves,
    ...others.map((other, i) => flattenUpTo(treedef, other, `the model ${names[i + 1]!}`)),
  ];
  return treedef.unflatten(
    leaves.map((leaf, i) => {
      const same = columns.map((column) => column[i]);
      if (!same.some(isLora)) return leaf;
      const fit = same.filter((x) => isLora(x) && x.constructor === LoraArray && !x.merged) as LoraArray[];
      if (fit.length < names.length) {
        throw new ArgumentError(
          "lora/adapter",
          `lora.collect: every model needs a LoraArray that is not merged at ${pathToString(treedef.paths()[i]!)}, got ${same.map(describe).join(", ")}`,
        );
      }
      return new LoraSet(fit[0]!, Object.fromEntries(fit.map((lora, k) => [names[k]!, lora.delta])), active);
    }),
  );
}

/**
 * The model with other adapters active, each with weight 1 or the one given.
 *
 * @throws ArgumentError when a name is no adapter's.
 * @see {@link collect}
 */
export const activate = <Model>(model: Model, active: Active): Model =>
  mapWith({ isLeaf: isSet }, (leaf: unknown) => (isSet(leaf) ? leaf.activated(active) : leaf), model);
