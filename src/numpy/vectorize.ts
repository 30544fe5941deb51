import { map } from "../tree/index.ts";
import { type DTypeLike, toDType } from "../core/dtype.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { setName } from "../core/function-name.ts";
import type { DTypeOption } from "../core/method-types.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { broadcastShapes, checkShape, type Shape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Operand } from "../core/value.ts";
import { vmap } from "../interpreters/vmap.ts";
import * as lax from "../lax/index.ts";
import { arange } from "./creation.ts";
import { defaultFloat, toArray } from "./promotion.ts";

export interface VectorizeOptions {
  /** Arguments, by their places, that the function gets as they are. */
  readonly excluded?: readonly number[] | undefined;
  /** Which axes of each argument and result the function itself has: `"(m,n),(n)->(m)"`. Without it, arguments are scalars. */
  readonly signature?: string | undefined;
}

/** Arrays may also be numbers, and have more axes. */
type Vectorized<Args extends readonly unknown[]> = {
  [K in keyof Args]: ArrayValue extends Args[K] ? Args[K] | Operand : Args[K];
};

/** The names of the axes that the function has of each argument, and of each result. */
interface Signature {
  readonly inputs: readonly (readonly string[])[];
  readonly outputs: readonly (readonly string[])[];
}

const term = String.raw`\((?:\w+(?:,\w+)*)?\)`;
const pattern = new RegExp(`^${term}(?:,${term})*->${term}(?:,${term})*$`);

function parse(text: string, caller: string): Signature {
  const compact = typeof text === "string" ? text.replaceAll(/\s/g, "") : "";
  if (!pattern.test(compact))
    throw new ArgumentError(
      "numpy/signature",
      `${caller}: a signature is such as "(m,n),(n)->(m)", got ${describe(text)}`,
    );
  const [inputs, outputs] = compact
    .split("->")
    .map((side) => [...side.matchAll(/\(([^)]*)\)/g)].map(([, names]) => names!.match(/\w+/g) ?? []));
  return { inputs: inputs!, outputs: outputs! };
}

/**
 * `f`, written for scalars or for the axes of a signature, as a function of arrays with any axes before those, which are
 * broadcast: NumPy's generalised functions, by `vmap`. Arguments that are null are passed as they are.
 *
 * @throws ArgumentError on a signature that is none; when called with other arguments or results than it says. ShapeError when
 * sizes of one name differ, or shapes do not broadcast.
 * @example
 * const distance = np.vectorize((x, y) => np.linalg.norm(np.subtract(x, y)), { signature: "(n),(n)->()" });
 * distance(np.ones([5, 1, 3]), np.ones([4, 3])).shape; // [5, 4]
 * @see `jax.numpy.vectorize`
 */
export function vectorize<Args extends unknown[] = ArrayValue[], R = ArrayValue>(
  f: (...args: Args) => R,
  options: VectorizeOptions = {},
): (...args: Vectorized<Args>) => R {
  const caller = "np.vectorize";
  const { excluded = [], signature } = readOptions<VectorizeOptions>(
    caller,
    ["excluded", "signature"],
    [options],
  );
  for (const place of excluded)
    if (!Number.isInteger(place) || place < 0)
      throw new ArgumentError(
        "numpy/excluded",
        `${caller}: excluded has the places of arguments, got ${describe(place)}`,
      );
  const parsed = signature === undefined ? null : parse(signature, caller);
  const vectorized = (...args: Vectorized<Args>): R => {
    const core = coreAxes(args, excluded, parsed, caller);
    const places = [...core.keys()];
    const arrays = places.map((place) => toArray(args[place] as Operand, caller, place));
    const sizes = new Map<string, number>();
    const outer = arrays.map(({ shape }, i) => {
      const names = core.get(places[i]!)!;
      const count = shape.length - names.length;
      if (count < 0)
        throw new ShapeError(
          "numpy/signature",
          `${caller}: argument ${places[i]} has shape ${showShape(shape)}, and the signature "${signature}" asks for the axes (${names.join(",")})`,
        );
      checkSizes(sizes, names, shape.slice(count), `${caller}: argument ${places[i]}`);
      return shape.slice(0, count);
    });
    const batch = broadcastShapes(outer, caller);
    const inner = (...xs: ArrayValue[]): R => {
      const all: unknown[] = [...args];
      places.forEach((place, i) => (all[place] = xs[i]));
      const out = f(...(all as Args));
      if (parsed) checkOutputs(out, parsed.outputs, new Map(sizes), caller);
      return out;
    };
    const full = outer.map((shape) => [...batch.slice(shape.length).map(() => 1), ...shape]);
    return mapOver(inner, arrays, full, outer, batch);
  };
  return setName(vectorized, f.name);
}

/** Those arguments over which to map, by their places, with the names of the axes that are the function's own. */
function coreAxes(
  args: readonly unknown[],
  excluded: readonly number[],
  signature: Signature | null,
  caller: string,
): Map<number, readonly string[]> {
  const places = [...args.keys()].filter((place) => !excluded.includes(place));
  if (signature && places.length !== signature.inputs.length)
    throw new ArgumentError(
      "numpy/signature",
      `${caller}: the signature has ${signature.inputs.length} arguments, and there are ${places.length}`,
    );
  const core = places.map((place, i) => [place, signature?.inputs[i] ?? []] as const);
  for (const [place, names] of core)
    if (args[place] === null && names.length > 0)
      throw new ArgumentError(
        "numpy/signature",
        `${caller}: argument ${place} is null, and the signature asks for the axes (${names.join(",")})`,
      );
  return new Map(core.filter(([place]) => args[place] !== null));
}

/** Notes the size of each name. @throws ShapeError when it is another one already. */
function checkSizes(sizes: Map<string, number>, names: readonly string[], shape: Shape, what: string): void {
  names.forEach((name, i) => {
    const known = sizes.get(name) ?? shape[i]!;
    if (known !== shape[i])
      throw new ShapeError("numpy/signature", `${what}: axis ${name} has size ${shape[i]}, and had ${known}`);
    sizes.set(name, known);
  });
}

function checkOutputs(
  out: unknown,
  outputs: Signature["outputs"],
  sizes: Map<string, number>,
  caller: string,
): void {
  const results: readonly unknown[] = Array.isArray(out) ? out : [out];
  if (results.length !== outputs.length || (outputs.length > 1 && !Array.isArray(out)))
    throw new ArgumentError(
      "numpy/signature",
      `${caller}: the signature has ${outputs.length} results, and the function returned ${describe(out)}`,
    );
  results.forEach((result, i) => {
    const shape = result instanceof ArrayValue ? result.shape : [];
    const names = outputs[i]!;
    if (shape.length !== names.length)
      throw new ShapeError(
        "numpy/signature",
        `${caller}: result ${i} has shape ${showShape(shape)}, and the signature says (${names.join(",")})`,
      );
    checkSizes(sizes, names, shape, `${caller}: result ${i}`);
  });
}

/** `f` mapped over the axes of `batch`; axes of size 1 are not broadcast but left out, and put in again at the end. */
function mapOver<R>(
  f: (...xs: ArrayValue[]) => R,
  arrays: readonly ArrayValue[],
  full: readonly Shape[],
  outer: readonly Shape[],
  batch: Shape,
): R {
  const squeezed = arrays.map((x, i) =>
    lax.squeeze(x, outer[i]!.flatMap((size, axis) => (size === 1 ? [axis] : []))),
  ); // prettier-ignore
  const absent: number[] = [];
  let mapped = f;
  for (let axis = batch.length - 1; axis >= 0; axis--) {
    const inAxes = full.map((shape) => (shape[axis] === 1 ? null : 0));
    if (inAxes.every((at) => at === null)) absent.unshift(axis);
    else mapped = vmap(mapped, { inAxes });
  }
  const out = mapped(...squeezed);
  return absent.length === 0 ? out : (map((x) => lax.expandDims(x as ArrayValue, absent), out) as R);
}

/**
 * What a function makes of the indices of each place of `shape`: scalars, over which it is mapped.
 *
 * Shape: `[…shape, …s]` where it returns `[…s]`; trees of arrays are mapped one by one. Dtype of the indices: float32 unless given.
 * @throws ShapeError on a size that is no natural number.
 * @example
 * np.fromfunction((i, j) => np.add(i, j), [2, 3]);
 * @see `jax.numpy.fromfunction`
 */
export function fromfunction<R = ArrayValue>(
  f: (...indices: ArrayValue[]) => R,
  shape: Shape,
  ...rest: Optionals<[dtype: DTypeLike | null], DTypeOption>
): R {
  const caller = "np.fromfunction";
  const { dtype } = readOptions<DTypeOption>(caller, ["dtype"], rest);
  const of = toDType(dtype ?? defaultFloat(), caller);
  const sizes = checkShape(shape, caller);
  const mapped = sizes.reduceRight<(...indices: ArrayValue[]) => R>(
    (inner, _size, axis) => vmap(inner, { inAxes: sizes.map((_, i) => (i === axis ? 0 : null)) }),
    f,
  );
  return mapped(...sizes.map((size) => arange(size, { dtype: of })));
}
