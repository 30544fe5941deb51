import { type Backend, type Buffer, defineBackend, type Executable, HostBuffer } from "../../core/backend.ts";
import { simplify } from "../../compiler/index.ts";
import type { TypedArray } from "../../core/dtype.ts";
import { BackendError } from "../../core/errors.ts";
import { type ClosedJaxpr, type Eqn, Literal } from "../../core/jaxpr.ts";
import type { AnyPrimitive } from "../../core/primitive.ts";
import { type Aval, NDArray } from "../../core/value.ts";
import { hostKernel } from "../host-kernel.ts";
import type { Kernel, LowerHolder } from "../lowering.ts";
import { lowerings } from "./lowerings.ts";

function kernelOf(
  primitive: AnyPrimitive,
  params: object,
  operands: readonly Aval[],
  outs: readonly Aval[],
): Kernel {
  // The table is exhaustive over lax; a primitive from elsewhere brings `expand` and never comes here.
  const lower = (lowerings as Record<string, LowerHolder<object> | undefined>)[primitive.primitive];
  if (lower === undefined) {
    throw new BackendError(
      "backend/primitive",
      `the reference backend has no ${primitive.primitive}: give the primitive an expand rule`,
    );
  }
  return lower(params, operands, outs, kernelOfProgram);
}

/** The kernel of an equation that is not a call. */
export const kernelOfEquation = (eqn: Eqn): Kernel =>
  eqn.primitive.rules.host
    ? hostKernel(eqn)
    : kernelOf(
        eqn.primitive,
        eqn.params,
        eqn.inputs.map((x) => x.aval),
        eqn.outputs.map((v) => v.aval),
      );

/** In the place of data that is not needed any more. */
const released = new Uint8Array(0);

/** One equation of a compiled program: registers in, registers out. */
interface Step {
  readonly kernel: Kernel;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Registers that nothing reads after this step. */
  readonly free: readonly number[];
}

const kernels = new WeakMap<ClosedJaxpr, Kernel>();
/** The kernel of a program that an equation holds. */
function kernelOfProgram(closed: ClosedJaxpr): Kernel {
  let kernel = kernels.get(closed);
  if (kernel === undefined) kernels.set(closed, (kernel = compile(closed)));
  return kernel;
}

function compile(closed: ClosedJaxpr): Kernel {
  const { jaxpr, consts } = simplify(closed);
  const registers = new Map<object, number>();
  const initial: TypedArray[] = [];
  const register = (key: object): number => {
    let index = registers.get(key);
    if (index === undefined) registers.set(key, (index = registers.size));
    return index;
  };
  const read = (atom: object): number => {
    const index = register(atom);
    if (atom instanceof Literal) initial[index] = atom.value.storage;
    return index;
  };
  jaxpr.constvars.forEach((v, i) => {
    const value = consts[i];
    if (!(value instanceof NDArray))
      throw new BackendError("backend/constant", "a compiled program has a traced constant");
    initial[register(v)] = value.storage;
  });
  const inputs = jaxpr.invars.map(register);
  const steps = jaxpr.eqns.map((eqn): Omit<Step, "free"> => ({
    kernel: kernelOfEquation(eqn),
    inputs: eqn.inputs.map(read),
    outputs: eqn.outputs.map(register),
  }));
  const outs = jaxpr.outvars.map(read);
  const kept = new Set([
    ...outs,
    ...jaxpr.constvars.map(register),
    ...[...registers].flatMap(([key, index]) => (key instanceof Literal ? [index] : [])),
  ]);
  const program = withFrees(steps, kept);
  return (operands) => {
    const slots = initial.slice();
    for (let i = 0; i < inputs.length; i++) slots[inputs[i]!] = operands[i]!;
    for (const { kernel, inputs, outputs, free } of program) {
      const results = kernel(inputs.map((index) => slots[index]!));
      for (let i = 0; i < outputs.length; i++) slots[outputs[i]!] = results[i]!;
      // So that the memory of what nothing reads any more can be had again.
      for (const index of free) slots[index] = released;
    }
    return outs.map((index) => slots[index]!);
  };
}

/** Each step with the registers whose last use it is. */
function withFrees(steps: readonly Omit<Step, "free">[], kept: Set<number>): Step[] {
  const live = new Set(kept);
  return steps
    .toReversed()
    .map((step) => {
      const free = [...new Set([...step.inputs, ...step.outputs])].filter((index) => !live.has(index));
      for (const index of free) live.add(index);
      return { ...step, free };
    })
    .toReversed();
}

/** Plain loops over typed arrays: the oracle of the other backends. */
export const reference: Backend = defineBackend({
  name: "reference",
  ready: () => Promise.resolve(),
  apply(primitive, operands, params, outs): Buffer[] {
    const kernel = kernelOf(
      primitive,
      params,
      operands.map((x) => x.aval),
      outs,
    );
    return kernel(operands.map((x) => x.storage)).map((data) => new HostBuffer(data));
  },
  compile(closed): Executable {
    const kernel = compile(closed);
    return {
      execute: (buffers) => kernel(buffers.map((x) => x.read())).map((data) => new HostBuffer(data)),
    };
  },
});
