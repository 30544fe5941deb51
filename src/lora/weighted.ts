import { flatten, flattenUpTo, pathToString } from "../tree/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import { matrixTranspose } from "../numpy/shape.ts";
import * as np from "../numpy/index.ts";
import { LoraArray, type LoraSettings } from "./array.ts";

export interface WeightedOptions {
  /** How factors are combined. Default `"cat"`. */
  readonly combination?: "cat" | "linear" | "svd" | undefined;
  /** The rank of what `"svd"` makes. Default: the largest of the ranks. */
  readonly rank?: number | undefined;
}

type Term = readonly [lora: LoraArray, weight: number];
type Factors = readonly [a: ArrayValue, b: ArrayValue];

const scalingOf = ({ scaling }: LoraArray): number =>
  typeof scaling === "number" ? scaling : (scaling.item() as number);

/** The weighted sum of updates as one product: exact, of the sum of the ranks. */
function concatenated(terms: readonly Term[]): Factors {
  const scaled = terms.map(([lora, weight]) => np.multiply(lora.b, weight * scalingOf(lora)));
  return [
    np.concatenate(
      terms.map(([{ a }]) => a),
      -1,
    ),
    np.concatenate(scaled, -2),
  ];
}

/** Sums of the factors, each with a root of its weight: so not the sum of updates, but of their rank. */
function summed(terms: readonly Term[]): Factors {
  const roots = terms
    .map(([lora, weight]) => weight * scalingOf(lora))
    .map((s) => [Math.sqrt(Math.abs(s)), Math.sign(s)]);
  const sum = (factors: readonly ArrayValue[]) => factors.reduce((x, y) => np.add(x, y));
  return [
    sum(terms.map(([{ a }], i) => np.multiply(a, roots[i]![0]!))),
    sum(terms.map(([{ b }], i) => np.multiply(b, roots[i]![0]! * roots[i]![1]!))),
  ];
}

/** The best approximation of the weighted sum by a rank: singular values of the thin product, which is not formed. */
function truncated(terms: readonly Term[], rank: number): Factors {
  const [a, b] = concatenated(terms);
  const [qa, ra] = np.linalg.qr(a) as [ArrayValue, ArrayValue];
  const [qb, rb] = np.linalg.qr(matrixTranspose(b)) as [ArrayValue, ArrayValue];
  const [u, s, vh] = np.linalg.svd(np.matmul(ra, matrixTranspose(rb)), { fullMatrices: false }) as [ArrayValue, ArrayValue, ArrayValue]; // prettier-ignore
  const columns = ["...", ":", `:${rank}`] as const;
  const left = np.matmul(qa, np.multiply(u.get(...columns), s.get("...", null, `:${rank}`)));
  return [left, np.matmul(vh.get("...", `:${rank}`, ":"), matrixTranspose(qb))];
}

const settingsOf = ({ dropout, stopGradient, allowMaterialise }: LoraArray): LoraSettings => ({
  dropout,
  stopGradient,
  allowMaterialise,
});
const isLora = (node: unknown): node is LoraArray => node instanceof LoraArray;

/**
 * The first of some models over one base with one adapter that stands for those of all, each times its weight.
 *
 * `"cat"` puts the factors beside each other, which is exact; `"svd"` takes the largest singular values of that; `"linear"` adds
 * factors, which is of the same rank but has cross terms.
 * @throws ArgumentError when a model has an adapter where another has none, or ranks differ for `"linear"`.
 * @example
 * const mixed = lora.addWeightedAdapter({ law, tone }, { law: 1, tone: 0.5 }, { combination: "svd", rank: 8 });
 * @see PEFT's `add_weighted_adapter`
 */
export function addWeightedAdapter<Model>(
  models: Readonly<Record<string, Model>>,
  weights: Readonly<Record<string, number>>,
  options: WeightedOptions = {},
): Model {
  const caller = "lora.addWeightedAdapter";
  const { combination = "cat", rank } = readOptions<WeightedOptions>(
    caller,
    ["combination", "rank"],
    [options],
  );
  const names = Object.keys(weights);
  const missing = names.filter((name) => !Object.hasOwn(models, name));
  if (names.length === 0 || missing.length > 0)
    throw new ArgumentError("lora/adapter", `${caller}: weights are for models by name, got weights for ${names.join(", ") || "none"} and models ${Object.keys(models).join(", ")}`); // prettier-ignore
  if (!["cat", "linear", "svd"].includes(combination))
    throw new ArgumentError(
      "lora/adapter",
      `${caller}: combination is "cat", "linear" or "svd", got ${describe(combination)}`,
    );
  const [leaves, treedef] = flatten(models[names[0]!], isLora);
  const columns = names.map((name) => flattenUpTo(treedef, models[name], `the model ${name}`));
  return treedef.unflatten<Model>(
    leaves.map((leaf, i) => {
      const same = columns.map((column) => column[i]);
      if (!same.some(isLora)) return leaf;
      const at = pathToString(treedef.paths()[i]!);
      if (!same.every((x): x is LoraArray => isLora(x) && x.constructor === LoraArray && !x.merged))
        throw new ArgumentError("lora/adapter", `${caller}: every model needs a LoraArray that is not merged at ${at}, got ${same.map(describe).join(", ")}`); // prettier-ignore
      const ranks = same.map(({ a }) => a.shape.at(-1)!);
      if (combination === "linear" && new Set(ranks).size > 1)
        throw new ArgumentError(
          "lora/rank",
          `${caller}: "linear" takes adapters of one rank, got ${ranks.join(", ")} at ${at}`,
        );
      const terms = same.map((lora, k): Term => [lora, weights[names[k]!]!]);
      const [a, b] =
        combination === "cat" ? concatenated(terms)
        : combination === "linear" ? summed(terms)
        : truncated(terms, rank ?? Math.max(...ranks)); // prettier-ignore
      return LoraArray.of(same[0]!._w, a, b, settingsOf(same[0]!));
    }),
  );
}
