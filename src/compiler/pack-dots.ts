import { checkProgram } from "../core/check.ts";
import { dtypeInfo } from "../core/dtype.ts";
import { type Atom, ClosedJaxpr, type Eqn, Var } from "../core/jaxpr.ts";
import type { AnyPrimitive, ParamsOf } from "../core/primitive.ts";
import { sizeOf } from "../core/shape.ts";
import { hashAll, hashStructure, sameStructure, StructureMap } from "../core/structure.ts";
import type { Aval } from "../core/value.ts";
import { keptAxes } from "../lax/dot-dimensions.ts";
import * as lax from "../lax/index.ts";

type DotParams = ParamsOf<typeof lax.dotGeneral>;
const paramsOf = ({ params }: Eqn): DotParams => params as DotParams;

/** Products that have an operand in common, at place `side`, and contract the same axes of it. None needs another one. */
export interface DotGroup {
  readonly side: 0 | 1;
  /** In the order of the program; at least two. All other operands are there before the first. */
  readonly eqns: readonly Eqn[];
}

/** What the products of a group have in common: the operand, its axes, and dtypes and precision. */
const keyOf = (eqn: Eqn, side: 0 | 1): readonly unknown[] => {
  const { dimensionNumbers, ...rest } = paramsOf(eqn);
  return [
    side,
    eqn.inputs[side],
    dimensionNumbers.map((axes) => axes[side]),
    rest,
    eqn.inputs[1 - side]!.aval.dtype,
  ];
};

/**
 * The groups of `dot_general`s of a program that have an operand in common: a backend that rearranges operands for its
 * kernel does so once for a group. A product that could be of two is of the one whose operand is larger.
 */
export function dotGroups({ jaxpr }: ClosedJaxpr): DotGroup[] {
  const defined = new Map<Atom, number>();
  const open = new StructureMap<readonly unknown[], { side: 0 | 1; at: number; eqns: Eqn[] }>(sameStructure);
  const found: { side: 0 | 1; at: number; eqns: Eqn[] }[] = [];
  jaxpr.eqns.forEach((eqn, at) => {
    for (const v of eqn.outputs) defined.set(v, at);
    if (eqn.primitive !== lax.dotGeneral) return;
    for (const side of [0, 1] as const) {
      const key = keyOf(eqn, side);
      const hash = hashAll(key.map(hashStructure));
      const group = open.get(hash, key);
      if (group && (defined.get(eqn.inputs[1 - side]!) ?? -1) < group.at) group.eqns.push(eqn);
      else if (group === undefined) {
        const first = { side, at, eqns: [eqn] };
        open.set(hash, key, first);
        found.push(first);
      }
    }
  });
  const taken = new Set<Eqn>();
  const shared = ({ side, eqns }: DotGroup): number => sizeOf(eqns[0]!.inputs[side]!.aval.shape);
  return found
    .filter(({ eqns }) => eqns.length > 1)
    .sort((a, b) => shared(b) - shared(a))
    .flatMap(({ side, eqns }) => {
      const left = eqns.filter((eqn) => !taken.has(eqn));
      if (left.length < 2) return [];
      for (const eqn of left) taken.add(eqn);
      return [{ side, eqns: left }];
    });
}

const bytes = (avals: readonly Aval[]): number =>
  avals.reduce((sum, { shape, dtype }) => sum + (sizeOf(shape) * dtypeInfo[dtype].bits) / 8, 0);

/** Whether the other operands can stand side by side, their one kept axis being the same, and it pays: see `packDots`. */
function pays({ side, eqns }: DotGroup): boolean {
  const others = eqns.map(({ inputs }) => inputs[1 - side]!.aval);
  const results = eqns.map(({ outputs }) => outputs[0]!.aval);
  const axes = eqns.map((eqn) => paramsOf(eqn).dimensionNumbers.map((pair) => pair[1 - side]!));
  const [[contract, batch]] = axes as [[readonly number[], readonly number[]]];
  const alike = axes.every((own) => sameStructure(own, axes[0])) && !others.some(({ weak }) => weak);
  const simple = keptAxes(others[0]!.shape.length, contract, batch).length === 1;
  const saved = (eqns.length - 1) * bytes([eqns[0]!.inputs[side]!.aval]);
  return alike && simple && 2 * bytes(others) + 2 * bytes(results) < saved;
}

/** One product in place of a group's, and slices of it. */
function packed({ side, eqns }: DotGroup): Eqn[] {
  const [first] = eqns as [Eqn];
  const params = paramsOf(first);
  const [contract, batch] = params.dimensionNumbers;
  const others = eqns.map(({ inputs }) => inputs[1 - side]!);
  const [dimension] = keptAxes(others[0]!.aval.shape.length, contract[1 - side]!, batch[1 - side]!) as [
    number,
  ];
  const written: Eqn[] = [];
  const bind = (primitive: AnyPrimitive, inputs: readonly Atom[], own: object, out?: Var): Var => {
    const avals = inputs.map((x) => x.aval);
    const v = out ?? new Var(primitive.rules.abstract(avals, own)[0]!);
    written.push({ ...first, primitive, inputs, outputs: [v], params: own });
    return v;
  };
  const joined = bind(lax.concatenate, others, { dimension });
  const product = bind(
    lax.dotGeneral,
    side === 0 ? [first.inputs[0]!, joined] : [joined, first.inputs[1]!],
    params,
  );
  const { shape } = product.aval;
  const axis = side === 0 ? shape.length - 1 : batch[0].length;
  let start = 0;
  eqns.forEach(({ outputs: [out] }, i) => {
    const end = start + others[i]!.aval.shape[dimension]!;
    const startIndices = shape.map((_, j) => (j === axis ? start : 0));
    bind(lax.slice, [product], { startIndices, limitIndices: shape.with(axis, end), strides: null }, out);
    start = end;
  });
  return written;
}

/**
 * The program with products that have an operand in common computed as one, on the concatenation of their other operands,
 * of which they are slices: LoRA's adapters of one input.
 *
 * Where it pays, in bytes moved: g products read the shared operand of S bytes g times; packed, once, but the other
 * operands (O bytes together) are written and read once more, and so are the results (R bytes): when 2·O + 2·R < (g - 1)·S. So it is
 * done for low-rank factors beside a large operand, and not for a matrix of weights: `x · w` and `x · b` stay two
 * products, which `dotGroups` names to a backend. The other operands contract the same axes and keep one.
 *
 * Each element is the same sum as before; bit for bit on a backend where it does not depend on its place. Returns
 * `closed` itself when nothing is packed. Linear in equations.
 */
export function packDots(closed: ClosedJaxpr): ClosedJaxpr {
  checkProgram(closed, "packDots");
  const groups = dotGroups(closed).filter(pays);
  if (groups.length === 0) return closed;
  const first = new Map(groups.map((group) => [group.eqns[0]!, group]));
  const gone = new Set(groups.flatMap(({ eqns }) => eqns));
  const eqns = closed.jaxpr.eqns.flatMap((eqn) => {
    const group = first.get(eqn);
    return group ? packed(group) : gone.has(eqn) ? [] : [eqn];
  });
  return new ClosedJaxpr({ ...closed.jaxpr, eqns }, closed.consts);
}
