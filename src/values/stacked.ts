import { isInexact } from "../core/dtype.ts";
import type { AnyPrimitive, ParamsOf } from "../core/primitive.ts";
import { scalarOf } from "../core/scalar.ts";
import { range, sameShape, type Shape } from "../core/shape.ts";
import { ArrayValue, type Value } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { fallBack, register } from "../interpreters/quax.ts";

/**
 * Something that is not a number at each place of its leading axes: a structured matrix, a key. Its arrays, the parts,
 * have the same leading axes and then axes of their own, so what only moves leading axes moves those of each part.
 */
export abstract class Stacked extends ArrayValue {
  /** Number of axes, at the end of the shape, of what is stacked: 2 for matrices, 0 for keys. */
  abstract get elementRank(): number;
}

const leadingRank = (x: Stacked): number => x.ndim - x.elementRank;

const partsOf = (x: Stacked): [name: string, part: ArrayValue][] =>
  Object.entries(x).filter((entry): entry is [string, ArrayValue] => entry[1] instanceof ArrayValue);
/** `x` with other parts, by name. */
const withParts = <T extends Stacked>(x: T, parts: readonly (readonly [string, ArrayValue])[]): T =>
  Object.assign(Object.create(Object.getPrototypeOf(x) as object) as T, x, Object.fromEntries(parts));

/** The same kind of value with `change` applied to each part; `inner` is the number of axes that are its own. */
export const mapParts = <T extends Stacked>(
  x: T,
  change: (part: ArrayValue, inner: number, name: string) => ArrayValue,
): T =>
  withParts(
    x,
    partsOf(x).map(([name, part]) => [name, change(part, part.ndim - leadingRank(x), name)]),
  );

/** A value of the class of the first, with the parts of all merged name by name. */
const zipParts = <T extends Stacked>(
  all: readonly T[],
  merge: (parts: readonly ArrayValue[]) => ArrayValue,
): T => mapParts(all[0]!, (_part, _inner, name) => merge(all.map((x) => x[name as keyof T] as ArrayValue)));

/** Equal classes, settings and shapes of parts: what can be chosen between or joined, part by part. */
function alike(all: readonly Stacked[], same: (x: ArrayValue, y: ArrayValue) => boolean): boolean {
  const [first, ...others] = all as [Stacked, ...Stacked[]];
  return others.every(
    (other) =>
      other.constructor === first.constructor &&
      Object.entries(first).every(([name, part]: [string, unknown]) => {
        const its: unknown = other[name as keyof Stacked];
        return part instanceof ArrayValue && its instanceof ArrayValue
          ? same(part, its)
          : Object.is(part, its);
      }),
  );
}

/**
 * Has `prim` act on each part. `onPart` looks at its params, and at the shape of an element behind `lead` leading axes;
 * it returns the params for a part whose own axes have the sizes `inner`, or null where more than leading axes move.
 */
function onLeadingAxes<Prim extends AnyPrimitive>(
  prim: Prim,
  onPart: (params: ParamsOf<Prim>, lead: number, element: Shape) => ((inner: Shape) => ParamsOf<Prim>) | null,
): (operands: readonly [Stacked], params: ParamsOf<Prim>) => readonly Value[] {
  const rule = ([x]: readonly [Stacked], params: ParamsOf<Prim>) => {
    const lead = leadingRank(x);
    const paramsOf = onPart(params, lead, x.shape.slice(lead));
    if (paramsOf === null) return fallBack(prim, [x], params);
    const results = partsOf(x).map(
      ([name, part]) => [name, prim.bind([part], paramsOf(part.shape.slice(lead)))] as const,
    );
    return results[0]![1].map((_, i) =>
      withParts(
        x,
        results.map(([name, outs]) => [name, outs[i]!]),
      ),
    );
  };
  register(prim, [Stacked] as never, rule as never);
  return rule;
}

const tail = <T>(list: readonly T[], count: number): readonly T[] => list.slice(list.length - count);

onLeadingAxes(lax.broadcastInDim, ({ shape, broadcastDimensions }, lead, element) => {
  const rank = shape.length - element.length;
  const stays = element.every(
    (size, i) => shape[rank + i] === size && broadcastDimensions[lead + i] === rank + i,
  );
  return stays
    ? (inner) => ({
        shape: [...shape.slice(0, rank), ...inner],
        broadcastDimensions: [...broadcastDimensions.slice(0, lead), ...range(inner.length, rank)],
      })
    : null;
});
export const transposeLeading = onLeadingAxes(lax.transpose, ({ permutation }, lead) =>
  permutation.slice(lead).every((axis, i) => axis === lead + i)
    ? (inner) => ({ permutation: [...permutation.slice(0, lead), ...range(inner.length, lead)] })
    : null,
);
onLeadingAxes(lax.reshape, ({ newSizes, dimensions }, _lead, element) =>
  dimensions === null && sameShape(tail(newSizes, element.length), element)
    ? (inner) => ({
        newSizes: [...newSizes.slice(0, newSizes.length - element.length), ...inner],
        dimensions,
      })
    : null,
);
onLeadingAxes(lax.squeeze, (params, lead) =>
  params.dimensions.every((axis) => axis < lead) ? () => params : null,
);
onLeadingAxes(lax.slice, ({ startIndices, limitIndices, strides }, lead, element) =>
  element.every(
    (size, i) =>
      startIndices[lead + i] === 0 && limitIndices[lead + i] === size && (strides?.[lead + i] ?? 1) === 1,
  )
    ? (inner) => ({
        startIndices: [...startIndices.slice(0, lead), ...inner.map(() => 0)],
        limitIndices: [...limitIndices.slice(0, lead), ...inner],
        strides: strides && [...strides.slice(0, lead), ...inner.map(() => 1)],
      })
    : null,
);
onLeadingAxes(lax.split, (params, lead) => (params.axis < lead ? () => params : null));
onLeadingAxes(lax.unstack, (params, lead) => (params.axis < lead ? () => params : null));
onLeadingAxes(lax.rev, (params, lead) =>
  params.dimensions.every((axis) => axis < lead) ? () => params : null,
);
onLeadingAxes(lax.copy, (params) => () => params);

register(lax.stopGradient, [Stacked], ([x]) =>
  mapParts(x, (part) => (isInexact(part.dtype) ? lax.stopGradient(part) : part)),
);

register(
  lax.dynamicSlice,
  [Stacked],
  (operands, params) => {
    const [x, ...starts] = operands as readonly [Stacked, ...ArrayValue[]];
    const lead = leadingRank(x);
    const { sliceSizes } = params;
    if (!sameShape(sliceSizes.slice(lead), x.shape.slice(lead)))
      return fallBack(lax.dynamicSlice, operands, params);
    const zero = scalarOf(0, starts[0]?.dtype ?? "int32");
    return mapParts(x, (part, inner) => {
      const places = [...starts.slice(0, lead), ...range(inner).map(() => zero)];
      const sizes = [...sliceSizes.slice(0, lead), ...tail(part.shape, inner)];
      return lax.dynamicSlice.bind([part, ...places], { sliceSizes: sizes })[0]!;
    });
  },
  { rest: ArrayValue },
);

const sameSizes = (x: ArrayValue, y: ArrayValue): boolean =>
  x.dtype === y.dtype && sameShape(x.shape, y.shape);

/** Has `prim` join values of one kind part by part, where `fits` tells which parts of two fit; null: none. */
function joinsParts<Prim extends typeof lax.concatenate | typeof lax.stack>(
  prim: Prim,
  fits: (params: ParamsOf<Prim>, lead: number) => ((x: ArrayValue, y: ArrayValue) => boolean) | null,
): void {
  const rule = (operands: readonly Stacked[], params: ParamsOf<Prim>) => {
    const same = fits(params, leadingRank(operands[0]!));
    if (same === null || !alike(operands, same)) return fallBack(prim, operands, params);
    return zipParts(operands, (parts) => prim.bind([...parts], params as never)[0]!);
  };
  register(prim, [] as never, rule as never, { rest: Stacked });
}

joinsParts(lax.concatenate, ({ dimension }, lead) =>
  dimension < lead
    ? (x, y) => x.dtype === y.dtype && sameShape(x.shape.with(dimension, 0), y.shape.with(dimension, 0))
    : null,
);
joinsParts(lax.stack, ({ axis }, lead) => (axis <= lead ? sameSizes : null));

/** Chooses whole elements: by a scalar, or each by its own where elements have no axes. */
register(
  lax.selectN,
  [ArrayValue, Stacked],
  (operands, params) => {
    const [which, ...cases] = operands as readonly [ArrayValue, ...ArrayValue[]];
    lax.selectN.rules.abstract(
      operands.map((x) => (x as ArrayValue).aval),
      params,
    );
    const all = cases.filter((x) => x instanceof Stacked);
    const whole = which.ndim === 0 || all[0]!.elementRank === 0;
    if (!whole || all.length < cases.length || !alike(all, sameSizes))
      return fallBack(lax.selectN, operands, params);
    const chosen = (part: ArrayValue) =>
      which.ndim === 0 ? which : lax.broadcastInDim(which, part.shape, range(which.ndim));
    return zipParts(all, (parts) => lax.selectN.bind([chosen(parts[0]!), ...parts], {})[0]!);
  },
  { rest: ArrayValue },
);
