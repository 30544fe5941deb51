import { type DType, toDType } from "../core/dtype.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import type { DotOptions } from "../core/method-types.ts";
import { isPlainObject, readOptions } from "../core/options.ts";
import { range, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { contractionTree, type Tree } from "./contraction-order.ts";
import { cast, promoteDTypes, resultTypeOf, toArray } from "./promotion.ts";

/** An array with a name for each axis: a letter, or `.0`, `.1` … for those of an ellipsis, counted from the end. */
export interface Term {
  readonly x: ArrayValue;
  readonly names: readonly string[];
}

const refuse = (subscripts: string, problem: string): ArgumentError =>
  new ArgumentError("numpy/einsum", `np.einsum("${subscripts}"): ${problem}`);

/** Names of the axes that `text` stands for on an array of `rank`; null: as many as there are letters. */
function namesOf(text: string, rank: number | null, subscripts: string, ellipsisRank = 0): string[] {
  const match = /^([a-zA-Z]*)(\.\.\.)?([a-zA-Z]*)$/.exec(text);
  if (match === null) throw refuse(subscripts, `"${text}" must consist of letters and at most one "..."`);
  const [before, after] = [match[1]!.split(""), match[3]!.split("")];
  const letters = before.length + after.length;
  const dots = match[2] === undefined ? 0 : rank === null ? ellipsisRank : rank - letters;
  if (dots < 0 || (rank !== null && letters + dots !== rank))
    throw refuse(subscripts, `"${text}" names ${letters} axes of an array of ${rank}`);
  return [...before, ...range(dots).map((i) => `.${dots - 1 - i}`), ...after];
}

interface Parsed {
  readonly terms: readonly Term[];
  readonly out: readonly string[];
}

export function parseSubscripts(subscripts: string, operands: readonly ArrayValue[]): Parsed {
  const [inputs, output, ...more] = subscripts.replaceAll(/\s/g, "").split("->");
  if (more.length > 0) throw refuse(subscripts, 'there can be only one "->"');
  const texts = inputs!.split(",");
  if (texts.length !== operands.length)
    throw refuse(subscripts, `there are ${texts.length} terms for ${operands.length} operands`);
  const terms = texts.map((text, i): Term => ({
    x: operands[i]!,
    names: namesOf(text, operands[i]!.ndim, subscripts),
  }));
  const all = terms.flatMap(({ names }) => names);
  const dots = Math.max(
    0,
    ...all.filter((name) => name.startsWith(".")).map((name) => Number(name.slice(1)) + 1),
  );
  if (output === undefined) {
    const once = [...new Set(all)].filter(
      (name) => !name.startsWith(".") && all.indexOf(name) === all.lastIndexOf(name),
    );
    return { terms, out: [...range(dots).map((i) => `.${dots - 1 - i}`), ...once.sort()] };
  }
  const out = namesOf(output, null, subscripts, dots);
  for (const name of out) {
    if (!all.includes(name)) throw refuse(subscripts, `the output has index "${name}", which is in no input`);
    if (out.indexOf(name) !== out.lastIndexOf(name))
      throw refuse(subscripts, `the output has index "${name}" twice`);
  }
  return { terms, out };
}

/** The size of each name. @throws ShapeError when sizes of one name are neither equal nor 1. */
export function sizesOf(terms: readonly Term[], subscripts: string): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { x, names } of terms) {
    names.forEach((name, axis) => {
      const [known, size] = [sizes.get(name) ?? 1, x.shape[axis]!];
      if (known !== 1 && size !== 1 && known !== size) {
        throw new ShapeError(
          "numpy/einsum",
          `np.einsum("${subscripts}"): index "${name}" has sizes ${known} and ${size} in shapes ${terms.map((term) => showShape(term.x.shape)).join(", ")}`,
        );
      }
      if (known === 1) sizes.set(name, size);
    });
  }
  return sizes;
}

const summed = (x: ArrayValue, axes: readonly number[]): ArrayValue => {
  if (axes.length === 0) return x;
  return (x.dtype === "bool" ? lax.reduceOr.bind([x], { axes }) : lax.reduceSum.bind([x], { axes }))[0]!;
};

/** Without axes that only broadcast, with each name once (a diagonal), and without names that no one else asks for. */
function simplified({ x, names }: Term, sizes: ReadonlyMap<string, number>, kept: ReadonlySet<string>): Term {
  const unit = range(names.length).filter(
    (axis) => x.shape[axis] === 1 && (sizes.get(names[axis]!) !== 1 || !kept.has(names[axis]!)),
  );
  let array = lax.squeeze(x, unit);
  let left = names.filter((_, axis) => !unit.includes(axis));
  for (const name of new Set(left)) {
    const axes = range(left.length).filter((axis) => left[axis] === name);
    if (axes.length > 1) {
      const drop = kept.has(name) ? axes.slice(1) : axes;
      array = summed(onDiagonal(array, axes), drop);
      left = left.filter((_, axis) => !drop.includes(axis));
    }
  }
  const alone = range(left.length).filter((axis) => !kept.has(left[axis]!));
  return { x: summed(array, alone), names: left.filter((_, axis) => !alone.includes(axis)) };
}

type Sizes = ReadonlyMap<string, number>;
/** What a term is called once it is {@link simplified}. */
const namesLeft = ({ x, names }: Term, sizes: Sizes, kept: ReadonlySet<string>): string[] => {
  const wide = names.filter((name, axis) => x.shape[axis] !== 1 || sizes.get(name) === 1);
  return [...new Set(wide)].filter((name) => kept.has(name));
};
/** The names that the output has, or a term that is not among those at `inside`. */
const keptBeside = (
  terms: readonly Term[],
  out: readonly string[],
  inside: ReadonlySet<number>,
): ReadonlySet<string> => new Set([...out, ...terms.flatMap(({ names }, i) => (inside.has(i) ? [] : names))]);

/** The names of the simplified terms, and the order in which they are contracted. */
export function contractionOrder(
  terms: readonly Term[],
  out: readonly string[],
  sizes: Sizes,
): [names: readonly string[][], tree: Tree] {
  const names = terms.map((term, i) => namesLeft(term, sizes, keptBeside(terms, out, new Set([i]))));
  return [names, contractionTree(names, out, sizes)];
}

/** `x` with zeros where its places on `axes` differ. */
function onDiagonal(x: ArrayValue, axes: readonly number[]): ArrayValue {
  const places = axes.map((axis) => lax.broadcastedIota("int32", x.shape, axis));
  const equal = places.slice(1).map((place) => lax.eq(places[0]!, place));
  const mask = equal.reduce((a, b) => lax.and(a, b));
  return lax.select(mask, x, lax.fullLike(x, x.dtype === "bool" ? false : 0));
}

/** The product of two terms, summed over names that are not kept. */
function contracted(
  lhs: Term,
  rhs: Term,
  kept: ReadonlySet<string>,
  out: readonly string[] | null,
  dot: Dot,
): Term {
  const shared = lhs.names.filter((name) => rhs.names.includes(name));
  const over = shared.filter((name) => !kept.has(name));
  const batch = out ? out.filter((name) => shared.includes(name)) : shared.filter((name) => kept.has(name));
  const rest = ({ names }: Term) => names.filter((name) => !shared.includes(name));
  const product = (a: Term, b: Term): Term => {
    const axes = (names: readonly string[]) =>
      [a, b].map((term) => names.map((name) => term.names.indexOf(name))) as [number[], number[]];
    return { x: dot(a.x, b.x, [axes(over), axes(batch)]), names: [...batch, ...rest(a), ...rest(b)] };
  };
  // Exchanged where that saves the transpose.
  const exchanged = [...batch, ...rest(rhs), ...rest(lhs)];
  return out !== null && sameNames(exchanged, out) ? product(rhs, lhs) : product(lhs, rhs);
}
const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, i) => name === b[i]);

type Dot = (
  a: ArrayValue,
  b: ArrayValue,
  numbers: [[number[], number[]], [number[], number[]]],
) => ArrayValue;

/**
 * Einstein summation: products of elements, summed over the indices that the output lacks.
 *
 * `"ij,jk->ik"` is the product of matrices, `"ii->"` the trace, `"ij->ji"` the transpose; `...` stands for axes that
 * broadcast. Without `->`, the output has the indices that appear once, in alphabetic order. Operands are contracted two
 * at a time, in the order of least work.
 *
 * Dtype: the promoted one, or `preferredElementType`.
 * @throws ArgumentError on subscripts that do not fit the operands; ShapeError when sizes of one index differ.
 * @see `jax.numpy.einsum`
 */
export function einsum(
  subscripts: string,
  ...operands: readonly [...Operand[]] | readonly [...Operand[], DotOptions]
): ArrayValue {
  const caller = "np.einsum";
  if (typeof subscripts !== "string")
    throw new ArgumentError(
      "numpy/einsum",
      `${caller}: the subscripts must be a string, got ${describe(subscripts)}`,
    );
  const last = operands.at(-1);
  const named = isPlainObject(last) ? [last] : [];
  const options = readOptions<DotOptions>(caller, ["precision", "preferredElementType"], named);
  const given = operands.slice(0, operands.length - named.length) as readonly Operand[];
  const arrays = given.map((x, i) => toArray(x, caller, i));
  const { terms, out } = parseSubscripts(subscripts, arrays);
  const type = resultTypeOf(caller, arrays);
  const dtype = options.preferredElementType ? toDType(options.preferredElementType, caller) : type.dtype;
  const x = contractAll(terms, out, sizesOf(terms, subscripts), dtype, options.precision ?? null);
  return cast(x, dtype, !options.preferredElementType && type.weak, caller);
}

function contractAll(
  terms: readonly Term[],
  out: readonly string[],
  sizes: ReadonlyMap<string, number>,
  dtype: DType,
  precision: NonNullable<DotOptions["precision"]> | null,
): ArrayValue {
  const dot: Dot = (a, b, numbers) =>
    lax.dotGeneral(a, b, numbers, { precision, preferredElementType: dtype });
  const simple = terms.map((term, i) => {
    const kept = keptBeside(terms, out, new Set([i]));
    const wide = term.x.dtype === dtype ? term : { ...term, x: widened(term, kept, dtype) };
    return simplified(wide, sizes, kept);
  });
  const build = (tree: Tree): Term => {
    if (typeof tree === "number") return simple[tree]!;
    const inside = new Set(leavesOf(tree));
    const whole = inside.size === terms.length;
    return contracted(
      build(tree[0]),
      build(tree[1]),
      keptBeside(terms, out, inside),
      whole ? out : null,
      dot,
    );
  };
  const { x, names } = build(contractionOrder(terms, out, sizes)[1]);
  return lax.transpose(x, out.map((name) => names.indexOf(name))); // prettier-ignore
}

/** Converted before it is summed by itself. */
const widened = ({ x, names }: Term, kept: ReadonlySet<string>, dtype: DType): ArrayValue => {
  const summedAlone = names.some((name, i) => !kept.has(name) || names.indexOf(name) !== i);
  return summedAlone && promoteDTypes("np.einsum", x, lax.full([], 0, dtype))[0].dtype === dtype
    ? cast(x, dtype, false, "np.einsum")
    : x;
};

const leavesOf = (tree: Tree): number[] => (typeof tree === "number" ? [tree] : tree.flatMap(leavesOf));
