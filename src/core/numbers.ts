import { checksNumbers, config } from "./config.ts";
import { dtypeInfo, isInexact } from "./dtype.ts";
import { NonFiniteError } from "./errors.ts";
import { decodeBfloat16, decodeFloat16 } from "./float16.ts";
import { activeSource, showSource } from "./source.ts";
import { type ArrayValue, Dense, NDArray, showAval } from "./value.ts";

let unchecked = false;

/** Runs `body` with the checks off: inside of an operation whose outputs are checked as a whole. Or on again. */
export function withoutChecks<T>(off: boolean, body: () => T): T {
  const outer = unchecked;
  unchecked = off;
  try {
    return body();
  } finally {
    unchecked = outer;
  }
}

/** Whether what an operation made is to be looked at. */
export const isChecking = (): boolean => checksNumbers() && !unchecked;

/** How many elements are what the settings forbid; a complex number is one element. */
function countOf({ storage, dtype }: NDArray, forbidden: (x: number) => boolean): number {
  const decode = dtype === "float16" ? decodeFloat16 : dtype === "bfloat16" ? decodeBfloat16 : Number;
  const { lanes } = dtypeInfo[dtype];
  let count = 0;
  for (let i = 0; i < storage.length; i += lanes) {
    let found = false;
    for (let lane = 0; lane < lanes; lane++) found ||= forbidden(decode(Number(storage[i + lane])));
    if (found) count++;
  }
  return count;
}

const isInfinite = (x: number): boolean => Math.abs(x) === Infinity;
const kinds = [
  { setting: "debugNans", code: "debug/nan", name: "NaN", forbidden: Number.isNaN },
  { setting: "debugInfs", code: "debug/inf", name: "infinity", forbidden: isInfinite },
] as const;

/** What is wrong with these arrays by the settings, if anything. */
function faultOf(arrays: readonly NDArray[]): { text: string; code: string; array: number } | null {
  for (const { setting, code, name, forbidden } of kinds) {
    if (!config[setting]) continue;
    for (const [array, x] of arrays.entries()) {
      const count = isInexact(x.dtype) ? countOf(x, forbidden) : 0;
      const text = x.ndim === 0 ? name : `${name} in ${count} of ${x.size} elements`;
      if (count > 0) return { text, code, array };
    }
  }
  return null;
}

/** Whether all numbers are as the settings want them. */
export const areFine = (arrays: readonly NDArray[]): boolean => faultOf(arrays) === null;

/**
 * A function whose result is looked at as a whole: what it makes on its way there, and masks itself, is not reported.
 */
export const checkedAsOne =
  <Args extends unknown[], R extends ArrayValue>(name: string, f: (...args: Args) => R) =>
  (...args: Args): R => {
    if (!isChecking()) return f(...args);
    const result = withoutChecks(true, () => f(...args));
    const value = result instanceof Dense ? result.concrete() : null;
    if (value !== null) {
      const operands = args.filter((x) => x instanceof NDArray);
      checkNumbers(name, operands, [value]);
    }
    return result;
  };

/** @throws NonFiniteError that names the operation and the user's line, when its outputs have what the settings forbid. */
export function checkNumbers(
  primitive: string,
  operands: readonly NDArray[],
  outs: readonly NDArray[],
  note = "",
): void {
  const fault = faultOf(outs);
  if (fault === null) return;
  const source = showSource(activeSource() ?? new Error().stack);
  const before = faultOf(operands);
  const inherited = before?.code === fault.code ? `; its operand ${before.array} has one already` : "";
  const given = operands.map((x) => showAval(x.aval)).join(", ");
  throw new NonFiniteError(
    fault.code,
    `${primitive} of (${given}) made a ${showAval(outs[fault.array]!.aval)} with ${fault.text}${source ? ` (at ${source})` : ""}${inherited}${note}`,
    primitive,
    source,
  );
}
