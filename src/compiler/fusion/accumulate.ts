import { type Atom, type Eqn, type Jaxpr, Literal, type Var } from "../../core/jaxpr.ts";
import type { AnyPrimitive, ParamsOf } from "../../core/primitive.ts";
import { sameShape, sizeOf } from "../../core/shape.ts";
import type { Aval } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import type { Element } from "../kernel/element.ts";
import type { Index } from "../kernel/reader.ts";
import type { Computation, Update, Updates } from "../lower/row.ts";
import { addition } from "../lower/scatter.ts";
import { usesOf } from "../rewrite.ts";

// x + pad(u) is x with u added to a window of it. A sum of n windows in an array of m elements is so computed in the array
// itself, in m steps and those of the windows, rather than in n·m.

/** The equations of a block, in which sums have become updates of windows. */
export interface Accumulations {
  readonly eqns: readonly Eqn[];
  /** How the equations are computed that are not computed as their primitive is. */
  readonly computations: ReadonlyMap<Eqn, Updates>;
  /** What those equations are in the program. */
  readonly origins: ReadonlyMap<Eqn, readonly Eqn[]>;
}

/** An array that is zero but in a window, as the update of what it is added to. */
interface Windowed {
  readonly eqn: Eqn;
  /** What the update reads, given what it updates. */
  readonly inputs: (base: Atom) => readonly Atom[];
  readonly updates: Updates;
  /** Elements that are written. */
  readonly size: number;
}

/** Windows of known places up to which one kernel adds all of them, piece by piece of the array. */
const FEW = 8;

/**
 * Finds sums of cotangents of which terms are zero but in a window: what `pad` makes of an array and zeros, and what
 * `dynamic_update_slice` and `scatter-add` make of zeros. A term of a sum is added where it was, so the others may be
 * added to what it is added to. Zeros that are not added to a zero do not make it positive.
 * @param carried Whether what is given may be updated where it is.
 */
export function accumulations(
  jaxpr: Jaxpr,
  computationOf: (eqn: Eqn) => Computation | null,
  carried: boolean,
): Accumulations {
  if (!jaxpr.eqns.some(({ primitive }) => primitive === lax.addAny)) return none(jaxpr);
  const found = new Search(jaxpr, computationOf, carried);
  return { eqns: found.eqns(), computations: found.computations, origins: found.origins };
}

const none = ({ eqns }: Jaxpr): Accumulations => ({ eqns, computations: new Map(), origins: new Map() });

/** Additions whose results nothing else reads than the last of them, in order. */
interface Sum {
  readonly additions: readonly Eqn[];
  /** For each addition, its operands that are no other's result. */
  readonly terms: readonly (readonly Atom[])[];
}

class Search {
  readonly computations = new Map<Eqn, Updates>();
  readonly origins = new Map<Eqn, readonly Eqn[]>();
  private readonly uses: ReadonlyMap<Atom, number>;
  private readonly producers = new Map<Atom, Eqn>();
  /** What the equations become that are not kept. */
  private readonly replaced = new Map<Eqn, readonly Eqn[]>();

  constructor(
    private readonly jaxpr: Jaxpr,
    private readonly computationOf: (eqn: Eqn) => Computation | null,
    private readonly carried: boolean,
  ) {
    this.uses = usesOf(jaxpr);
    for (const eqn of jaxpr.eqns) for (const v of eqn.outputs) this.producers.set(v, eqn);
  }

  eqns(): readonly Eqn[] {
    const { eqns } = this.jaxpr;
    for (const sum of this.sums()) this.accumulate(sum);
    return this.replaced.size === 0 ? eqns : eqns.flatMap((eqn) => this.replaced.get(eqn) ?? [eqn]);
  }

  private sums(): Sum[] {
    const { eqns } = this.jaxpr;
    // An addition is part of the sum of the one that reads it.
    const lastOf = new Map<Eqn, Eqn>();
    const sums = new Map<Eqn, { additions: Eqn[]; terms: Atom[][] }>();
    for (const eqn of eqns.toReversed()) {
      if (eqn.primitive !== lax.addAny) continue;
      const last = lastOf.get(eqn) ?? eqn;
      let sum = sums.get(last);
      if (sum === undefined) sums.set(last, (sum = { additions: [], terms: [] }));
      const terms: Atom[] = [];
      for (const x of eqn.inputs) {
        const before = this.onlyUse(x, lax.addAny);
        if (before) lastOf.set(before, last);
        else terms.push(x);
      }
      sum.additions.push(eqn);
      sum.terms.push(terms);
    }
    return Array.from(sums.values(), ({ additions, terms }) => ({
      additions: additions.reverse(),
      terms: terms.reverse(),
    }));
  }

  private accumulate({ additions, terms }: Sum): void {
    const last = additions.at(-1)!;
    const out = last.outputs[0]!;
    const all = terms.flat();
    if (out.aval.dtype === "bool" || all.some((x) => !sameShape(x.aval.shape, out.aval.shape))) return;
    const windows = new Map<Atom, Windowed>();
    for (const x of all) {
      const window = this.windowed(x);
      if (window) windows.set(x, window);
    }
    if (!this.isWorthwhile(all, windows, out)) return;
    let sum: Atom | null = null;
    let next = 0;
    additions.forEach((addition, i) => {
      const made: Eqn[] = [];
      // What is no window is what windows are added to.
      const own = terms[i]!.toSorted((a, b) => Number(windows.has(a)) - Number(windows.has(b)));
      for (const x of own) {
        const window = windows.get(x);
        if (sum === null) sum = x;
        else {
          const { outputs } = additions[next++]!;
          if (window) made.push(this.updating(sum, window, { ...addition, outputs }));
          else made.push({ ...addition, inputs: [sum, x], outputs });
          sum = outputs[0]!;
        }
      }
      this.replaced.set(addition, made);
    });
  }

  private updating(sum: Atom, { eqn, inputs, updates }: Windowed, addition: Eqn): Eqn {
    const made = { ...addition, inputs: inputs(sum) };
    this.computations.set(made, updates);
    this.origins.set(made, [eqn, { ...addition, inputs: [sum, eqn.outputs[0]!] }]);
    this.replaced.set(eqn, []);
    return made;
  }

  private isWorthwhile(all: readonly Atom[], windows: ReadonlyMap<Atom, Windowed>, out: Var): boolean {
    const found = [...windows.values()];
    if (found.length === 0) return false;
    // What is written in part is in memory of its own already.
    if (found.some(({ eqn }) => eqn.primitive !== lax.pad)) return true;
    const size = sizeOf(out.aval.shape);
    const written = found.reduce((sum, window) => sum + window.size, 0);
    if (found.length > FEW && 4 * written <= found.length * size) return true;
    const [base] = all.filter((x) => !windows.has(x));
    const isCarry =
      base !== undefined && this.jaxpr.invars.includes(base as Var) && this.uses.get(base) === 1;
    return this.carried && isCarry && this.jaxpr.outvars.includes(out) && 2 * written <= size;
  }

  /** The equation that computes `x`, if it is one of these, and nothing else reads `x`. */
  private onlyUse(x: Atom, ...primitives: readonly AnyPrimitive[]): Eqn | undefined {
    const eqn = this.producers.get(x);
    return eqn && primitives.includes(eqn.primitive) && this.uses.get(x) === 1 ? eqn : undefined;
  }

  private windowed(x: Atom): Windowed | null {
    const eqn = this.onlyUse(x, lax.pad, lax.dynamicUpdateSlice, lax.scatterAdd);
    if (!eqn) return null;
    if (eqn.primitive === lax.pad) {
      const [u, padding] = eqn.inputs;
      if (!this.isZero(padding!)) return null;
      const update = padded(eqn.params as ParamsOf<typeof lax.pad>, u!.aval, x.aval);
      return {
        eqn,
        inputs: (base) => [base, u!],
        updates: {
          kind: "updates",
          base: 0,
          updates: ([, read]) => [added(update, (step) => read!(update.from(step)), x.aval)],
        },
        size: sizeOf(update.sizes),
      };
    }
    const computation = this.computationOf(eqn);
    if (computation?.kind !== "updates" || !this.isZero(eqn.inputs[computation.base]!)) return null;
    const { base, updates } = computation;
    const isSlice = eqn.primitive === lax.dynamicUpdateSlice;
    return {
      eqn,
      inputs: (sum) => eqn.inputs.with(base, sum),
      updates: isSlice
        ? {
            ...computation,
            updates: (operands) =>
              updates(operands).map((update) => added(update, (step) => update.value(step, []), x.aval)),
          }
        : computation,
      size: sizeOf(eqn.inputs[isSlice ? 1 : 2]!.aval.shape),
    };
  }

  /** Whether `x` is 0 everywhere. */
  private isZero(x: Atom): boolean {
    if (x instanceof Literal) return x.value.storage.every((word) => Object.is(Number(word), 0));
    const eqn = this.producers.get(x);
    return eqn?.primitive === lax.broadcastInDim && this.isZero(eqn.inputs[0]!);
  }
}

/** Where the elements of a padded array go that are not cut off, and where they come from. */
function padded(
  { paddingConfig }: ParamsOf<typeof lax.pad>,
  { shape }: Aval,
  out: Aval,
): Omit<Update, "value"> & { readonly from: (step: Index) => Index } {
  const axes = paddingConfig.map(([low, , interior], axis) => {
    const stride = interior + 1;
    const first = Math.max(0, Math.ceil(-low / stride));
    const last = Math.min(shape[axis]! - 1, Math.floor((out.shape[axis]! - 1 - low) / stride));
    return { stride, first, start: low + first * stride, size: Math.max(0, last - first + 1) };
  });
  return {
    sizes: axes.map(({ size }) => size),
    from: (step) => step.map((i, axis) => i.plus(axes[axis]!.first)),
    place: (step) => step.map((i, axis) => i.times(axes[axis]!.stride).plus(axes[axis]!.start)),
    apart: axes.map(() => true),
  };
}

/** The update that adds. */
const added = (update: Omit<Update, "value">, value: (step: Index) => Element, { dtype }: Aval): Update => ({
  ...update,
  value: (step, before) => addition(dtype)(before, value(step)),
});
