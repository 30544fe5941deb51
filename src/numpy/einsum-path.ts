import { range } from "../core/shape.ts";
import type { Operand } from "../core/value.ts";
import type { Tree } from "./contraction-order.ts";
import { contractionOrder, parseSubscripts, sizesOf } from "./einsum.ts";
import { toArray } from "./promotion.ts";

/** A contraction: the places of the terms in the list of those that are left; the result goes to its end. */
interface Step {
  readonly places: readonly number[];
  readonly from: readonly (readonly string[])[];
  readonly to: readonly string[];
  readonly left: readonly (readonly string[])[];
}

function stepsOf(terms: readonly (readonly string[])[], out: readonly string[], tree: Tree): Step[] {
  const steps: Step[] = [];
  const left = terms.map((names, id) => ({ id, names }));
  let next = terms.length;
  const contract = (part: Tree): number => {
    if (typeof part === "number") return part;
    const ids = part.map(contract);
    const places = ids.map((id) => left.findIndex((term) => term.id === id)).sort((a, b) => a - b);
    const from = places.map((place) => left[place]!.names);
    for (const place of places.toReversed()) left.splice(place, 1);
    const needed = new Set([...out, ...left.flatMap(({ names }) => names)]);
    const to = left.length === 0 ? out : [...new Set(from.flat())].filter((name) => needed.has(name));
    left.push({ id: next, names: to });
    steps.push({ places, from, to, left: left.map(({ names }) => names) });
    return next++;
  };
  contract(tree);
  return steps;
}

/**
 * The order in which {@link einsum} contracts its operands, and a text about it: how many operations that takes, with all operands
 * at once and in this order, the largest array in between, and each step.
 *
 * Each pair of the path has the places of two arrays in the list of those that are left; their product goes to its end.
 * @throws ArgumentError on subscripts that do not fit the operands; ShapeError when sizes of one index differ.
 * @example
 * const [path, text] = np.einsumPath("ij,jk,kl->il", a, b, c); // path: [[0, 1], [0, 1]]
 * @see `jax.numpy.einsum_path`, of which the path is this one where no two orders are equally good
 */
export function einsumPath(
  subscripts: string,
  ...operands: readonly Operand[]
): [path: number[][], text: string] {
  const arrays = operands.map((x, i) => toArray(x, "np.einsumPath", i));
  const { terms, out } = parseSubscripts(subscripts, arrays);
  const sizes = sizesOf(terms, subscripts);
  const [names, tree] = contractionOrder(terms, out, sizes);
  const whole = terms.map((term) => term.names);
  const alone: Step = { places: [0], from: whole, to: out, left: [out] };
  const steps = terms.length === 1 ? [alone] : stepsOf(names, out, tree);

  const letter = lettersOf([...sizes.keys()]);
  const text = (from: Step["from"], to: readonly string[]): string =>
    `${from.map((term) => term.map(letter).join("")).join(",")}->${to.map(letter).join("")}`;
  const elements = (indices: Iterable<string>): number =>
    [...indices].reduce((product, name) => product * sizes.get(name)!, 1);
  /** Products of elements, and sums of these where an index ends. */
  const work = (from: Step["from"], to: readonly string[]): number => {
    const indices = new Set(from.flat());
    return elements(indices) * (Math.max(1, from.length - 1) + (indices.size > to.length ? 1 : 0));
  };
  const naive = work(whole, out);
  const optimised = steps.reduce((sum, { from, to }) => sum + work(from, to), 0);
  const lines = [
    ["Complete contraction", text(whole, out)],
    ["Naive FLOP count", naive.toExponential(3)],
    ["Optimised FLOP count", optimised.toExponential(3)],
    ["Theoretical speedup", (naive / optimised).toExponential(3)],
    ["Largest intermediate", `${Math.max(...steps.map(({ to }) => elements(to))).toExponential(3)} elements`],
    ...steps.map(({ places, from, to, left }) => [
      `(${places.join(", ")})`,
      `${text(from, to)}${left.length > 1 ? `, leaves ${text(left, out)}` : ""}`,
    ]),
  ];
  const width = Math.max(...lines.map(([title]) => title!.length));
  return [
    steps.map(({ places }) => [...places]),
    lines.map(([title, value]) => `${title!.padStart(width)}:  ${value}`).join("\n"),
  ];
}

/** Names as letters: those of an ellipsis get some that are not in use. */
function lettersOf(names: readonly string[]): (name: string) => string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".split("");
  const free = alphabet.filter((letter) => !names.includes(letter));
  const dots = names.filter((name) => name.startsWith("."));
  const chosen = new Map(range(dots.length).map((i) => [dots[i]!, free[i]!]));
  return (name) => chosen.get(name) ?? name;
}
