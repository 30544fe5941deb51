import type { Loop } from "./expression.ts";
import { type Nest, reachable, rootsOf, usualOperandsOf } from "./nest.ts";

/** An estimate of the operations that a nest takes, loads and stores being some, and what is rare none. */
export function workOf({ stores }: Nest): number {
  const steps = (loops: Iterable<Loop>): number => {
    let product = 1;
    for (const { size } of loops) product *= size;
    return product;
  };
  let work = stores.reduce((sum, { loops }) => sum + steps(loops), 0);
  for (const expr of reachable(stores.flatMap(rootsOf), usualOperandsOf))
    if (expr.kind === "op" || expr.kind === "load") work += steps(expr.loops);
    else if (expr.kind === "reduced") work += steps([...expr.loops, ...expr.reduction.over]);
  return work;
}
