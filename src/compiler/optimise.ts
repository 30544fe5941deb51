import { checkProgram } from "../core/check.ts";
import type { ClosedJaxpr } from "../core/jaxpr.ts";
import { alignDots } from "./align-dots.ts";
import { packDots } from "./pack-dots.ts";
import { plainConvs } from "./plain-convs.ts";
import { reassociate } from "./reassociate.ts";
import { simplifyWith } from "./simplify.ts";

/**
 * The program as a compiling backend wants it: `simplify`, and the passes that exchange one computation for a cheaper one:
 * `plainConvs`, `reassociate`, `alignDots`, `packDots`. So are the programs that equations hold. With `wanted`, only those outputs are left.
 *
 * `simplify` keeps every bit. This keeps integers, shapes and dtypes; sums of floats may be taken in another order, as in any
 * compiled product.
 */
export const optimise = (closed: ClosedJaxpr, wanted?: readonly boolean[]): ClosedJaxpr => {
  checkProgram(closed, "optimise");
  return simplifyWith([plainConvs, reassociate, alignDots, packDots], closed, wanted);
};
