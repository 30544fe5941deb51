import type { AnyPrimitive } from "../core/primitive.ts";
import { arithmetic } from "./identities/arithmetic.ts";
import type { Identity } from "./identities/identity.ts";
import { logic } from "./identities/logic.ts";
import { movement } from "./identities/movement.ts";
import { products } from "./identities/products.ts";
import { reductions } from "./identities/reductions.ts";
import { fits, type Rule } from "./rewrite.ts";

/** Every identity, in the order in which they are tried: all hold bit for bit in every dtype that they take. */
export const identities: readonly Identity[] = [
  ...arithmetic,
  ...logic,
  ...movement,
  ...reductions,
  ...products,
];

/**
 * The rule that applies the first of `chosen` that holds. A result of another shape, dtype or weakness than the
 * equation's output is refused; the next identity has its turn then.
 */
export function applying(chosen: readonly Identity[]): Rule {
  const table = new Map<AnyPrimitive, Identity[]>();
  for (const identity of chosen)
    for (const primitive of identity.of) {
      const known = table.get(primitive);
      if (known) known.push(identity);
      else table.set(primitive, [identity]);
    }
  return (eqn, program) => {
    for (const { apply } of table.get(eqn.primitive) ?? []) {
      const result = apply(eqn.inputs, eqn.params as never, program, eqn);
      if (result !== null && fits(result, eqn)) return result;
    }
    return null;
  };
}

/** Applies the identities. */
export const algebraic: Rule = applying(identities);
