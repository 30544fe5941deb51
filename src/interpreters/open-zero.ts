import { nodeKind } from "../tree/index.ts";
import { isInexact } from "../core/dtype.ts";
import { scalarOf } from "../core/scalar.ts";
import { type Aval, ArrayValue } from "../core/value.ts";
import { div } from "../lax/index.ts";
import type { DefaultRule } from "./quax.ts";
import { repeated } from "./uniform.ts";

/**
 * Zeros of a class that is still open: what a loop starts from, while the class of its carry is found out. What is
 * linear in them gives such zeros again; in anything else they are a plain array.
 */
export class OpenZero extends ArrayValue {
  static override readonly [nodeKind] = "leaf";

  constructor(override readonly aval: Aval) {
    super();
  }

  override materialise(): ArrayValue {
    return repeated(scalarOf(0, this.dtype, this.aval.weak), this.shape);
  }

  static default: DefaultRule = (prim, operands, params) => {
    const { transpose, linearity, abstract } = prim.rules;
    const isOpen = operands.map((x) => x instanceof OpenZero);
    const isFactor = linearity === "multilinear" || ((prim as unknown) === div && isOpen[0]);
    // What has a transpose is linear in those of its operands that are numbers, if it is not so in each.
    const isLinear = transpose && operands.every((x, i) => isOpen[i] || !isInexact(x.aval.dtype));
    if (!isFactor && !isLinear)
      return prim.bind(
        operands.map((x) => (x instanceof OpenZero ? x.materialise() : x)),
        params,
      );
    const avals = operands.map((x) => x.aval);
    return abstract(avals, params).map((aval) => new OpenZero(aval));
  };
  /** Whatever class the other operands are of. */
  static readonly defaultPrecedence = Infinity;
}
