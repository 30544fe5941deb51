import { tmpdir } from "node:os";
import { join } from "node:path";
import { files, numpy as np } from "cotangent";
import { each, kept, plain, refused, type Row } from "./table.ts";

const ofSlices = "made of slices";
const ofShape = "made of the shape";
const dtype = "about dtypes";

/** Functions of numpy about grids, indices, functions and kinds of dtypes. */
export const indexTable: Readonly<Record<string, Row>> = {
  ...each(np, "mgrid ogrid", (f) => plain(ofSlices, () => f("0:2", "0:3"))),
  ...each(np, "r_ c_", (f) => kept(({ v, u }) => f(v, u))),
  ix_: kept(({ n }) => np.ix_(n, n)),
  ...each(np, "diagIndicesFrom trilIndicesFrom triuIndicesFrom", (f) => plain(ofShape, ({ m }) => f(m))),
  maskIndices: refused(
    "the size of the result depends on the elements",
    ({ m }) => np.maskIndices(3, () => m),
    ({ m }) => np.maskIndices(3, () => m, { size: 4 }),
  ),
  vectorize: kept(({ m, v }) => np.vectorize((x, y) => np.multiply(np.add(x, y), m))(v, 2)),
  fromfunction: kept(({ v }) => np.fromfunction((i) => np.multiply(i, v), [2])),
  einsumPath: plain(ofShape, ({ x, y }) => np.einsumPath("ij,jk->ik", x, y)),
  getPrintoptions: plain("about printing", () => np.getPrintoptions()),
  setPrintoptions: plain("about printing", () => np.setPrintoptions(np.getPrintoptions())),
  load: plain("made of bytes", () => np.load(files.encodeNpy(np.ones([2])))),
  save: refused("a file of the elements", ({ x }) => np.save(join(tmpdir(), "cotangent-sweep.npy"), x)),
  savez: refused("a file of the elements", ({ x }) => np.savez(join(tmpdir(), "cotangent-sweep.npz"), { x })),
  canCast: plain(dtype, () => np.canCast("int8", "float32")),
  issubdtype: plain(dtype, () => np.issubdtype("int8", np.integer)),
  isscalar: plain(ofShape, ({ s, x }) => [np.isscalar(s), np.isscalar(x)]),
};
