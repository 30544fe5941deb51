import { ArgumentError } from "../core/errors.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
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
