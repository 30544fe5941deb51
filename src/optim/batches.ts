import { jit } from "../control/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { take } from "../numpy/index.ts";
import { leavesWithPath, map, pathToString } from "../tree/index.ts";
import * as random from "../random/index.ts";

/**
 * Which of `count` examples are in the batch of a step, `size` of them: in each epoch all, in another order, but for a rest that
 * makes no batch. The order is made of the key and the step alone, so that a run that is resumed goes on with it.
 *
 * Shape: `[size]`. Dtype: int32.
 * @throws ArgumentError unless there are as many examples as a batch has.
 * @example
 * const batchAt = optim.batches(texts.length, 32, random.key(0));
 * const own = np.take(tokens, batchAt(step), { axis: 0 });
 */
export function batches(count: number, size: number, key: ArrayValue): (step: number) => ArrayValue {
  if (!(Number.isInteger(count) && Number.isInteger(size) && size > 0 && count >= size)) {
    throw new ArgumentError(
      "optim/batches",
      `optim.batches: a batch has at least 1 example and at most all, got ${describe(size)} of ${describe(count)}`,
    );
  }
  const perEpoch = Math.floor(count / size);
  let last: { readonly epoch: number; readonly order: ArrayValue } | null = null;
  return (step) => {
    const epoch = Math.floor(step / perEpoch);
    if (last?.epoch !== epoch) last = { epoch, order: random.permutation(random.foldIn(key, epoch), count) };
    const start = (step % perEpoch) * size;
    return lax.sliceInDim(last.order, start, start + size);
  };
}

const rowsAt = jit((data: unknown, rows: ArrayValue) =>
  map((x: ArrayValue) => take(x, rows, { axis: 0, mode: "clip" }), data),
);

/**
 * The batches of `data`, a tree of arrays with an example in each row: `size` rows of each, in the order of {@link batches}.
 *
 * Shape: arrays of `[n, …]` → `[size, …]`.
 * @throws ArgumentError unless all arrays have as many rows, and enough for a batch.
 * @example
 * const batchAt = optim.dataBatches({ images, labels }, 32, random.key(0));
 * const { images, labels } = batchAt(step);
 */
export function dataBatches<Data>(data: Data, size: number, key: ArrayValue): (step: number) => Data {
  const leaves = leavesWithPath(data);
  const rows = leaves.map(([, x]) => (x instanceof ArrayValue ? x.shape[0] : undefined));
  const count = rows[0];
  const odd = rows.findIndex((n) => n === undefined || n !== count);
  if (count === undefined || odd >= 0) {
    const [path, leaf] = leaves[Math.max(odd, 0)] ?? [[], null];
    throw new ArgumentError(
      "optim/batches",
      `optim.dataBatches: data is a tree of arrays with one row for each example; ${pathToString(path)} is ${describe(leaf)}${count === undefined ? "" : `, and the first has ${count} rows`}`,
    );
  }
  const at = batches(count, size, key);
  return (step) => rowsAt(data, at(step)) as Data;
}
