import { broadcastPrefix } from "../tree/index.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import { canonicalAxis, showShape } from "../core/shape.ts";
import { bind, currentTrace, describe, Trace, Tracer, withNewTrace, withTrace } from "../core/trace.ts";
import { type ArrayValue, type Aval, avalOf, showAval } from "../core/value.ts";
import { materialiseBatch, moveAxis } from "../lax/algebra.ts";
import { argumentPath, flattenArguments, flattenResult, toFunction, type Flat } from "./arguments.ts";
import type { Traceable } from "./signature.ts";

/** One example of a batch; the batch axis of `value` is `dim`. */
export class BatchTracer extends Tracer {
  override readonly aval: Aval;
  constructor(
    override readonly trace: BatchTrace,
    readonly value: ArrayValue,
    readonly dim: number,
  ) {
    super();
    const { shape, dtype, weak } = value.aval;
    this.aval = avalOf(shape.toSpliced(dim, 1), dtype, weak);
  }
  override concrete(): null {
    return null;
  }
}

/** Applies each operation to a whole batch, by its batching rule. */
export class BatchTrace extends Trace {
  constructor(
    override readonly parent: Trace,
    label: string,
    readonly size: number,
  ) {
    super(parent, label);
  }

  value(x: ArrayValue): ArrayValue {
    return x instanceof BatchTracer && x.trace === this ? x.value : x;
  }
  dim(x: ArrayValue): number | null {
    return x instanceof BatchTracer && x.trace === this ? x.dim : null;
  }
  join(value: ArrayValue, dim: number | null): ArrayValue {
    return dim === null ? value : new BatchTracer(this, value, dim);
  }

  override bind(prim: AnyPrimitive, operands: readonly ArrayValue[], params: object): ArrayValue[] {
    const dims = operands.map((x) => this.dim(x));
    const values = operands.map((x) => this.value(x));
    return withTrace(this.parent, () => {
      if (dims.every((dim) => dim === null)) return bind(prim, values, params);
      // Aligning ranks for the batch would hide operands whose own shapes do not fit.
      if (!prim.rules.evaluate) prim.rules.abstract(operands.map((x) => x.aval), params);
      const [outs, outDims] = prim.rules.batch(values, dims, this.size, params);
      return outs.map((out, i) => this.join(out, outDims[i] ?? null));
    });
  }
}

/** Outputs of `body` on a batch, and where their batch axes are; null for an output without one. */
export function batchArrays(
  body: (inputs: readonly ArrayValue[]) => readonly ArrayValue[],
  inputs: readonly ArrayValue[],
  dims: readonly (number | null)[],
  size: number,
  label: string,
): [outs: ArrayValue[], dims: (number | null)[]] {
  return withNewTrace(new BatchTrace(currentTrace(), label, size), (trace) => {
    const outs = body(inputs.map((x, i) => trace.join(x, dims[i] ?? null)));
    return [outs.map((x) => trace.value(x)), outs.map((x) => trace.dim(x))];
  });
}

export interface VmapOptions {
  /** Axis of each argument to map over, as a prefix of the list of arguments; null: not mapped. Default 0. */
  readonly inAxes?: unknown;
  /** Where the mapped axis is in the result, as a prefix of it; null: the result must not depend on the batch. Default 0. */
  readonly outAxes?: unknown;
  /** Size of the mapped axis; needed only where no argument has it. */
  readonly axisSize?: number;
}

function checkAxis(axis: unknown, rank: number, place: string): number | null {
  if (axis === null || axis === undefined) return null;
  if (typeof axis !== "number") throw new ArgumentError("vmap/axes", `${place}: an axis is an integer or null, got ${describe(axis)}`);
  return canonicalAxis(axis, rank, place);
}

/** The axis of each array leaf. */
function leafAxes(prefix: unknown, tree: unknown, flat: Flat, place: string): unknown[] {
  const axes = broadcastPrefix(prefix, tree);
  const perArray: unknown[] = [];
  flat.slots.forEach((slot, i) => {
    if (slot >= 0) perArray[slot] = axes[i];
    else if (typeof axes[i] !== "number" && axes[i] !== null) throw new ArgumentError("vmap/axes", `${place}: an axis is an integer or null, got ${describe(axes[i])}`);
  });
  return perArray;
}

function mappedSize(flat: Flat, dims: readonly (number | null)[], axisSize: number | undefined): number {
  const sizes = new Map<number, string[]>();
  dims.forEach((dim, i) => {
    if (dim === null) return;
    const { aval, shape } = flat.arrays[i]!;
    const size = shape[dim]!;
    const places = sizes.get(size) ?? [];
    sizes.set(size, places);
    places.push(`axis ${dim} of ${argumentPath(flat.paths[i]!)}, which is ${showAval(aval)}`);
  });
  if (axisSize !== undefined) sizes.set(axisSize, [...(sizes.get(axisSize) ?? []), "axisSize"]);
  if (sizes.size > 1) {
    const lines = [...sizes].map(([size, places]) => `  size ${size}: ${places.join("; ")}`);
    throw new ShapeError("vmap/size", `vmap got inconsistent sizes for the axes to map over:\n${lines.join("\n")}`);
  }
  const [size] = sizes.keys();
  if (size === undefined) throw new ArgumentError("vmap/axes", "vmap needs at least one argument to map over: every inAxes is null, so give axisSize");
  return size;
}

/**
 * `f` over a batch: maps it over an axis of its arguments without a loop.
 *
 * @throws ShapeError when the mapped axes differ in size (by argument path) or an axis is out of bounds; ArgumentError
 * when `outAxes` is null where the result depends on the batch.
 * @example
 * vmap((w, x) => np.matmul(w, x), { inAxes: [null, 0] })(w, xs);
 * @see `jax.vmap`
 */
export function vmap<Args extends unknown[], R>(f: Traceable<Args, R>, ...rest: readonly unknown[]): (...args: Args) => R {
  const { inAxes = 0, outAxes = 0, axisSize } = readOptions<VmapOptions>("vmap", ["inAxes", "outAxes", "axisSize"], rest);
  if (axisSize !== undefined && (!Number.isInteger(axisSize) || axisSize < 0)) throw new ArgumentError("vmap/size", `vmap: axisSize must be a non-negative integer, got ${String(axisSize)}`);
  const { call, name } = toFunction(f, "vmap");
  const label = `vmap of ${name}`;
  return (...args) => {
    if (Array.isArray(inAxes) && inAxes.length !== args.length) {
      throw new ArgumentError("vmap/axes", `vmap: inAxes has ${inAxes.length} entries, but the function was called with ${args.length} arguments`);
    }
    const flat = flattenArguments(args, "vmap");
    const axes = leafAxes(inAxes, args, flat, "vmap inAxes");
    const dims = flat.arrays.map((x, i) => checkAxis(axes[i], x.ndim, `vmap inAxes for ${argumentPath(flat.paths[i]!)} of shape ${showShape(x.shape)}`));
    const size = mappedSize(flat, dims, axisSize);
    let out: Flat | undefined;
    let result: unknown;
    const body = (boxed: readonly ArrayValue[]) => {
      result = call(...(flat.rebuild(boxed) as unknown[]));
      out = flattenResult(result, label);
      return out.arrays;
    };
    const [outs, outDims] = batchArrays(body, flat.arrays, dims, size, label);
    const wanted = leafAxes(outAxes, result, out!, "vmap outAxes");
    return out!.rebuild(
      outs.map((x, i) => {
        const dim = outDims[i]!;
        const place = `vmap outAxes for the result${argumentPath(out!.paths[i]!) ? ` at ${argumentPath(out!.paths[i]!)}` : ""}`;
        const to = checkAxis(wanted[i], dim === null ? x.ndim + 1 : x.ndim, place);
        if (to !== null) return dim === null ? materialiseBatch(x, null, size, to) : moveAxis(x, dim, to);
        if (dim !== null) throw new ArgumentError("vmap/out-axes", `${place}: the axis is null, but the result depends on the batch (axis ${dim} of ${showAval(x.aval)})`);
        return x;
      }),
    ) as R;
  };
}
