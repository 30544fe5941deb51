import { map, mapWith } from "../tree/index.ts";
import { isInexact } from "../core/dtype.ts";
import { ArrayValue } from "../core/value.ts";
import { frozen } from "../optim/index.ts";
import { AdaptedArray, assemble } from "./adapted.ts";
import { Delta } from "./delta.ts";

type Adapter = AdaptedArray | Delta;
const isAdapter = (node: unknown): node is Adapter => node instanceof AdaptedArray || node instanceof Delta;

/**
 * Which leaves of a model are adapters: a tree like it with true in the places of what an adapter is trained by, as `a` and
 * `b` of each {@link LoraArray}, and false in all others.
 *
 * @example
 * const [train, rest] = tree.partition(model, lora.trainable(model));
 * grad((t, x) => loss(tree.combine(t, rest), x))(train, x); // a and b only
 */
export const trainable = <Model>(model: Model): Model => marked(model, false);

/** Inside a weight that is adapted and frozen, nothing is trainable. */
function marked<T>(tree: T, inAdapter: boolean): T {
  const mark = (leaf: unknown): unknown => {
    if (isAdapter(leaf)) return markedAdapter(leaf);
    return inAdapter && leaf instanceof ArrayValue && isInexact(leaf.dtype);
  };
  return mapWith({ isLeaf: isAdapter }, mark, tree);
}
function markedAdapter(adapter: Adapter): Adapter {
  const fixed = (adapter as { readonly [frozen]?: readonly string[] })[frozen] ?? [];
  const mark = (name: string, field: unknown): unknown => {
    if (typeof field !== "object" || field === null) return field; // a setting
    return fixed.includes(name) ? map(() => false, field) : marked(field, name !== "_w");
  };
  const fields = Object.entries(adapter).map(([name, field]) => [name, mark(name, field)] as const);
  return assemble(adapter, Object.fromEntries(fields) as Partial<Adapter>);
}
