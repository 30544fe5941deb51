import { withReplay } from "./host-call.ts";
import { areFine, checkNumbers, withoutChecks } from "./numbers.ts";
import type { NDArray } from "./value.ts";

type Run = () => readonly NDArray[];

/**
 * Runs an operation and looks at what it made. One that runs programs is run again if that is bad, `stepwise`, so that
 * the first operation in it which makes such a number is named. What it does besides computing is not done again.
 *
 * @throws NonFiniteError when it made what the settings forbid.
 */
export function runChecked(
  primitive: string,
  operands: readonly NDArray[],
  run: Run,
  stepwise: Run | undefined,
): readonly NDArray[] {
  if (stepwise === undefined) {
    const outs = withoutChecks(true, run);
    checkNumbers(primitive, operands, outs);
    return outs;
  }
  const { result: outs, replay } = withReplay(() => withoutChecks(true, run));
  // Where no step made it, it came in with the operands.
  if (!areFine(outs) && areFine(replay(stepwise)))
    checkNumbers(primitive, operands, outs, "; its steps one by one make none: the backend is at fault");
  return outs;
}
