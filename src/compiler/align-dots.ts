import { checkProgram } from "../core/check.ts";
import { type Atom, ClosedJaxpr, type Eqn, type Jaxpr, Var } from "../core/jaxpr.ts";
import type { ParamsOf } from "../core/primitive.ts";
import { range, sizeOf } from "../core/shape.ts";
import { hashAll, hashStructure, sameStructure, StructureMap } from "../core/structure.ts";
import { inversePermutation } from "../lax/dimensions.ts";
import { type AxisPairs, keptAxes } from "../lax/dot-dimensions.ts";
import * as lax from "../lax/index.ts";

type DotParams = ParamsOf<typeof lax.dotGeneral>;
const paramsOf = ({ params }: Eqn): DotParams => params as DotParams;

interface Place {
  readonly eqn: Eqn;
  readonly side: 0 | 1;
}

/** The products that read each operand and contract the same axes of it, where some have it on the left and some on the right. */
function mixedGroups({ eqns }: Jaxpr): Place[][] {
  const known = new StructureMap<readonly unknown[], Place[]>(sameStructure);
  const groups: Place[][] = [];
  for (const eqn of eqns) {
    if (eqn.primitive !== lax.dotGeneral) continue;
    for (const side of [0, 1] as const) {
      const { dimensionNumbers, precision, preferredElementType } = paramsOf(eqn);
      const key = [
        eqn.inputs[side],
        dimensionNumbers.map((axes) => axes[side]),
        eqn.inputs[1 - side]!.aval.dtype,
        precision && [precision[side], precision[1 - side]],
        preferredElementType,
      ];
      const hash = hashAll(key.map(hashStructure));
      const group = known.get(hash, key);
      if (group) group.push({ eqn, side });
      else {
        const first = [{ eqn, side }];
        known.set(hash, key, first);
        groups.push(first);
      }
    }
  }
  const operandSize = ([first]: Place[]): number => sizeOf(first!.eqn.inputs[first!.side]!.aval.shape);
  return groups
    .filter((group) => group.some(({ side }) => side !== group[0]!.side))
    .sort((a, b) => operandSize(b) - operandSize(a));
}

const swapped = ([lhs, rhs]: AxisPairs): AxisPairs => [rhs, lhs];

/** The product with its operands exchanged. */
function turned(eqn: Eqn): Eqn {
  const { dimensionNumbers, precision, preferredElementType } = paramsOf(eqn);
  const [contract, batch] = dimensionNumbers;
  const params: DotParams = {
    dimensionNumbers: [swapped(contract), swapped(batch)],
    precision: precision && [precision[1], precision[0]],
    preferredElementType,
  };
  const inputs = eqn.inputs.toReversed();
  const avals = inputs.map((x) => x.aval);
  return { ...eqn, inputs, outputs: [new Var(lax.dotGeneral.rules.abstract(avals, params)[0]!)], params };
}

/** Where the axes of a product are once its operands are exchanged. */
function placesOf({ inputs: [lhs, rhs], params }: Eqn): readonly number[] {
  const [contract, batch] = (params as DotParams).dimensionNumbers;
  const [left, right] = [lhs!, rhs!].map(
    ({ aval }, side) => keptAxes(aval.shape.length, contract[side as 0 | 1], batch[side as 0 | 1]).length,
  ) as [number, number];
  const shared = batch[0].length;
  return inversePermutation([...range(shared), ...range(right, shared + left), ...range(left, shared)]);
}

/**
 * The program with products that have an operand in common having it on the same side, that of the product with the
 * largest other operand: so that `dotGroups` finds them. Exact: products of two numbers commute.
 *
 * Only a product that other products read is turned, each of which keeps at most one axis of it: these then read its axes at
 * other places. Returns `closed` itself when none is turned. Linear in equations.
 */
export function alignDots(closed: ClosedJaxpr): ClosedJaxpr {
  checkProgram(closed, "alignDots");
  const { jaxpr, consts } = closed;
  const groups = mixedGroups(jaxpr);
  if (groups.length === 0) return closed;
  const fixed = new Set<Atom>(jaxpr.outvars);
  for (const { primitive, inputs, params } of jaxpr.eqns)
    inputs.forEach((x, side) => {
      const [contract, batch] = primitive === lax.dotGeneral ? (params as DotParams).dimensionNumbers : [];
      const free =
        contract && keptAxes(x.aval.shape.length, contract[side as 0 | 1], batch![side as 0 | 1]).length < 2;
      if (!free) fixed.add(x);
    });
  const turning = new Set<Eqn>();
  for (const group of groups) {
    const work = ({ eqn, side }: Place): number => sizeOf(eqn.inputs[1 - side]!.aval.shape);
    const { side } = group.reduce((a, b) => (work(b) > work(a) ? b : a));
    for (const place of group) {
      const [out] = place.eqn.outputs;
      if (place.side !== side && !fixed.has(out!)) turning.add(place.eqn);
      // Once, whatever other operand it has in common with others.
      fixed.add(out!);
    }
  }
  return turning.size === 0
    ? closed
    : new ClosedJaxpr({ ...jaxpr, eqns: withTurned(jaxpr, turning) }, consts);
}

/** The equations, some products being turned, and others reading them as they are then. */
function withTurned({ eqns }: Jaxpr, turning: ReadonlySet<Eqn>): Eqn[] {
  const results = new Map<Atom, { readonly out: Var; readonly places: readonly number[] }>();
  return eqns.map((original) => {
    const eqn = original.inputs.some((x) => results.has(x)) ? rereading(original, results) : original;
    if (!turning.has(original)) return eqn;
    const other = turned(eqn);
    results.set(original.outputs[0]!, { out: other.outputs[0]!, places: placesOf(original) });
    return other;
  });
}

function rereading(
  eqn: Eqn,
  results: ReadonlyMap<Atom, { readonly out: Var; readonly places: readonly number[] }>,
): Eqn {
  const { dimensionNumbers, ...rest } = paramsOf(eqn);
  const found = eqn.inputs.map((x) => results.get(x));
  const moved = (axes: AxisPairs): AxisPairs => {
    const [lhs, rhs] = axes.map((own, side) => own.map((axis) => found[side]?.places[axis] ?? axis));
    return [lhs!, rhs!];
  };
  return {
    ...eqn,
    inputs: eqn.inputs.map((x, side) => found[side]?.out ?? x),
    params: { ...rest, dimensionNumbers: [moved(dimensionNumbers[0]), moved(dimensionNumbers[1])] },
  };
}
