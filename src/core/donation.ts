import type { Buffer } from "./backend.ts";
import { ArgumentError, BackendError } from "./errors.ts";
import { type ArrayValue, NDArray, showAval } from "./value.ts";

/** In the place of data that was given away. */
const given: Buffer = {
  read() {
    throw new BackendError(
      "backend/donated",
      "this array was donated to a call, which may have put another one in its memory. Use what the call returned, copy " +
        "the array before the call (np.array(x.data)), or do not donate it",
    );
  },
};

/** Whether `x` was donated to a call: it has a shape and a dtype, and no data. */
export const isDonated = (x: ArrayValue): boolean => x instanceof NDArray && x.buffer === given;

/**
 * Calls `call`, which may overwrite those `operands` that are `marked`; after it, each use of theirs throws. Where the
 * call throws, they are as they were, unless it has overwritten them.
 * @throws ArgumentError when a marked one is among the operands more than once.
 */
export function donating<T>(operands: readonly NDArray[], marked: readonly boolean[], call: () => T): T {
  refuseTwice(operands, marked);
  const result = call();
  operands.forEach((x, i) => {
    if (marked[i]) x.buffer = given;
  });
  return result;
}

/** Marks the arrays themselves for a moment: sets of them would take longer than many a call. */
function refuseTwice(operands: readonly NDArray[], marked: readonly boolean[]): void {
  const buffers = operands.map((x) => x.buffer);
  let twice: NDArray | undefined;
  for (let i = 0; i < operands.length; i++) if (marked[i]) operands[i]!.buffer = claimed;
  for (let i = 0; i < operands.length; i++)
    if (!marked[i] && operands[i]!.buffer === claimed) twice = operands[i];
  for (let i = 0; i < operands.length; i++) {
    if (!marked[i]) continue;
    // It was put back already.
    if (operands[i]!.buffer !== claimed) twice = operands[i];
    operands[i]!.buffer = buffers[i]!;
  }
  if (twice !== undefined)
    throw new ArgumentError(
      "jit/donate",
      `an array that is donated, ${showAval(twice.aval)}, is given to the call more than once: donate a copy of it`,
    );
}

/** In the place of data while the operands of a call are looked at. */
const claimed: Buffer = { read: given.read };
