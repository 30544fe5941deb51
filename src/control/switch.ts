import { isInteger } from "../core/dtype.ts";
import { ArgumentError, DTypeError } from "../core/errors.ts";
import { type Operand, showAval } from "../core/value.ts";
import { clamp, convertElementType } from "../lax/index.ts";
import { traceBranches } from "./branches.ts";
import { cond } from "./cond.ts";
import { checkFunction, flattenOperands, located, scalarOperand, type Traced } from "./operands.ts";

/**
 * `branches[index](…operands)`; an index out of range is clamped. Only one branch runs, as in `cond`.
 *
 * @throws ArgumentError when there is no branch; DTypeError when the index is no integer; and as `cond`.
 * @example
 * lax.switch(2, [np.sin, np.cos, np.tanh], x); // tanh x
 * @see `jax.lax.switch`
 */
function switchOf<const Operands extends readonly unknown[], const R>(
  index: Operand,
  branches: readonly ((...operands: Traced<Operands>) => R)[],
  ...operands: Operands
): Traced<R> {
  const scalar = scalarOperand(index, "switch", "the index");
  if (!isInteger(scalar.dtype))
    throw located(
      new DTypeError("control/index", `switch: the index must be an integer, got ${showAval(scalar.aval)}`),
    );
  if (!Array.isArray(branches) || branches.length === 0)
    throw located(
      new ArgumentError("control/branches", "switch takes a list of at least one branch, each a function"),
    );
  const names = branches.map((_, i) => `branch ${i}`);
  const which = clamp(0, convertElementType(scalar, "int32"), branches.length - 1);
  // With one branch there is no choice.
  if (branches.length === 1) {
    const given = flattenOperands(operands, "switch");
    const only = checkFunction(branches[0], "switch", names[0]!);
    const result = flattenOperands(only(...(given.rebuild(given.arrays) as never[])), "switch");
    return result.rebuild(result.arrays) as Traced<R>;
  }
  const traced = traceBranches("switch", branches, names, operands);
  const outs = cond.bind([which, ...traced.operands], { branches: traced.branches });
  return traced.rebuild(outs) as Traced<R>;
}
export { switchOf as switch };
