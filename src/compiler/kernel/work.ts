import { type Nest, reachable, rootsOf, usualOperandsOf } from "./nest.ts";
import { stepsOf } from "./profile.ts";

/** An estimate of the operations that a nest takes, loads and stores being some, and what is rare none. */
export function workOf({ stores }: Nest): number {
  let work = stores.reduce((sum, { loops }) => sum + stepsOf(loops), 0);
  for (const expr of reachable(stores.flatMap(rootsOf), usualOperandsOf))
    if (expr.kind === "op" || expr.kind === "load") work += stepsOf(expr.loops);
    else if (expr.kind === "reduced") work += stepsOf([...expr.loops, ...expr.reduction.over]);
  return work;
}
