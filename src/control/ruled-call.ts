import type { ClosedJaxpr } from "../core/jaxpr.ts";
import type { Primitive } from "../core/primitive.ts";
import type { ArrayValue, Value } from "../core/value.ts";
import { Form, arraysOf, flattenValues, rebuildAll } from "./form.ts";
import { quaxifiedJaxpr } from "./quaxified-jaxpr.ts";
import { checkStructure } from "./structured-tangents.ts";
import { batchedJaxpr } from "./transformed-jaxpr.ts";

// Rules of primitives that call a program which has a rule of the user's beside it.

type Arrays = readonly ArrayValue[];
type Dims = readonly (number | null)[];

interface RuledParams {
  readonly callJaxpr: ClosedJaxpr;
  /** Leading operands that the function captured: of these the rule says nothing. */
  readonly numConsts: number;
}
type RuledCall<P extends RuledParams> = Primitive<string, Arrays, P>;

/** The call over a batch, with the rule that `batched` makes for the dims of its own operands; outputs are at 0. */
export function batchOfRuled<P extends RuledParams>(
  call: RuledCall<P>,
  operands: Arrays,
  dims: Dims,
  size: number,
  params: P,
  axis: string | undefined,
  batched: (dims: Dims) => Partial<P>,
): readonly [outs: Arrays, dims: Dims] {
  const front = params.callJaxpr.outAvals.map(() => 0);
  const { closed, consts } = batchedJaxpr(params.callJaxpr, dims, size, front, axis);
  const outs = call.bind([...consts, ...operands], {
    ...params,
    ...batched(dims.slice(params.numConsts)),
    callJaxpr: closed,
    numConsts: consts.length + params.numConsts,
  });
  return [outs, outs.map(() => 0)];
}

/**
 * The call over structured values. `structured` makes the rule on arrays from the way to the values of its own operands
 * and the way back from its results.
 */
export function quaxifyOfRuled<P extends RuledParams>(
  call: RuledCall<P>,
  values: readonly Value[],
  params: P,
  rule: string,
  structured: (
    rebuild: (arrays: Arrays) => readonly Value[],
    flat: (outs: readonly Value[]) => Arrays,
  ) => Partial<P>,
): readonly Value[] {
  const { closed, consts, outs: forms } = quaxifiedJaxpr(params.callJaxpr, values.map(Form.of), call);
  const arrays = arraysOf(values);
  const own = flattenValues(values.slice(params.numConsts));
  let rebuildOuts = (results: Arrays): Value[] => rebuildAll(forms, results);
  // The rule runs in place of the program, or later, when the program has been recorded.
  let recorded = false;
  const flat = (outs: readonly Value[]): Arrays => {
    if (recorded) checkStructure(outs, forms, rule);
    const found = flattenValues(outs);
    rebuildOuts = found.rebuild;
    return found.arrays;
  };
  const outs = call.bind([...consts, ...arrays], {
    ...params,
    ...structured(own.rebuild, flat),
    callJaxpr: closed,
    numConsts: consts.length + arrays.length - own.arrays.length,
  });
  recorded = true;
  return rebuildOuts(outs);
}
