import { mapWith } from "../tree/index.ts";
import { ArgumentError } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type Derived, type Primitive } from "../core/primitive.ts";
import { weakScalar } from "../core/scalar.ts";
import { describe } from "../core/trace.ts";
import { type ArrayValue, Value } from "../core/value.ts";
import { flattenValues } from "./form.ts";

export interface NameParams {
  readonly name: string;
}

/** A value that policies know by a name; its tangent has none. @see `jax._src.ad_checkpoint.name_p` */
export const namePrimitive: Primitive<"name", [x: ArrayValue], NameParams> & Derived = definePrimitive(
  "name",
  {
    arity: 1,
    params: { name: param.name },
    abstract: ([x]) => x,
    expand: ([x]) => [x],
    jvp: [(t) => t],
    transpose: [(ct) => ct],
    batch: ([x], dims, _size, params) => [namePrimitive.bind([x], params), dims],
    quaxify: (values, params) => {
      const { arrays, rebuild } = flattenValues(values);
      return rebuild(arrays.map((x) => namePrimitive.bind([x], params)[0]!));
    },
    samples: [{ operands: [{ shape: [2, 3] }], params: { name: "hidden" } }],
  },
);

/**
 * `x` as it is, known to the policies of checkpoints by a name. Of a tree, every array has it.
 *
 * @throws ArgumentError when the name is no string.
 * @example
 * const h = checkpointName(np.tanh(x), "hidden");
 * @see `jax.ad_checkpoint.checkpoint_name`
 */
export function checkpointName<T>(x: T, name: string): T {
  if (typeof name !== "string")
    throw new ArgumentError(
      "checkpoint/names",
      `checkpointName(x, name): the name is a string, got ${describe(name)}`,
    );
  const isValue = (leaf: unknown): leaf is Value => leaf instanceof Value;
  const named = (leaf: unknown): unknown => {
    if (typeof leaf === "number") return namePrimitive.bind([weakScalar(leaf)], { name })[0];
    return isValue(leaf) ? namePrimitive.bind([leaf], { name })[0] : leaf;
  };
  return mapWith({ isLeaf: isValue }, named, x) as T;
}
