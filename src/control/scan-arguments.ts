import { ArgumentError, ShapeError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, showAval } from "../core/value.ts";
import { refuseAsync } from "../interpreters/signature.ts";
import { Zero } from "../interpreters/zero.ts";
import { map, pathToString } from "../tree/index.ts";
import { located, type Operands } from "./operands.ts";

/** A tree with other shapes for the zeros in it. */
export const withZeros = (tree: unknown, shape: (shape: Shape) => Shape): unknown =>
  map((leaf: unknown) => (leaf instanceof Zero ? new Zero(shape(leaf.shape), leaf.dtype) : leaf), tree);

/** @throws ShapeError when the leading sizes are not one, or there is none. */
export function lengthOf({ leaves, treedef }: Operands, length: number | undefined, caller: string): number {
  if (length !== undefined && (!Number.isInteger(length) || length < 0))
    throw located(
      new ArgumentError(
        "scan/length",
        `${caller}: length must be a non-negative integer, got ${String(length)}`,
      ),
    );
  const paths = treedef.paths();
  const sizes = new Map<number, string[]>();
  leaves.forEach((leaf, i) => {
    if (!(leaf instanceof ArrayValue)) return;
    const name = `xs${pathToString(paths[i]!)}`;
    const [size] = leaf.shape;
    if (size === undefined)
      throw located(
        new ShapeError(
          "scan/rank",
          `${caller}: ${name} is ${showAval(leaf.aval)}, a scalar, which has no axis to scan over: pass it through the carry, or let the body capture it`,
        ),
      );
    sizes.set(size, [...(sizes.get(size) ?? []), `${name}, which is ${showAval(leaf.aval)}`]);
  });
  if (length !== undefined) sizes.set(length, [...(sizes.get(length) ?? []), "length"]);
  const [size] = sizes.keys();
  if (size === undefined)
    throw located(
      new ArgumentError("scan/length", `${caller} got nothing to scan over: give xs, or the option length`),
    );
  if (sizes.size === 1) return size;
  const lines = [...sizes].map(([n, names]) => `\n  ${n}: ${names.join("; ")}`);
  throw located(new ShapeError("scan/length", `${caller} got different leading sizes:${lines.join("")}`));
}

/** @throws ArgumentError when the body's result is no pair. */
export function pairOf(result: unknown): readonly [carry: unknown, y: unknown] {
  refuseAsync(result, "the body of scan");
  if (Array.isArray(result) && result.length === 2) return [result[0], result[1]];
  throw located(
    new ArgumentError(
      "scan/pair",
      `scan: its body must return a pair [carry, y], got ${Array.isArray(result) ? `a list of ${result.length}` : describe(result)}; y may be null`,
    ),
  );
}

/** @throws ArgumentError when it is neither a boolean nor a positive integer. */
export function unrollOf(unroll: unknown, length: number): number {
  if (typeof unroll === "boolean") return unroll ? Math.max(length, 1) : 1;
  if (typeof unroll === "number" && Number.isInteger(unroll) && unroll > 0) return unroll;
  throw located(
    new ArgumentError(
      "scan/unroll",
      `scan: unroll must be a boolean or a positive integer, got ${describe(unroll)}`,
    ),
  );
}
