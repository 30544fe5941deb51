import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { type Expr, load, Loop } from "../../../../src/compiler/kernel/expression.ts";
import { Interpreter } from "../kernel/interpret.ts";

/** What f makes of each place of equally long columns of arguments. */
export function evaluate(
  f: (...xs: Expr[]) => Expr,
  columns: readonly (Float32Array | Float64Array)[],
): number[] {
  const loop = new Loop(columns[0]!.length, "i");
  const memories = columns.map((data, i) => {
    const storage = data instanceof Float32Array ? "f32" : "f64";
    return [{ name: `x${i}`, storage } as const, data] as const;
  });
  const machine = new Interpreter(memories);
  const expr = f(...memories.map(([memory]) => load(memory, Affine.loop(loop))));
  const results: number[] = [];
  machine.each([loop], () => results.push(machine.value(expr) as number));
  return results;
}

const word = new BigInt64Array(1);
const double = new Float64Array(word.buffer);
/** ⌊log₂ |x|⌋ of a number that is not subnormal. */
function exponentOf(x: number): number {
  double[0] = Math.abs(x);
  return Number(word[0]! >> 52n) - 1023;
}

/**
 * Error of `got` in units in the last place of the result `wanted + rest`; what lies beyond the largest f32 counts as the
 * next number. Infinite if one is NaN, infinite or a zero with a sign, and the other is not.
 */
export function errorInUlps(type: "f32" | "f64", got: number, wanted: number, rest = 0): number {
  const [fraction, least, most] = type === "f32" ? [23, -126, 127] : [52, -1022, 1023];
  const rounded = type === "f32" ? Math.fround(wanted) : wanted;
  if (Object.is(got, rounded) && (rounded === 0 || !Number.isFinite(rounded))) return 0;
  if (got !== got || wanted !== wanted || (got === 0 && rounded === 0)) return Infinity;
  const end = 2 ** most * 2;
  const held = (x: number) => Math.min(Math.max(x, -end), end);
  const unit = 2 ** (Math.min(Math.max(exponentOf(wanted), least), most) - fraction);
  return Math.abs(held(got) - held(wanted) - rest) / unit;
}
