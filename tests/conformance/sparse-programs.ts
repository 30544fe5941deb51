import { type ArrayValue, grad, numpy as np, quaxify, values } from "cotangent";
import { load, type Program } from "./golden.ts";
import { decodeValue } from "./value-kinds.ts";
import type { ValuePrograms } from "./value-programs.ts";

type Binary = (x: ArrayValue, y: ArrayValue) => unknown;
const binary = (f: Binary): Program => quaxify(f) as Program;
const add = binary((x, y) => np.add(x, y));
const dense = (x: unknown): ArrayValue => (x as values.BCOO).enableMaterialise().materialise();
const make = (valueShape: number[], indexShape: number[], shape: number[]) => () =>
  new values.BCOO(np.ones(valueShape), np.zeros(indexShape, "int32"), shape);

const squares = (x: ArrayValue, y: ArrayValue) => np.sum(np.square(np.add(x, y)));
const ofValues: Program = (x, y) => {
  const { values: entries, indices, shape } = x as values.BCOO;
  return grad((v: ArrayValue) => quaxify(squares)(new values.BCOO(v, indices, shape), y as ArrayValue))(
    entries,
  );
};

export const sparse: ValuePrograms = {
  programs: {
    "sparse/materialise": dense,
    "sparse/add_scalar": quaxify((x: ArrayValue) => np.add(x, 1)) as Program,
    "sparse/add_row": add,
    "sparse/add_extra_batch": add,
    "sparse/radd": binary((x, y) => np.add(y, x)),
    "sparse/add_sparse": add,
    "sparse/add_sparse_mat": (x, y) => dense(add(x, y)),
    "sparse/add_self_mat": (x) => dense(add(x, x)),
    "sparse/mul_scalar": quaxify((x: ArrayValue) => np.multiply(x, 3)) as Program,
    "sparse/sin_refuse": (x) => dense(quaxify((x: ArrayValue) => np.sin(x))(x as ArrayValue)),
    "sparse/bad_nse": make([2], [3, 1], [4]),
    "sparse/bad_batch": make([1, 2], [2, 2, 1], [1, 4]),
    "sparse/bad_nsparse": make([2], [2, 1], [4, 4]),
    "sparse/squeeze_sparse": quaxify((x: ArrayValue) => np.squeeze(x, 0)) as Program,
    "sparse/bcast_sparse_dim": quaxify((x: ArrayValue) => np.broadcastTo(x, [4, 3])) as Program,
    "sparse/add_nsparse_mismatch": add,
    "sparse/grad_data": ofValues,
  },
  better: {
    "sparse/sin_refuse": sinesOf("sparse/sin_refuse"),
    // The batch axis of the second becomes a sparse one.
    "sparse/add_nsparse_mismatch": {
      type: "BCOO",
      data: { dtype: "float32", shape: [4], data: [1, 2, 0.09120472, 1.0912827] },
      indices: { dtype: "int32", shape: [4, 2], data: [0, 0, 1, 1, 0, 0, 1, 1] },
      shape: [2, 2],
    },
  },
  refusals: {
    "sparse/bad_nse": "Inconsistent number of sparse entries in `BCOO`",
    "sparse/bad_batch": "Inconsistent batch sizes {(1,), (2,)} in `BCOO`",
    "sparse/bad_nsparse": "Must specify a sparse index for all non-batch dimensions in `BCOO`",
    "sparse/squeeze_sparse": "Cannot squeeze out a sparse dimension",
  },
};

/** The sines of the elements of a case's argument. */
function sinesOf(name: string): unknown {
  const { inputs } = load("values").find((c) => c.name === name)!;
  const [x] = (inputs["args"] as unknown[]).map(decodeValue);
  const sines = np.sin(dense(x));
  return { dtype: sines.dtype, shape: sines.shape, data: Array.from(sines.data as Float32Array) };
}
