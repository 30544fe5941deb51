import { type ArrayValue, lax, nn, numpy as np, quaxify, random, tree, values } from "cotangent";
import type { Program } from "./golden.ts";
import type { ValuePrograms } from "./value-programs.ts";
import { axes } from "./value-kinds.ts";

type Binary = (x: ArrayValue, y: ArrayValue) => unknown;
const binary = (f: Binary): Program => quaxify(f) as Program;

const { Foo, Bar, Qux, In, Out } = axes;
const add = binary((x, y) => np.add(x, y));

function namedLinear(x: ArrayValue): unknown {
  const linear = new nn.Linear(3, 4, { key: random.key(0) });
  const named = tree.at((l) => [l.weight, l.bias], linear, [
    new values.NamedArray(linear.weight, [Out, In]),
    new values.NamedArray(linear.bias!, [Out]),
  ]);
  return quaxify(named)(x);
}

const fooBar = (data: readonly number[]) => ({
  type: "NamedArray",
  array: { dtype: "float32", shape: [3, 3], data },
  axes: ["Foo", "Bar"],
  allowMaterialise: false,
});

export const named: ValuePrograms = {
  programs: {
    "named/init_missing": (x) => new values.NamedArray(x as ArrayValue, [Foo]),
    "named/init_size": () => new values.NamedArray(np.zeros([3, 4]), [Foo, Bar]),
    "named/add_reordered": add,
    "named/add_array": add,
    "named/add_bcast_rank": add,
    "named/mul": binary((x, y) => np.multiply(x, y)),
    "named/sub": binary((x, y) => np.subtract(x, y)),
    "named/mul_scalar": quaxify((x: ArrayValue) => np.multiply(x, 2)) as Program,
    "named/lax_mul_scalar": quaxify((x: ArrayValue) => lax.mul.bind([x, np.array(2)], {})[0]) as Program,
    "named/matmul": binary((x, y) => np.matmul(x, y)),
    "named/batch_mismatch": binary((x, y) => lax.dotGeneral(x, y, [[[1], [1]], [[0], [0]]])), // prettier-ignore
    "named/sin_materialise": quaxify((x: ArrayValue) => np.sin(x)) as Program,
    "named/shape_refuse": (x) => (x as ArrayValue).shape,
    "named/trace": (x) => values.trace(x as ArrayValue, { axis1: Foo, axis2: Qux }),
    "named/trace_offset": (x) => values.trace(x as ArrayValue, { offset: 1, axis1: Foo, axis2: Bar }),
    "named/linear": namedLinear as Program,
  },
  better: {
    // a + bᵀ: the axes are aligned by name.
    "named/add_reordered": fooBar([
      1.2075876, 1.0285144, -0.02529037, -1.1292354, -0.9280279, -3.5468268, -0.39138436, -1.6029543,
      -0.73891306,
    ]),
    "named/add_bcast_rank": fooBar([
      1.2075876, -0.6680232, -2.664368, -1.4897264, 0.8091408, -4.4377346, 1.328054, -0.81747377, -1.817157,
    ]),
  },
  refusals: {
    "named/init_missing": "`NamedArray` must have every axis be named.",
    "named/init_size": "Mismatched axis size for axis Axis(size=3).",
    "named/add_array": "Cannot apply add to non-scalar array and named array.",
    "named/batch_mismatch": "Cannot batch mismatched dimensions.",
    "named/shape_refuse": "Refusing to access the shape of a `NamedArray` with `allowMaterialise: false`.",
  },
};
