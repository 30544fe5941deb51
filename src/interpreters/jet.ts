import { flattenUpTo } from "../tree/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { currentTrace, describe, withNewTrace, withTrace } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import {
  argumentPath,
  checkList,
  flattenArguments,
  flattenResult,
  toFunction,
  weakFloat,
} from "./arguments.ts";
import { matchTangent } from "./jvp.ts";
import { JetTrace, scale } from "./power-series.ts";
import type { Traceable } from "./signature.ts";
import { zeroTangent } from "./zero.ts";

export interface JetOptions {
  /** Terms are derivatives: those of order n are n! times the coefficients of tⁿ. Default true. */
  readonly factorialScaled?: boolean;
}

/** n! for n = 1, 2, … */
const factorials = (order: number): number[] => {
  const list: number[] = [];
  for (let n = 1; n <= order; n++) list.push(n * (list.at(-1) ?? 1));
  return list;
};

/**
 * Taylor mode: where the arguments of `f` are functions x(t) with these values and derivatives at t = 0, the value and
 * the derivatives of f(x(t)) there.
 *
 * `series` has an entry for each argument: its tree, with a list of terms, all of one length, at each array. The
 * second result is such a tree for `f`'s. `Zero` is allowed, and is what is structurally zero.
 * @throws ArgumentError when the lists differ in length; TreeError, ShapeError, DTypeError when terms do not match
 * primals, by path.
 * @example
 * jet(np.sin, [0.5], [[1, 0, 0]]); // [sin 0.5, [cos 0.5, -sin 0.5, -cos 0.5]]
 * @see `jax.experimental.jet`
 */
export function jet<Args extends unknown[], R>(
  f: Traceable<Args, R>,
  primals: readonly [...Args],
  series: readonly unknown[],
  ...rest: Optionals<[], JetOptions>
): [out: R, series: unknown] {
  const { factorialScaled = true } = readOptions<JetOptions>("jet", ["factorialScaled"], rest);
  const { call, name } = toFunction(f, "jet");
  const flat = flattenArguments(checkList(primals, "jet", "primals"), "jet", weakFloat);
  const given = flattenUpTo(flat.treedef, checkList(series, "jet", "series"), "the tree of series");
  const places = flat.slots.flatMap((slot, i) => (slot < 0 ? [] : [i]));
  const terms = flat.arrays.map((x, slot) => {
    const place = `jet: ${argumentPath(flat.paths[slot]!)}`;
    return termsOf(given[places[slot]!], place).map((term) => matchTangent(x, term, place));
  });
  const order = terms[0]?.length ?? 0;
  terms.forEach((own, i) => {
    if (own.length !== order)
      throw new ArgumentError(
        "jet/order",
        `jet: the series must be of one length, but ${argumentPath(flat.paths[i]!)} has ${own.length} terms and ${argumentPath(flat.paths[0]!)} has ${order}`,
      );
  });
  const scales = factorialScaled ? factorials(order) : Array.from({ length: order }, () => 1);
  return withNewTrace(new JetTrace(currentTrace(), `jet of ${name}`), (trace) => {
    const boxed = withTrace(trace.parent, () =>
      flat.arrays.map((x, i) =>
        trace.series([
          x,
          ...terms[i]!.map((term, n) => (term === null ? null : scale(term, 1 / scales[n]!))),
        ]),
      ),
    );
    const out = flattenResult(call(...(flat.rebuild(boxed) as unknown[])), `jet of ${name}`);
    return withTrace(trace.parent, () => {
      const [values, lists] = [[] as ArrayValue[], [] as unknown[]];
      for (const x of out.arrays) {
        const [value, ...own] = trace.terms(x, order);
        values.push(value!);
        lists.push(own.map((term, n) => (term === null ? zeroTangent(x.aval) : scale(term, scales[n]!))));
      }
      return [out.rebuild(values) as R, out.rebuild(lists)];
    });
  });
}

function termsOf(list: unknown, place: string): readonly unknown[] {
  if (Array.isArray(list)) return list;
  throw new ArgumentError(
    "jet/series",
    `${place}: the terms are a list, of first, second, … order, got ${describe(list)}`,
  );
}
