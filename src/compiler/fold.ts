import { type Eqn, Literal, subJaxprs } from "../core/jaxpr.ts";
import { sizeOf } from "../core/shape.ts";
import type { Rule } from "./rewrite.ts";
import { evaluated, evaluatedAs, uniform, uniformValue } from "./uniform.ts";

/** Elements of the largest array that is computed while compiling. */
const LARGEST = 64;

/** Pure, and a single step of the backend. */
function isFoldable({ primitive, params, inputs, outputs, effects }: Eqn): boolean {
  const { axes, evaluate, host, expand, inline } = primitive.rules;
  if (effects.length > 0 || inputs.length === 0 || axes || evaluate || host || expand || inline) return false;
  // Keys stay in the program, so that its random numbers can be followed.
  if ([...inputs, ...outputs].some((x) => x.aval.dtype === "key<fry>")) return false;
  return subJaxprs(params).length === 0;
}

/**
 * Computes what depends on constants only, if it is small; and what an elementwise operation makes of arrays that hold
 * one number everywhere, once. A scalar's broadcast stays as it is.
 */
export const foldConstants: Rule = (eqn, program) => {
  if (!isFoldable(eqn)) return null;
  const { primitive, inputs, outputs } = eqn;
  const operands = inputs.map((x) => program.constant(x));
  if (operands.every((x) => x !== null)) {
    const small = [...operands, ...outputs.map((v) => v.aval)].every((x) => sizeOf(x.shape) <= LARGEST);
    const spreads = operands.every((x) => x.ndim === 0) && outputs.some((v) => v.aval.shape.length > 0);
    if (!small || spreads) return null;
    return evaluatedAs(
      primitive,
      operands,
      eqn.params,
      outputs.map((v) => v.aval),
    ).map((x) => program.atomOf(x));
  }
  if (!primitive.rules.elementwise || outputs.length !== 1) return null;
  const scalars = inputs.map((x) => uniformValue(x, program));
  if (!scalars.every((x) => x !== null)) return null;
  const value = evaluated(
    primitive,
    scalars.map((x) => x.value),
    eqn.params,
  );
  return uniform(new Literal(value), outputs[0]!.aval.shape);
};
