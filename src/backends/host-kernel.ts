import { HostBuffer } from "../core/backend.ts";
import { callHost } from "../core/host-call.ts";
import type { Eqn } from "../core/jaxpr.ts";
import { NDArray } from "../core/value.ts";
import type { Kernel } from "./lowering.ts";

/** The kernel of an equation that calls a function of the user's. */
export function hostKernel({ primitive, inputs, params, source }: Eqn): Kernel {
  const avals = inputs.map((x) => x.aval);
  return (storages) => {
    const operands = storages.map((data, i) => new NDArray(avals[i]!, new HostBuffer(data)));
    return callHost(primitive, operands, params, source).map((x) => x.storage);
  };
}
