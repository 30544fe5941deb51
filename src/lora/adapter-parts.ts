import { describe } from "../core/trace.ts";
import { type ArrayValue, concreteOf, Dense } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { matrixTranspose } from "../numpy/shape.ts";
import { AdaptedArray } from "./adapted.ts";
import type { TargetTensors } from "./adapter-layout.ts";
import { LoraArray, type LoraSettings } from "./array.ts";
import { DoraArray } from "./dora.ts";
import { LoraKernel } from "./kernel.ts";
import type { LoraConfig } from "./peft-config.ts";

/** Whether the factors `a` and `b` are `B` and `A` of PEFT; otherwise these transposed. */
const isInOrder = ({ kind }: TargetTensors): boolean => kind === "linear" || kind === "conv";

/** The weight with the adapter of a file, whose tensors `read` gives. */
export function adaptedOf(
  target: TargetTensors,
  w: ArrayValue,
  read: (key: string) => ArrayValue,
  settings: LoraSettings,
): AdaptedArray {
  const [A, B] = [read(target.A.key), read(target.B.key)];
  if (target.kind === "conv") return new LoraKernel(w, lax.reshape(B, B.shape.slice(0, 2)), A, settings);
  const [a, b] = isInOrder(target) ? [B, A] : [matrixTranspose(A), matrixTranspose(B)];
  if (target.magnitude === null) return LoraArray.of(w, a, b, settings);
  return DoraArray.of(w, a, b, { ...settings, magnitude: read(target.magnitude.key) });
}

/** The tensors that a file has for a weight in which {@link faultOf} finds no fault, by their keys. */
export function tensorsIn(target: TargetTensors, array: ArrayValue): [key: string, tensor: ArrayValue][] {
  const { a, b } = array as LoraArray | LoraKernel;
  const [A, B] = isInOrder(target) ? [b, a] : [matrixTranspose(a), matrixTranspose(b)];
  const tensors: [string, ArrayValue][] = [
    [target.A.key, A],
    [target.B.key, lax.reshape(B, target.B.shape)],
  ];
  if (target.magnitude) tensors.push([target.magnitude.key, (array as DoraArray).magnitude]);
  return tensors;
}

/** What keeps an array of the model from being what the configuration says of it; null where nothing does. */
export function faultOf(
  path: string,
  array: ArrayValue,
  target: TargetTensors | undefined,
  { useDora, loraDropout }: LoraConfig,
): string | null {
  if (target === undefined)
    return array instanceof AdaptedArray ? `${path} is ${describe(array)}, and no weight of a target` : null;
  const Class = target.kind === "conv" ? LoraKernel : useDora ? DoraArray : LoraArray;
  const isAdapter = array instanceof LoraArray || array instanceof LoraKernel;
  if (!isAdapter || Object.getPrototypeOf(array) !== Class.prototype)
    return `${path} is ${describe(array)}, and a target of ${Class.name}`;
  if (array._w instanceof AdaptedArray) return `${path} has an adapter over another one`;
  const rank = array.a.shape[1];
  if (rank !== target.rank) return `${path} is of rank ${rank}, in the configuration ${target.rank}`;
  const scaling = Number(
    array.scaling instanceof Dense ? concreteOf(array.scaling, "lora.saveAdapter").storage[0] : array.scaling,
  );
  if (Math.abs(scaling - target.scaling) > 1e-6 * Math.abs(target.scaling))
    return `${path} has the scaling ${scaling}, in the configuration ${target.scaling}`;
  return array.dropout === loraDropout
    ? null
    : `${path} has the dropout ${array.dropout}, in the configuration ${loraDropout}`;
}
