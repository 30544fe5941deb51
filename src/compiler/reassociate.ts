import { checkProgram } from "../core/check.ts";
import { type DType, isComplex, isFloat, isInteger } from "../core/dtype.ts";
import { type Atom, ClosedJaxpr, type Eqn, type Jaxpr, Var } from "../core/jaxpr.ts";
import type { AnyPrimitive, ParamsOf } from "../core/primitive.ts";
import { sameShape, sizeOf } from "../core/shape.ts";
import { sameStructure } from "../core/structure.ts";
import { sameAval } from "../core/value.ts";
import { dce } from "../interpreters/dce.ts";
import { keptAxes } from "../lax/dot-dimensions.ts";
import * as lax from "../lax/index.ts";
import { chainOrder, type Label, multiplications, openLabels, type Order } from "./chain-order.ts";
import { usesOf } from "./rewrite.ts";

/** A chain of as many factors is no part of a longer one: the order takes cubic time. */
const LONGEST = 16;

type DotParams = ParamsOf<typeof lax.dotGeneral>;

interface Factor {
  readonly atom: Atom;
  readonly labels: readonly Label[];
}

/** What a variable is: the product of factors that stand in a row, neighbours having axes in common. */
interface Product {
  readonly factors: readonly Factor[];
  /** Of the axes of the result. */
  readonly labels: readonly Label[];
  /** Changes of sign, and multiplications and divisions by a scalar, on the way. */
  readonly scalings: readonly { readonly primitive: AnyPrimitive; readonly scalars: readonly Atom[] }[];
  /** Of every product in it. */
  readonly params: Omit<DotParams, "dimensionNumbers">;
  /** Multiplications, as the program has them. */
  readonly cost: number;
}

/**
 * Dtypes whose intermediates may be exchanged for others. The sums of 16-bit floats are rounded once, at the end, and
 * another order might leave their range.
 */
const isFree = (dtype: DType): boolean =>
  isInteger(dtype) || isComplex(dtype) || dtype === "float32" || dtype === "float64";

/** Whether factors of `dtype` have products of dtype `out`, in whatever order. */
const makes = (dtype: DType, out: DType, preferred: DType | null): boolean =>
  dtype === out ||
  (preferred === out && ((isFloat(dtype) && isFloat(out)) || (isInteger(dtype) && isInteger(out))));

/** The products of a program that are no factors of longer ones. */
function productsOf(jaxpr: Jaxpr): { products: ReadonlyMap<Atom, Product>; sizes: readonly number[] } {
  const uses = usesOf(jaxpr);
  const sizes: number[] = [];
  const products = new Map<Atom, Product>();
  /** The product that `x` is, if only one equation reads it. */
  const readOnce = (x: Atom) => (uses.get(x) === 1 ? products.get(x) : undefined);

  const scaled = ({ primitive }: Eqn, x: Atom, ...scalars: readonly Atom[]): Product | null => {
    const product = readOnce(x);
    const fits = scalars.every(({ aval }) => aval.shape.length === 0 && aval.dtype === x.aval.dtype);
    if (product === undefined || !fits) return null;
    products.delete(x);
    return { ...product, scalings: [...product.scalings, { primitive, scalars }] };
  };

  const transposed = ({ inputs, params }: Eqn): Product | null => {
    const [x] = inputs;
    const product = readOnce(x!);
    if (product === undefined) return null;
    products.delete(x!);
    const { permutation } = params as ParamsOf<typeof lax.transpose>;
    return { ...product, labels: permutation.map((axis) => product.labels[axis]!) };
  };

  /** An operand as the product that it is, the factor with the contracted axes being the first or last; or as a factor. */
  const operand = (
    x: Atom,
    axes: readonly number[],
    end: "first" | "last",
    dtype: DType,
    params: Product["params"],
  ) => {
    const product = readOnce(x);
    if (
      product &&
      product.factors.length < LONGEST &&
      x.aval.dtype === dtype &&
      sameStructure(product.params, params)
    ) {
      const turned = withJoint(
        product,
        axes.map((axis) => product.labels[axis]!),
        end,
      );
      if (turned) return turned;
    }
    const labels = x.aval.shape.map((size) => sizes.push(size) - 1);
    return { factors: [{ atom: x, labels }], labels, scalings: [], params, cost: 0 };
  };

  const dot = ({ inputs: [x, y], outputs, params }: Eqn): Product | null => {
    const { dimensionNumbers, ...rest } = params as DotParams;
    const { precision, preferredElementType } = rest;
    const [contract, batch] = dimensionNumbers;
    const { dtype } = outputs[0]!.aval;
    const eligible = isFree(dtype) && contract[0].length > 0 && (!precision || precision[0] === precision[1]);
    if (!eligible || ![x!, y!].every(({ aval }) => makes(aval.dtype, dtype, preferredElementType)))
      return null;
    const left = operand(x!, contract[0], "last", dtype, rest);
    const right = operand(y!, contract[1], "first", dtype, rest);
    for (const [atom, { factors }] of [
      [x!, left],
      [y!, right],
    ] as const)
      if (factors.length > 1) products.delete(atom);
    // Paired axes get one label.
    const same = new Map<Label, Label>();
    for (const [first, second] of [contract, batch])
      first.forEach((axis, i) => same.set(right.labels[second[i]!]!, left.labels[axis]!));
    const renamed = (labels: readonly Label[]) => labels.map((label) => same.get(label) ?? label);
    const others = renamed(right.labels);
    const kept = (labels: readonly Label[], side: 0 | 1) =>
      keptAxes(labels.length, contract[side], batch[side]).map((axis) => labels[axis]!);
    return {
      factors: [
        ...left.factors,
        ...right.factors.map(({ atom, labels }) => ({ atom, labels: renamed(labels) })),
      ],
      labels: [...batch[0].map((axis) => left.labels[axis]!), ...kept(left.labels, 0), ...kept(others, 1)],
      scalings: [...left.scalings, ...right.scalings],
      params: rest,
      cost: left.cost + right.cost + multiplications(left.labels, others, sizes),
    };
  };

  const productOf = (eqn: Eqn): Product | null => {
    const { primitive, inputs } = eqn;
    const [x, y] = inputs;
    if (primitive === lax.dotGeneral) return dot(eqn);
    if (primitive === lax.transpose) return transposed(eqn);
    if (primitive === lax.neg) return scaled(eqn, x!);
    if (primitive === lax.mul) return scaled(eqn, x!, y!) ?? scaled(eqn, y!, x!);
    // Quotients of integers are rounded.
    return primitive === lax.div && !isInteger(x!.aval.dtype) ? scaled(eqn, x!, y!) : null;
  };

  for (const eqn of jaxpr.eqns) {
    const product = productOf(eqn);
    if (product !== null) products.set(eqn.outputs[0]!, product);
  }
  return { products, sizes };
}

/** The product with the one factor that has these labels at an end; null if it is further in, or there are several. */
function withJoint(product: Product, joint: readonly Label[], end: "first" | "last"): Product | null {
  const holders = product.factors.filter(({ labels }) => joint.some((label) => labels.includes(label)));
  const [holder] = holders;
  if (holders.length > 1 || holder === undefined) return null;
  const { factors } = product;
  if (factors.at(end === "first" ? 0 : -1) === holder) return product;
  return factors.at(end === "first" ? -1 : 0) === holder
    ? { ...product, factors: factors.toReversed() }
    : null;
}

const ends = (order: Order): readonly [first: number, last: number] =>
  typeof order === "number" ? [order, order] : [ends(order[0])[0], ends(order[1])[1]];

/** The equations of a product, multiplied in `order`; the last defines what `eqn` does. Null if it would be of another type. */
function written(product: Product, order: Order, eqn: Eqn, sizes: readonly number[]): Eqn[] | null {
  const eqns: Eqn[] = [];
  const bind = (primitive: AnyPrimitive, inputs: readonly Atom[], params: object): Var => {
    const avals = inputs.map((x) => x.aval);
    const out = new Var(primitive.rules.abstract(avals, params)[0]!);
    eqns.push({ ...eqn, primitive, inputs, outputs: [out], params });
    return out;
  };
  const factors = product.factors.map(({ labels }) => labels);
  const open = (part: Order) => openLabels(factors, product.labels, ...ends(part));
  const sizeOfPart = (part: Order) => sizeOf(open(part).map((label) => sizes[label]!));
  const parts = (part: Order): Order[] =>
    typeof part === "number" ? [] : [...parts(part[0]), ...parts(part[1]), part];
  const smallest = parts(order).reduce((a, b) => (sizeOfPart(b) < sizeOfPart(a) ? b : a));

  const multiplied = (part: Order): Factor => {
    if (typeof part === "number") return product.factors[part]!;
    const [x, y] = [multiplied(part[0]), multiplied(part[1])];
    const left = open(part);
    // As the result has them, if this is the result.
    const batch = [...product.labels, ...left].filter(
      (label, i, all) => all.indexOf(label) === i && x.labels.includes(label) && y.labels.includes(label),
    );
    const first = product.labels.find((label) => !batch.includes(label));
    const [lhs, rhs] = first !== undefined && y.labels.includes(first) ? [y, x] : [x, y];
    const contracted = lhs.labels.filter((label) => rhs.labels.includes(label) && !batch.includes(label));
    const axes = (labels: readonly Label[], of: Factor) => labels.map((label) => of.labels.indexOf(label));
    const kept = (of: Factor) =>
      of.labels.filter((label) => !batch.includes(label) && !contracted.includes(label));
    const dimensionNumbers = [contracted, batch].map((labels) => [axes(labels, lhs), axes(labels, rhs)]);
    let atom = bind(lax.dotGeneral, [lhs.atom, rhs.atom], { dimensionNumbers, ...product.params });
    if (part === smallest)
      for (const { primitive, scalars } of product.scalings) atom = bind(primitive, [atom, ...scalars], {});
    return { atom, labels: [...batch, ...kept(lhs), ...kept(rhs)] };
  };
  const { atom, labels } = multiplied(order);
  if (!sameShape(labels, product.labels))
    bind(lax.transpose, [atom], { permutation: product.labels.map((label) => labels.indexOf(label)) });
  const last = eqns.pop()!;
  const fits = sameAval(last.outputs[0]!.aval, eqn.outputs[0]!.aval);
  return fits ? [...eqns, { ...last, outputs: eqn.outputs }] : null;
}

/**
 * The program with chains of matrix products in the order that takes the fewest multiplications, by the actual sizes: so
 * `(x · a) · b` is computed where `x · (a · b)` is written.
 *
 * A chain is a tree of `dot_general`s, each read by the next one only, whose factors stand in a row: the contracted axes
 * of a product are those of its first or its last factor. Batch axes, transposes, changes of sign, and multiplications
 * and divisions by a scalar may be between; the scalars then multiply the smallest intermediate.
 *
 * Not bit for bit: sums of floats are taken in another order. Integers are exact, modulo 2ⁿ. Products of unlike precision
 * or `preferredElementType` are no chain, nor are those whose intermediates are 16-bit floats. Returns `closed` itself
 * when nothing gets cheaper. Linear in equations.
 *
 * @see Cormen, Leiserson, Rivest & Stein, Introduction to Algorithms, "Matrix-chain multiplication"
 */
export function reassociate(closed: ClosedJaxpr): ClosedJaxpr {
  checkProgram(closed, "reassociate");
  const { jaxpr, consts } = closed;
  const { products, sizes } = productsOf(jaxpr);
  let changed = false;
  const eqns = jaxpr.eqns.flatMap((eqn): readonly Eqn[] => {
    const product = products.get(eqn.outputs[0]!);
    if (product === undefined || product.factors.length < 3) return [eqn];
    const factors = product.factors.map(({ labels }) => labels);
    const { order, cost } = chainOrder(factors, product.labels, sizes);
    const better = cost < product.cost ? written(product, order, eqn, sizes) : null;
    changed ||= better !== null;
    return better ?? [eqn];
  });
  return changed ? dce(new ClosedJaxpr({ ...jaxpr, eqns }, consts)) : closed;
}
