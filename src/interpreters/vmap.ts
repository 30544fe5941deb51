import { broadcastTo, flatten, type Path } from "../tree/index.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import { canonicalAxis, showShape } from "../core/shape.ts";
import {
  bind,
  checkAxisName,
  currentTrace,
  describe,
  Trace,
  Tracer,
  withNewTrace,
  withTrace,
} from "../core/trace.ts";
import { usesAxis } from "../core/jaxpr.ts";
import {
  type ArrayValue,
  ArrayValue as ArrayValueClass,
  type Aval,
  avalOf,
  showAval,
} from "../core/value.ts";
import { materialiseBatch, moveAxis } from "../lax/algebra.ts";
import {
  argumentPath,
  flattenArguments,
  flattenResult,
  resultPath,
  toFunction,
  type Flat,
} from "./arguments.ts";
import type { Traceable } from "./signature.ts";
import { Zero } from "./zero.ts";

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
  override like(fill: ArrayValue, { shape, dtype, weak }: Aval): ArrayValue | null {
    // A fill with an axis of its own has to go through the primitives.
    if (this.trace.dim(fill) !== null) return null;
    const dim = Math.min(this.dim, shape.length);
    const whole = avalOf(shape.toSpliced(dim, 0, this.trace.size), dtype, weak);
    const made = withTrace(this.trace.parent, () => this.value.like(fill, whole));
    return made && this.trace.join(made, dim);
  }
}

/** Applies each operation to a whole batch, by its batching rule. */
export class BatchTrace extends Trace {
  constructor(
    override readonly parent: Trace,
    label: string,
    readonly size: number,
    readonly name?: string,
  ) {
    super(parent, label, name === undefined ? [] : [{ name, size }]);
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
    const { name } = this;
    const avals = operands.map((x) => x.aval);
    const concerns =
      dims.some((dim) => dim !== null) || (name !== undefined && usesAxis(prim, params, name, avals));
    return withTrace(this.parent, () => {
      if (!concerns) return bind(prim, values, params);
      // Aligning ranks for the batch would hide operands whose own shapes do not fit.
      if (!prim.rules.evaluate) prim.rules.abstract(avals, params);
      const [outs, outDims] = prim.rules.batch(values, dims, this.size, params, name);
      return outs.map((out, i) => this.join(out, outDims[i] ?? null));
    });
  }
}

/** Outputs of `body` on a batch whose axis may have a name, and where their batch axes are; null for an output without. */
export function batchArrays(
  body: (inputs: readonly ArrayValue[]) => readonly ArrayValue[],
  inputs: readonly ArrayValue[],
  dims: readonly (number | null)[],
  size: number,
  label: string,
  name?: string,
): [outs: ArrayValue[], dims: (number | null)[]] {
  return withNewTrace(new BatchTrace(currentTrace(), label, size, name), (trace) => {
    const outs = body(inputs.map((x, i) => trace.join(x, dims[i] ?? null)));
    return [outs.map((x) => trace.value(x)), outs.map((x) => trace.dim(x))];
  });
}

export interface VmapOptions {
  /** Axis of each argument to map over, as a prefix of the list of arguments; null: not mapped. Default 0. */
  readonly inAxes?: number | null | readonly unknown[];
  /** Where the mapped axis is in the result, as a prefix of it; null: the result must not depend on the batch. Default 0. */
  readonly outAxes?: unknown;
  /** Size of the mapped axis; needed only where no argument has it. */
  readonly axisSize?: number;
  /** A name for the mapped axis: inside `f`, `lax.psum` and its kin work along it. */
  readonly axisName?: string;
}

function checkAxis(axis: unknown, rank: number, place: string): number | null {
  if (axis === null || axis === undefined) return null;
  if (typeof axis !== "number")
    throw new ArgumentError("vmap/axes", `${place}: an axis is an integer or null, got ${describe(axis)}`);
  return canonicalAxis(axis, rank, place);
}

/** A leaf that has a batch axis: an array, or a `Zero`, which is none but has a shape; where it is, and its axis. */
interface Mapped {
  readonly leaf: number;
  readonly x: ArrayValue;
  readonly path: string;
  readonly axis: unknown;
}

/** The leaves that can be mapped, with what `prefix` says of them. */
function mappedLeaves(
  prefix: unknown,
  flat: Flat,
  arrays: readonly ArrayValue[],
  leaves: readonly unknown[],
  place: string,
  name: (path: Path) => string,
): Mapped[] {
  const axes = broadcastTo(flat.treedef, prefix, undefined, place);
  const paths = flat.treedef.paths();
  return leaves.flatMap((leaf, i) => {
    const axis = axes[i];
    if (typeof axis !== "number" && axis !== null && axis !== undefined) {
      throw new ArgumentError("vmap/axes", `${place}: an axis is an integer or null, got ${describe(axis)}`);
    }
    const x = flat.slots[i]! >= 0 ? arrays[flat.slots[i]!]! : leaf;
    return x instanceof ArrayValueClass ? [{ leaf: i, x, path: name(paths[i]!), axis }] : [];
  });
}

function mappedSize(
  mapped: readonly Mapped[],
  dims: readonly (number | null)[],
  axisSize: number | undefined,
): number {
  const sizes = new Map<number, string[]>();
  mapped.forEach(({ x: { aval, shape }, path }, i) => {
    const dim = dims[i] ?? null;
    if (dim === null) return;
    const size = shape[dim]!;
    const places = sizes.get(size) ?? [];
    sizes.set(size, places);
    places.push(`axis ${dim} of ${path}, which is ${showAval(aval)}`);
  });
  if (axisSize !== undefined) sizes.set(axisSize, [...(sizes.get(axisSize) ?? []), "axisSize"]);
  if (sizes.size > 1) {
    const lines = [...sizes].map(([size, places]) => `  size ${size}: ${places.join("; ")}`);
    throw new ShapeError(
      "vmap/size",
      `vmap got inconsistent sizes for the axes to map over:\n${lines.join("\n")}`,
    );
  }
  const [size] = sizes.keys();
  if (size === undefined)
    throw new ArgumentError(
      "vmap/axes",
      "vmap needs at least one argument to map over: every inAxes is null, so give axisSize",
    );
  return size;
}

/**
 * `f` over a batch: maps it over an axis of its arguments without a loop.
 *
 * @throws ShapeError when the mapped axes differ in size (by argument path) or an axis is out of bounds; ArgumentError
 * when `outAxes` is null where the result depends on the batch.
 * @example
 * vmap((w, x) => np.matmul(w, x), { inAxes: [null, 0] })(w, xs);
 * vmap((x) => np.subtract(x, lax.pmean(x, "batch")), { axisName: "batch" })(xs);
 * @see `jax.vmap`
 */
export function vmap<Args extends unknown[] = ArrayValue[], R = unknown>(
  f: Traceable<Args, R>,
  ...rest: Optionals<[inAxes: VmapOptions["inAxes"]], VmapOptions>
): (...args: Args) => R {
  const {
    inAxes = 0,
    outAxes = 0,
    axisSize,
    axisName,
  } = readOptions<VmapOptions>("vmap", ["inAxes", "outAxes", "axisSize", "axisName"], rest);
  if (axisSize !== undefined && (!Number.isInteger(axisSize) || axisSize < 0))
    throw new ArgumentError(
      "vmap/size",
      `vmap: axisSize must be a non-negative integer, got ${String(axisSize)}`,
    );
  if (axisName !== undefined) checkAxisName(axisName, "vmap");
  const { call, name } = toFunction(f, "vmap");
  const label = `vmap of ${name}`;
  return (...args) => {
    if (Array.isArray(inAxes) && inAxes.length !== args.length) {
      throw new ArgumentError(
        "vmap/axes",
        `vmap: inAxes has ${inAxes.length} entries, but the function was called with ${args.length} arguments`,
      );
    }
    const flat = flattenArguments(args, "vmap");
    const leaves = flatten(args)[0];
    const mapped = mappedLeaves(inAxes, flat, flat.arrays, leaves, "vmap inAxes", argumentPath);
    const axes = mapped.map(({ x, path, axis }) =>
      checkAxis(axis, x.ndim, `vmap inAxes for ${path} of shape ${showShape(x.shape)}`),
    );
    const size = mappedSize(mapped, axes, axisSize);
    const dims: (number | null)[] = flat.arrays.map(() => null);
    mapped.forEach(({ leaf, x }, i) => {
      const [slot, dim] = [flat.slots[leaf]!, axes[i]!];
      if (slot >= 0) dims[slot] = dim;
      else if (dim !== null) leaves[leaf] = new Zero(x.shape.toSpliced(dim, 1), x.dtype);
    });
    let out: Flat | undefined;
    let results: unknown[] = [];
    const body = (boxed: readonly ArrayValue[]) => {
      const result = call(
        ...flat.treedef.unflatten<unknown[]>(
          flat.slots.map((slot, i) =>
            slot < 0 || (dims[slot] === null && typeof leaves[i] === "number") ? leaves[i] : boxed[slot],
          ),
        ),
      );
      out = flattenResult(result, label);
      results = flatten(result)[0];
      return out.arrays;
    };
    const [outs, outDims] = batchArrays(body, flat.arrays, dims, size, label, axisName);
    for (const { leaf, x, path, axis } of mappedLeaves(
      outAxes,
      out!,
      outs,
      results,
      "vmap outAxes",
      resultPath,
    )) {
      const place = `vmap outAxes for ${path}`;
      const slot = out!.slots[leaf]!;
      results[leaf] = slot < 0 ? widened(x, axis, size, place) : placed(x, outDims[slot]!, axis, size, place);
    }
    return out!.treedef.unflatten<R>(results);
  };
}

/** An output with its batch axis where it is wanted. */
function placed(x: ArrayValue, dim: number | null, axis: unknown, size: number, place: string): ArrayValue {
  const to = checkAxis(axis, dim === null ? x.ndim + 1 : x.ndim, place);
  if (to !== null) return dim === null ? materialiseBatch(x, null, size, to) : moveAxis(x, dim, to);
  if (dim !== null)
    throw new ArgumentError(
      "vmap/out-axes",
      `${place}: the axis is null, but the result depends on the batch (axis ${dim} of ${showAval(x.aval)})`,
    );
  return x;
}

/** A `Zero` for each example, as one. */
function widened({ shape, dtype }: ArrayValue, axis: unknown, size: number, place: string): Zero {
  const to = checkAxis(axis, shape.length + 1, place);
  return new Zero(to === null ? shape : shape.toSpliced(to, 0, size), dtype);
}
