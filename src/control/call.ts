import type { ClosedJaxpr } from "../core/jaxpr.ts";
import {
  type CheckpointPolicy,
  Linear,
  type Primitive,
  type Pruned,
  type Rematerialised,
} from "../core/primitive.ts";
import type { ArrayValue, Value } from "../core/value.ts";
import { Form, rebuildAll } from "./form.ts";
import { rematerialisedJaxpr } from "./rematerialised-jaxpr.ts";
import { allArraysAs } from "./joined-form.ts";
import { quaxifiedJaxpr } from "./quaxified-jaxpr.ts";
import {
  batchedJaxpr,
  isActive,
  jvpJaxpr,
  present,
  prunedJaxpr,
  spread,
  type TransposedJaxpr,
} from "./transformed-jaxpr.ts";

// Rules of primitives that call one jaxpr, on their operands and whole.

interface CallParams {
  readonly jaxpr: ClosedJaxpr;
}
type Call<P extends CallParams> = Primitive<string, readonly ArrayValue[], P>;
type Arrays = readonly ArrayValue[];
type MaybeArrays = readonly (ArrayValue | null)[];

export function jvpOfCall<P extends CallParams>(
  call: Call<P>,
  primals: Arrays,
  tangents: MaybeArrays,
  params: P,
): readonly [outs: Arrays, tangents: MaybeArrays] {
  const { closed, consts, outActive } = jvpJaxpr(params.jaxpr, isActive(tangents));
  const results = call.bind([...consts, ...primals, ...present(tangents)], { ...params, jaxpr: closed });
  return [results.slice(0, outActive.length), spread(outActive, results.slice(outActive.length))];
}

export function transposeOfCall<P extends CallParams>(
  call: Call<P>,
  transposed: (jaxpr: ClosedJaxpr, linear: readonly boolean[], given: readonly boolean[]) => TransposedJaxpr,
  cotangents: MaybeArrays,
  operands: readonly (ArrayValue | Linear)[],
  params: P,
): MaybeArrays {
  const { closed, consts, active } = transposed(
    params.jaxpr,
    operands.map((x) => x instanceof Linear),
    isActive(cotangents),
  );
  if (!active.includes(true)) return active.map(() => null);
  const values = operands.filter((x): x is ArrayValue => !(x instanceof Linear));
  const results = call.bind([...consts, ...values, ...present(cotangents)], { ...params, jaxpr: closed });
  return spread(active, results);
}

export function batchOfCall<P extends CallParams>(
  call: Call<P>,
  operands: Arrays,
  dims: readonly (number | null)[],
  size: number,
  params: P,
  name: string | undefined,
): readonly [outs: Arrays, dims: readonly (number | null)[]] {
  const { closed, consts, outDims } = batchedJaxpr(params.jaxpr, dims, size, [], name);
  return [call.bind([...consts, ...operands], { ...params, jaxpr: closed }), outDims];
}

export function quaxifyOfCall<P extends CallParams>(
  call: Call<P>,
  values: readonly Value[],
  params: P,
): readonly Value[] {
  const forms = values.map(Form.known);
  const { known } = quaxifiedJaxpr(params.jaxpr, forms, call);
  const { closed, consts } = quaxifiedJaxpr(params.jaxpr, forms, call, known);
  const arrays = allArraysAs(values, forms, call);
  return rebuildAll(known, call.bind([...consts, ...arrays], { ...params, jaxpr: closed }));
}

/** A call for the outputs that are wanted, without what only the others need. */
export function pruneOfCall<P extends CallParams>(params: P, wanted: readonly boolean[]): Pruned<P> {
  const { closed, inputs } = prunedJaxpr(params.jaxpr, wanted);
  return { params: { ...params, jaxpr: closed }, inputs, outputs: wanted };
}

export function rematerialisedCall<P extends CallParams>(
  call: Call<P>,
  operands: Arrays,
  params: P,
  policy: CheckpointPolicy,
): Rematerialised<P> {
  const { forward, consts, residuals, again, recomputed } = rematerialisedJaxpr(params.jaxpr, policy);
  const results = call.bind([...consts, ...operands], { ...params, jaxpr: forward });
  return {
    outs: results.slice(0, recomputed.length),
    residuals: residuals.map((i) => results[i]!),
    params: { ...params, jaxpr: again },
    recomputed,
  };
}
