import type { Term } from "../../compiler/kernel/statement.ts";

type Op = Extract<Term, { kind: "op" }>;

/** Whether two terms are the same without looking into them. */
const isSame = (a: Term, b: Term): boolean =>
  a === b || (a.kind === "local" && b.kind === "local" && a.local === b.local);

/**
 * The instruction that a choice between two floats by their order is, NaN and zeros included, and its operands; null for
 * other terms.
 * @see https://webassembly.github.io/spec/core/exec/numerics.html#op-fpmin
 */
export function extremumOf({ op, of, args }: Op): readonly ["pmin" | "pmax", a: Term, b: Term] | null {
  const [condition, chosen, other] = args;
  if (op !== "select" || (of !== "f32" && of !== "f64")) return null;
  if (condition!.kind !== "op" || condition!.op !== "lt" || condition!.of !== of) return null;
  const [less, greater] = condition!.args as [Term, Term];
  // pmin(a, b) is b < a ? b : a, and pmax(a, b) is a < b ? b : a.
  if (isSame(less, chosen!) && isSame(greater, other!)) return ["pmin", other!, chosen!];
  return isSame(less, other!) && isSame(greater, chosen!) ? ["pmax", other!, chosen!] : null;
}
