import { withoutChecks } from "./numbers.ts";
import type { AnyPrimitive } from "./primitive.ts";
import { showSource } from "./source.ts";
import type { NDArray } from "./value.ts";

/** Results of calls with effects, in the order of the calls. */
type Results = (readonly NDArray[])[];

/** Where the results of calls with effects are written to, and where they are read from in place of calling. */
interface Journal {
  readonly written: Results | null;
  readonly read: Results | null;
}
const none: Journal = { written: null, read: null };
let journal = none;

function withJournal<T>(inner: Journal, body: () => T): T {
  const outer = journal;
  journal = inner;
  try {
    return body();
  } finally {
    journal = outer;
  }
}

/** Runs `body`, and returns how to run its program again without repeating its effects. */
export function withReplay<T>(body: () => T): { result: T; replay: <R>(again: () => R) => R } {
  const outer = journal;
  const written: Results = [];
  const result = withJournal({ written, read: outer.read }, body);
  outer.written?.push(...written);
  return { result, replay: (again) => withJournal({ written: null, read: [...written] }, again) };
}

/**
 * Calls the user's function behind an equation. Backends do this where the program has it, in the order of the
 * equations, and do not write to the arrays any more: the function may keep them.
 *
 * An error of the function is passed on as it is; where the equation came from is added to its stack.
 */
export function callHost(
  { primitive, rules }: AnyPrimitive,
  operands: readonly NDArray[],
  params: object,
  source: string | undefined,
): readonly NDArray[] {
  const effectful = (rules.effects?.(params).length ?? 0) > 0;
  const known = effectful ? journal.read?.shift() : undefined;
  const results =
    known ?? withJournal(none, () => called(primitive, () => rules.host!(operands, params), source));
  if (effectful) journal.written?.push(results);
  return results;
}

function called<T>(primitive: string, call: () => T, source: string | undefined): T {
  try {
    return withoutChecks(false, call);
  } catch (error) {
    const place = showSource(source);
    if (error instanceof Error && place !== undefined && typeof error.stack === "string")
      error.stack += `\n    in the function called by ${primitive} (${place})`;
    throw error;
  }
}
