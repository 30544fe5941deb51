import { broadcastPrefix, flatten, flattenWithPath, pathToString } from "../tree/index.ts";
import { isInexact } from "../core/dtype.ts";
import { readOptions } from "../core/options.ts";
import { type Shape, showShape } from "../core/shape.ts";
import { showCount, showTable } from "../core/table.ts";
import { ArrayValue, NDArray } from "../core/value.ts";
import { frozen } from "../optim/index.ts";
import { AdaptedArray, type Term } from "./adapted.ts";
import { Delta } from "./delta.ts";
import { trainable } from "./trainable.ts";

/** A weight under an adapter. */
export interface AdaptedWeight {
  readonly path: string;
  /** The class of the adapter. */
  readonly kind: string;
  readonly shape: Shape;
  /** Ranks and scalings of what the adapter consists of. */
  readonly terms: readonly Term[];
  /** Numbers that the adapter consists of. */
  readonly parameters: number;
}

export interface SummaryOptions {
  /** What is trained: a prefix of the model's tree with booleans. Default: {@link trainable}, which are the adapters. */
  readonly trainable?: unknown;
}

/** What of a model is adapted and trained. {@link summary} makes one; its text is a table. */
export class Summary {
  constructor(
    readonly weights: readonly AdaptedWeight[],
    /** Numbers that are trained. */
    readonly trainable: number,
    /** All numbers, with the adapters; those of a quantised weight are as many as it stands for. */
    readonly total: number,
  ) {}

  /** The line that PEFT prints; modules that it saves whole it counts twice, as it keeps the old ones. @see PEFT's `print_trainable_parameters` */
  get line(): string {
    const percent = this.total === 0 ? 0 : (100 * this.trainable) / this.total;
    return `trainable params: ${showCount(this.trainable)} || all params: ${showCount(this.total)} || trainable%: ${percent.toFixed(4)}`;
  }

  /** A row for each weight. */
  get table(): string {
    const rows = this.weights.map(({ path, kind, shape, terms, parameters }) => [
      path,
      kind,
      showShape(shape),
      terms.map(({ rank }) => rank ?? "full").join(", "),
      terms.map(({ scaling }) => showScaling(scaling)).join(", "),
      parameters,
    ]);
    return showTable(["weight", "kind", "shape", "rank", "scaling", "parameters"], rows);
  }

  toString(): string {
    return this.weights.length === 0 ? this.line : `${this.table}\n${this.line}`;
  }
}

const showScaling = (scaling: number | ArrayValue): string => {
  const value = scaling instanceof NDArray ? (scaling.item() as number) : scaling;
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : "traced";
};

const isArray = (node: unknown): node is ArrayValue | Delta =>
  node instanceof ArrayValue || node instanceof Delta;

/** How many numbers a tree stands for. Constants of an adapter, such as its scaling, are none of its parameters. */
function count(tree: unknown, leaveOut: readonly string[] = []): number {
  return flatten(tree, isArray)[0].reduce<number>((sum, node) => {
    if (node instanceof AdaptedArray || node instanceof Delta) {
      const constants = (node as { readonly [frozen]?: readonly string[] })[frozen] ?? [];
      const fields = Object.entries(node).filter(([name]) => name === "_w" || !constants.includes(name));
      const counted = fields.filter(([name, field]) => typeof field === "object" && !leaveOut.includes(name));
      return counted.reduce((own, [, field]) => own + count(field), sum);
    }
    return node instanceof ArrayValue && isInexact(node.dtype) ? sum + node.size : sum;
  }, 0);
}

/**
 * What of a model is adapted: each weight with the ranks and scalings of its adapter, and how many numbers are trained of how many.
 *
 * @throws TreeError when `trainable` is no prefix of the model.
 * @example
 * console.log(String(lora.summary(model)));
 * // …
 * // trainable params: 36,864 || all params: 6,959,232 || trainable%: 0.5297
 */
export function summary(model: unknown, options: SummaryOptions = {}): Summary {
  const given = readOptions<SummaryOptions>("lora.summary", ["trainable"], [options]);
  const verdicts = broadcastPrefix(given.trainable ?? trainable(model), model);
  const trained = flatten(model)[0].filter((_, i) => verdicts[i] === true);
  const [nodes] = flattenWithPath(model, (node) => node instanceof AdaptedArray);
  const weights = nodes.flatMap(([path, node]): AdaptedWeight[] => {
    if (!(node instanceof AdaptedArray)) return [];
    const { shape, terms } = node;
    const parameters = count(node, ["_w"]);
    return [{ path: pathToString(path), kind: node.constructor.name, shape, terms, parameters }];
  });
  return new Summary(weights, count(trained), count(model));
}
