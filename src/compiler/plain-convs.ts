import { checkProgram } from "../core/check.ts";
import { type Atom, ClosedJaxpr, type Eqn, Literal, Var } from "../core/jaxpr.ts";
import type { AnyPrimitive, ParamsOf } from "../core/primitive.ts";
import { scalarOf } from "../core/scalar.ts";
import { range, sizeOf } from "../core/shape.ts";
import type { Padding } from "../lax/conv-dimensions.ts";
import { argsort } from "../lax/dimensions.ts";
import * as lax from "../lax/index.ts";

type Params = ParamsOf<typeof lax.convGeneralDilated>;

/** The equations that come to stand for one. */
class Written {
  readonly eqns: Eqn[] = [];
  constructor(private readonly original: Eqn) {}

  bind(primitive: AnyPrimitive, inputs: readonly Atom[], params: object): Var {
    const [aval] = primitive.rules.abstract(
      inputs.map((x) => x.aval),
      params,
    );
    return this.bindTo(new Var(aval!), primitive, inputs, params);
  }
  bindTo(out: Var, primitive: AnyPrimitive, inputs: readonly Atom[], params: object): Var {
    this.eqns.push({ ...this.original, primitive, inputs, outputs: [out], params });
    return out;
  }
  transpose(x: Atom, permutation: readonly number[]): Var {
    return this.bind(lax.transpose, [x], { permutation });
  }
  reshape(x: Atom, newSizes: readonly number[]): Var {
    return this.bind(lax.reshape, [x], { newSizes, dimensions: null });
  }
}

/** One axis of space: how the places of a dilated input's window come in groups of `step`. */
interface Phases {
  readonly step: number;
  /** Steps of the window in a group. */
  readonly taps: number;
  readonly groups: number;
  readonly padding: Padding;
  /** Places of the first group that are none of the result. */
  readonly start: number;
}

/** With `i` elements of the input between zeros, place `o` reads kernel `k = step·i + low - o`, at `step·j + s` for group `i - j`. */
function phasesOf(size: number, kernel: number, out: number, step: number, low: number): Phases {
  const taps = Math.ceil(kernel / step);
  const first = Math.ceil(-low / step);
  const groups = Math.ceil((out - 1 - low) / step) - first + 1;
  const start = step - 1 - (step * first + low);
  return { step, taps, groups, start, padding: [-first, groups - 1 + taps - size + first] };
}

/**
 * A convolution of an input with zeros between its elements, as one without: each group of neighbouring places reads the same
 * elements, with kernels of their own, which become features of the result.
 * @see https://arxiv.org/abs/1609.05158 on convolutions of this kind
 */
function withoutZeros(eqn: Eqn): Eqn[] {
  const params = eqn.params as Params;
  const { lhsDilation, dimensionNumbers, padding } = params;
  const { lhsSpec, rhsSpec, outSpec } = dimensionNumbers;
  const [lhs, rhs] = eqn.inputs as [Atom, Atom];
  const [result] = eqn.outputs as [Var];
  const written = new Written(eqn);
  const sizes = (x: Atom, spec: readonly number[]) => spec.map((axis) => x.aval.shape[axis]!);
  const [input, kernel, out] = [sizes(lhs, lhsSpec), sizes(rhs, rhsSpec), sizes(result, outSpec)];
  const dilatedAxes = range(lhsDilation.length).filter((i) => lhsDilation[i]! > 1);
  const phases = dilatedAxes.map((i) =>
    phasesOf(input[i + 2]!, kernel[i + 2]!, out[i + 2]!, lhsDilation[i]!, padding[i]![0]),
  );
  const count = phases.length;
  const rank = rhsSpec.length;

  // Kernels: [O, I, …k] → [O, I, …taps, …steps] → [O·steps, I, …taps].
  const zero = new Literal(scalarOf(0, rhs.aval.dtype, rhs.aval.weak));
  const paddingConfig = kernel.map((size, axis) => {
    const phase = phases[dilatedAxes.indexOf(axis - 2)];
    return [0, phase ? phase.taps * phase.step - size : 0, 0] as const;
  });
  const padded = written.bind(lax.pad, [written.transpose(rhs, rhsSpec), zero], { paddingConfig });
  const parted: number[] = [];
  /** Where each axis of the kernel is, and those of steps. */
  const [places, steps]: [number[], number[]] = [[], []];
  kernel.forEach((size, axis) => {
    const phase = phases[dilatedAxes.indexOf(axis - 2)];
    places.push(parted.push(phase ? phase.taps : size) - 1);
    if (phase) steps.push(parted.push(phase.step) - 1);
  });
  const reversed = written.bind(lax.rev, [written.reshape(padded, parted)], { dimensions: steps });
  const [o, ...rest] = places;
  const inFront = written.transpose(reversed, [o!, ...steps, ...rest]);
  const stepCount = sizeOf(phases.map(({ step }) => step));
  const kernels = written.reshape(inFront, [kernel[0]! * stepCount, ...rest.map((place) => parted[place]!)]);

  const axes = range(rank);
  const product = written.bind(lax.convGeneralDilated, [lhs, kernels], {
    ...params,
    lhsDilation: lhsDilation.map(() => 1),
    padding: padding.map((pair, i) => phases[dilatedAxes.indexOf(i)]?.padding ?? pair),
    dimensionNumbers: { lhsSpec, rhsSpec: axes, outSpec: axes },
  });

  // [N, O·steps, …groups] → [N, O, …(groups, steps)] → [N, O, …places].
  const [batch, features] = out;
  const space = product.aval.shape.slice(2);
  const apart = written.reshape(product, [batch!, features!, ...phases.map(({ step }) => step), ...space]);
  const order = space.flatMap((_, i) => {
    const phase = dilatedAxes.indexOf(i);
    return phase < 0 ? [2 + count + i] : [2 + count + i, 2 + phase];
  });
  const whole = space.map((groups, i) => groups * (phases[dilatedAxes.indexOf(i)]?.step ?? 1));
  const together = written.reshape(written.transpose(apart, [0, 1, ...order]), [batch!, features!, ...whole]);
  const startIndices = [0, 0, ...space.map((_, i) => phases[dilatedAxes.indexOf(i)]?.start ?? 0)];
  const cut = written.bind(lax.slice, [together], {
    startIndices,
    limitIndices: startIndices.map((start, i) => start + out[i]!),
    strides: null,
  });
  written.bindTo(result, lax.transpose, [cut], { permutation: argsort(outSpec) });
  return written.eqns.flatMap((each) =>
    each.primitive === lax.convGeneralDilated ? withoutPadding(each) : [each],
  );
}

/** The padding, and what zeros are left between elements, in an array. */
function withoutPadding(eqn: Eqn): Eqn[] {
  const params = eqn.params as Params;
  const { padding, lhsDilation, dimensionNumbers } = params;
  const [lhs, rhs] = eqn.inputs as [Atom, Atom];
  if (padding.every(([low, high]) => low === 0 && high === 0) && lhsDilation.every((step) => step === 1))
    return [eqn];
  const written = new Written(eqn);
  const paddingConfig = lhs.aval.shape.map((_, axis) => {
    const i = dimensionNumbers.lhsSpec.indexOf(axis) - 2;
    return [padding[i]?.[0] ?? 0, padding[i]?.[1] ?? 0, (lhsDilation[i] ?? 1) - 1] as const;
  });
  const zero = new Literal(scalarOf(0, lhs.aval.dtype, lhs.aval.weak));
  const padded = written.bind(lax.pad, [lhs, zero], { paddingConfig });
  written.bindTo(eqn.outputs[0]!, lax.convGeneralDilated, [padded, rhs], {
    ...params,
    padding: padding.map(() => [0, 0]),
    lhsDilation: lhsDilation.map(() => 1),
  });
  return written.eqns;
}

const plain = (eqn: Eqn): Eqn[] => {
  if (eqn.primitive !== lax.convGeneralDilated) return [eqn];
  const { lhsDilation, rhsDilation, windowStrides } = eqn.params as Params;
  const dense = lhsDilation.every(
    (step, i) => step === 1 || (rhsDilation[i] === 1 && windowStrides[i] === 1),
  );
  const inPhases = dense && lhsDilation.some((step) => step > 1) && sizeOf(eqn.outputs[0]!.aval.shape) > 0;
  return inPhases ? withoutZeros(eqn) : withoutPadding(eqn);
};

/**
 * The program with convolutions that read arrays without padding and without zeros between elements, where these can be told
 * apart: each element that a window reads is then at a place that is affine in the window's, and nothing is multiplied by zeros
 * that strides left. Sums have the same terms, but for products with zeros: those of an infinity are NaN. Returns `closed` itself when there is nothing to do.
 */
export function plainConvs(closed: ClosedJaxpr): ClosedJaxpr {
  checkProgram(closed, "plainConvs");
  const { jaxpr, consts } = closed;
  const eqns = jaxpr.eqns.flatMap(plain);
  return eqns.length === jaxpr.eqns.length ? closed : new ClosedJaxpr({ ...jaxpr, eqns }, consts);
}
