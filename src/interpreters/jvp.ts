import { flattenUpTo } from "../tree/index.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import { scalarOf } from "../core/scalar.ts";
import { sameShape, showShape } from "../core/shape.ts";
import { bind, currentTrace, describe, Trace, Tracer, withNewTrace, withTrace } from "../core/trace.ts";
import { type ArrayValue, type Aval, Dense, type NDArray } from "../core/value.ts";
import {
  argumentPath,
  arrayLeaf,
  checkList,
  type Flat,
  flattenArguments,
  flattenResult,
  isNode,
  splitAux,
  toFunction,
  weakFloat,
} from "./arguments.ts";
import type { AuxOf, HasAux, MainOf, Traceable } from "./signature.ts";
import { tangentDType, Zero, zeroTangent } from "./zero.ts";

/** A primal and its tangent; `null` is the tangent that is structurally zero, which no equation is spent on. */
export class JvpTracer extends Tracer {
  constructor(
    override readonly trace: JvpTrace,
    readonly primal: ArrayValue,
    readonly tangent: ArrayValue,
  ) {
    super();
  }
  override get aval(): Aval {
    return this.primal.aval;
  }
  override concrete(): NDArray | null {
    return this.primal instanceof Dense ? this.primal.concrete() : null;
  }
  override like(fill: ArrayValue, aval: Aval): ArrayValue | null {
    // A fill with a tangent has to go through the primitives.
    if (fill instanceof JvpTracer && fill.trace === this.trace) return null;
    return withTrace(this.trace.parent, () => this.primal.like(fill, aval));
  }
}

/** Pushes tangents through each operation, by its jvp rule. */
export class JvpTrace extends Trace {
  constructor(
    override readonly parent: Trace,
    label: string,
  ) {
    super(parent, label);
  }

  primal(x: ArrayValue): ArrayValue {
    return x instanceof JvpTracer && x.trace === this ? x.primal : x;
  }
  tangent(x: ArrayValue): ArrayValue | null {
    return x instanceof JvpTracer && x.trace === this ? x.tangent : null;
  }
  join(primal: ArrayValue, tangent: ArrayValue | null): ArrayValue {
    return tangent === null ? primal : new JvpTracer(this, primal, tangent);
  }

  override bind(prim: AnyPrimitive, operands: readonly ArrayValue[], params: object): ArrayValue[] {
    const primals = operands.map((x) => this.primal(x));
    const tangents = operands.map((x) => this.tangent(x));
    return withTrace(this.parent, () => {
      if (tangents.every((t) => t === null)) return bind(prim, primals, params);
      const [outs, outTangents] = prim.rules.jvp(primals, tangents, params);
      return outs.map((out, i) => this.join(out, outTangents[i] ?? null));
    });
  }
}

/** Outputs of `body` and their tangents, for lists of arrays. */
export function jvpArrays(
  body: (primals: readonly ArrayValue[]) => readonly ArrayValue[],
  primals: readonly ArrayValue[],
  tangents: readonly (ArrayValue | null)[],
  label: string,
): [outs: ArrayValue[], tangents: (ArrayValue | null)[]] {
  return withNewTrace(new JvpTrace(currentTrace(), label), (trace) => {
    const outs = body(primals.map((x, i) => trace.join(x, tangents[i] ?? null)));
    return [outs.map((x) => trace.primal(x)), outs.map((x) => trace.tangent(x))];
  });
}

export interface JvpOptions {
  /** `f` returns `[out, aux]`; the aux is passed on, undifferentiated. */
  readonly hasAux?: boolean;
}

/**
 * The tangents of a flattened list of primals; null where one is a structural zero.
 *
 * @throws TreeError, ShapeError, DTypeError when they do not match the primals, by path.
 */
export function matchTangents(
  flat: Flat,
  tangents: unknown,
  caller: string,
  name = argumentPath,
): (ArrayValue | null)[] {
  const given = flattenUpTo(flat.treedef, tangents, "the tree of tangents");
  return flat.slots.flatMap((slot, i) =>
    slot < 0 ? [] : [matchTangent(flat.arrays[slot]!, given[i], `${caller}: ${name(flat.paths[slot]!)}`)],
  );
}

/** @throws ArgumentError, ShapeError, DTypeError when `given` is no tangent of `primal`. */
export function matchTangent(primal: ArrayValue, given: unknown, place: string): ArrayValue | null {
  const dtype = tangentDType(primal.dtype);
  if (typeof given === "number" && primal.ndim === 0 && dtype !== "float0")
    return scalarOf(given, dtype, primal.aval.weak);
  const tangent =
    given instanceof Zero ? given : isNode(given) ? null : arrayLeaf(given, place, () => "the tangent");
  if (tangent === null)
    throw new ArgumentError("jvp/tangent", `${place}: the tangent must be an array, got ${describe(given)}`);
  if (!sameShape(primal.shape, tangent.shape)) {
    throw new ShapeError(
      "jvp/shape",
      `${place}: primal and tangent shapes differ: primal ${showShape(primal.shape)}, tangent ${showShape(tangent.shape)}`,
    );
  }
  if (tangent.dtype !== dtype) {
    throw new DTypeError(
      "jvp/dtype",
      `${place}: the tangent has dtype ${tangent.dtype}, but a primal of dtype ${primal.dtype} has tangents of dtype ${dtype}`,
    );
  }
  return tangent instanceof Zero ? null : tangent;
}

/**
 * Pushes tangents through `f`: returns `[f(…primals), ∂f(…primals)·tangents]`, and the aux as a third with `hasAux`.
 *
 * Tangents have their primals' trees, shapes and dtypes. `Zero` is allowed, and is what an output has whose tangent is
 * structurally zero.
 * @throws TreeError, ShapeError, DTypeError when tangents do not match primals, by path.
 * @example
 * jvp(np.sin, [0.5], [1]); // [sin 0.5, cos 0.5]
 * @see `jax.jvp`
 */
export function jvp<Args extends unknown[], R, const O extends JvpOptions = JvpOptions>(
  f: Traceable<Args, R>,
  primals: readonly [...Args],
  tangents: readonly unknown[],
  options?: O,
): [out: MainOf<R, O>, tangent: MainOf<R, O>, ...aux: HasAux<O> extends true ? [AuxOf<R>] : []];
export function jvp(
  f: unknown,
  primals: readonly unknown[],
  tangents: readonly unknown[],
  options: JvpOptions = {},
): unknown[] {
  const { hasAux } = readOptions<JvpOptions>("jvp", ["hasAux"], [options]);
  const { call, name } = toFunction(f, "jvp");
  const flat = flattenArguments(checkList(primals, "jvp", "primals"), "jvp", weakFloat);
  const given = matchTangents(flat, checkList(tangents, "jvp", "tangents"), "jvp");
  const label = `jvp of ${name}`;
  return withNewTrace(new JvpTrace(currentTrace(), label), (trace) => {
    const boxed = flat.arrays.map((x, i) => trace.join(x, given[i] ?? null));
    const result = call(...(flat.rebuild(boxed) as unknown[]));
    const [main, extra] = hasAux ? splitAux(result, "jvp") : [result, null];
    const out = flattenResult(main, label);
    const aux = flattenResult(extra, label);
    const primalOuts = out.arrays.map((x) => trace.primal(x));
    const tangentOuts = out.arrays.map((x, i) => trace.tangent(x) ?? zeroTangent(primalOuts[i]!.aval));
    return [
      out.rebuild(primalOuts),
      out.rebuild(tangentOuts),
      ...(hasAux ? [aux.rebuild(aux.arrays.map((x) => trace.primal(x)))] : []),
    ];
  });
}
