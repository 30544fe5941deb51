import { type Atom, type Eqn, Literal, type Var } from "../../core/jaxpr.ts";
import { dtypeInfo } from "../../core/dtype.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Aval } from "../../core/value.ts";
import type { Computation, Elements } from "../lower/row.ts";
import type { Boundary, Group, Known, Plan, Reason, Single } from "./plan.ts";
import { composed, isAligned, leading, probe, type Relation } from "./probe.ts";

/** Operations for the elements of one row in one kernel, as far as each is once: */
const LARGEST = 4096;
/** and equations of which each needs the one before. */
const TALLEST = 256;
/** Equations that are computed where they are needed. */
const DEEPEST = 64;
/** Operations that are rather repeated than kept in memory. */
const CHEAP = 3;
/** Operations that are, in a product, to unpack an operand */
const UNPACKING = 32;
/** from arrays that take this part of its memory, or less. */
const PACKED = 1 / 3;
/** Elements from which on it matters that threads can share the work. */
const LARGE = 1 << 16;

/** Between two steps there is room for as many as this is part of 1. */
const BETWEEN = 1e-9;

const contracts = (computation: Computation | null): boolean =>
  computation?.kind === "elements" && computation.work === "contraction";
const isContraction = ({ source }: Known): boolean => contracts(source!.computation);

/** How the outputs of an equation are used. */
interface Use {
  /** By how many computations, views being looked through. */
  readonly count: number;
  /** What needs it in memory, if something does. */
  readonly inMemory: boolean;
  /** Whether a contraction reads it, views being looked through. */
  readonly many: boolean;
  /** Whether a larger array is made of it by repetition. */
  readonly spread: boolean;
}

const bytesOf = (avals: readonly Aval[]): number =>
  avals.reduce((sum, { shape, dtype }) => sum + sizeOf(shape) * dtypeInfo[dtype].bits, 0) / 8;
/** Whether a value is unpacked from what takes little memory, in a few operations. */
const isUnpacked = ({ aval, cost, leaves }: Known): boolean =>
  cost <= UNPACKING && bytesOf([...leaves.keys()].map((leaf) => leaf.aval)) <= PACKED * bytesOf([aval]);

/** How many equations of a kernel a value would be the last of that need each other. */
function heightIn(group: Group, { depth, leaves }: Known): number {
  let below = 0;
  for (const leaf of leaves.keys()) if (leaf.group === group) below = Math.max(below, leaf.height);
  return depth + below;
}

const unused: Use = { count: 0, inMemory: false, many: false, spread: false };

/** Decides which equations are computed by one kernel, and which values are kept in memory between kernels. */
export function group(
  eqns: readonly Eqn[],
  inputs: readonly Var[],
  outputs: readonly Atom[],
  computationOf: (eqn: Eqn) => Computation | null,
): Plan {
  return new Grouping(eqns, inputs, outputs, computationOf).plan();
}

class Grouping {
  private readonly values = new Map<Var, Known>();
  private readonly steps: (Group | Single)[] = [];
  private readonly computations: (Computation | null)[];
  private readonly uses: ReadonlyMap<Var, Use>;
  private next = 0;
  private inserted = 0;
  private readonly byId = new Map<number, Group | Single>();
  /** The last kernel that reads each value. */
  private readonly readers = new Map<Known, Group>();

  constructor(
    private readonly eqns: readonly Eqn[],
    inputs: readonly Var[],
    outputs: readonly Atom[],
    computationOf: (eqn: Eqn) => Computation | null,
  ) {
    this.computations = eqns.map(computationOf);
    this.uses = this.usesOf(outputs);
    for (const v of inputs) this.values.set(v, this.inMemory(v, -1));
  }

  plan(): Plan {
    this.eqns.forEach((eqn, i) => {
      const computation = this.computations[i]!;
      if (computation?.kind === "elements") this.elements(eqn, computation);
      else this.single(eqn, computation);
    });
    return { steps: this.steps.toSorted((a, b) => a.id - b.id), values: this.values };
  }

  private usesOf(outputs: readonly Atom[]): Map<Var, Use> {
    const uses = new Map<Var, { -readonly [K in keyof Use]: Use[K] }>();
    const useOf = (x: Atom) => {
      if (x instanceof Literal) return null;
      let use = uses.get(x);
      if (use === undefined) uses.set(x, (use = { ...unused }));
      return use;
    };
    for (const x of outputs) {
      const use = useOf(x);
      if (use) use.inMemory = true;
    }
    for (let i = this.eqns.length - 1; i >= 0; i--) {
      const { inputs, outputs: made } = this.eqns[i]!;
      const computation = this.computations[i]!;
      const size = Math.max(...made.map((v) => sizeOf(v.aval.shape)), 0);
      for (const x of inputs) {
        const use = useOf(x);
        if (use === null) continue;
        const through =
          computation?.kind === "elements" && computation.work === "view" ? uses.get(made[0]!) : undefined;
        // A procedure reads them once to begin with, and again at the end.
        const once = computation?.kind === "procedure" ? 2 : 1;
        const seen = through && !through.inMemory ? through.count : once;
        use.count += seen;
        if (sizeOf(x.aval.shape) < size && !contracts(computation)) use.spread = true;
        if (through?.spread) use.spread = true;
        if (through?.many) use.many = true;
        if (computation === null) use.inMemory = true;
        else if (contracts(computation)) use.many = true;
      }
    }
    return uses;
  }

  private inMemory(variable: Var, step: number): Known {
    return {
      variable,
      aval: variable.aval,
      source: null,
      step,
      group: null,
      stored: true,
      leaves: new Map(),
      depth: 0,
      cost: 0,
      height: 0,
      once: false,
    };
  }

  private knownOf(x: Atom): Known | null {
    return x instanceof Literal ? null : this.values.get(x)!;
  }

  /** A step of its own: what it needs is in memory before. */
  private single(eqn: Eqn, computation: Computation | null): void {
    for (const x of eqn.inputs) {
      const known = this.knownOf(x);
      if (known === null) continue;
      if (computation === null) this.keep(known);
      else for (const leaf of this.leavesOf(known).keys()) this.keep(leaf);
    }
    const step: Single = { kind: "single", id: this.next++, eqn, computation };
    this.add(step);
    for (const v of eqn.outputs) this.values.set(v, this.inMemory(v, step.id));
  }

  /** Sees to it that a value is in memory. */
  private keep(known: Known): void {
    if (known.group === null && known.source !== null && !known.stored) this.place(known);
    known.stored = true;
  }

  private leavesOf(known: Known): ReadonlyMap<Known, readonly Relation[]> {
    const isLeaf = known.group !== null || known.source === null || known.stored;
    return isLeaf ? new Map([[known, ["linear"]]]) : known.leaves;
  }

  private elements(eqn: Eqn, computation: Elements): void {
    const operands = eqn.inputs.map((x) => this.knownOf(x));
    const avals = eqn.inputs.map((x) => x.aval);
    const made = eqn.outputs.map((v, output) => {
      const { relations, cost } = probe(computation, avals, v.aval, output);
      const leaves = new Map<Known, Relation[]>();
      operands.forEach((operand, i) => {
        if (operand === null) return;
        for (const relation of relations[i]!)
          for (const [leaf, its] of this.leavesOf(operand)) {
            const found = leaves.get(leaf) ?? [];
            leaves.set(leaf, found);
            for (const then of its) {
              const whole = composed(relation, then, operand.aval, leaf.aval);
              if (!found.includes(whole)) found.push(whole);
            }
          }
      });
      // What is not in memory nor in a kernel is computed along with it.
      const along = operands.filter((x) => x !== null && !x.stored && x.group === null);
      const known: Known = {
        variable: v,
        aval: v.aval,
        source: { eqn, computation, output },
        step: -1,
        group: null,
        stored: false,
        leaves,
        depth: 1 + along.reduce((most, x) => Math.max(most, x!.depth), 0),
        cost: cost + along.reduce((sum, x) => sum + x!.cost, 0),
        height: 0,
        once: false,
      };
      this.values.set(v, known);
      return { known, free: cost === 0, use: this.uses.get(v) ?? unused };
    });
    for (const { known, free, use } of made) if (!this.isDeferred(known, free, use)) this.place(known);
    // A contraction reads its operands many times.
    if (computation.work === "contraction")
      for (const { known } of made) for (const leaf of known.leaves.keys()) this.keep(leaf);
    for (const { known, use } of made) if (use.inMemory && known.group !== null) known.stored = true;
  }

  /** Whether a value is computed where it is needed. */
  private isDeferred(known: Known, free: boolean, { count, inMemory, many, spread }: Use): boolean {
    const { aval, source, depth, cost, leaves } = known;
    const { work } = source!.computation;
    if (inMemory || depth > DEEPEST || leaves.size > 16) return false;
    if (work !== "map" && work !== "view") return false;
    // What others repeat is unpacked once.
    if (many && isUnpacked(known)) return !spread;
    // What is read many times is looked up without computing anything.
    if (many && (work === "map" || !free)) return false;
    if (work === "view") return true;
    // One number that takes little is computed in each kernel that needs it.
    if (sizeOf(aval.shape) === 1 && cost <= CHEAP) return true;
    // Where it is used again, one array is rather read than several.
    const read = [...leaves.keys()].filter((leaf) => sizeOf(leaf.aval.shape) >= sizeOf(aval.shape));
    if (cost <= CHEAP && depth <= 4 && (count <= 1 || read.length <= 1)) return true;
    return count <= 1 && !(spread && cost > CHEAP);
  }
  /** Puts a value into a kernel: one that computes what it is made of, or a new one. */
  private place(known: Known): void {
    const { work } = known.source!.computation;
    const group = this.groupFor(known);
    for (const [leaf] of known.leaves) {
      if (leaf.group !== group) this.keep(leaf);
      if (sizeOf(leaf.aval.shape) > 1) this.readers.set(leaf, group);
    }
    known.group = group;
    known.step = group.id;
    known.height = heightIn(group, known);
    group.cost += known.cost;
    known.once =
      work === "contraction" ||
      (work === "reduction" && sizeOf(known.aval.shape) !== group.rows) ||
      (work !== "reduction" && [...known.leaves.keys()].some((leaf) => leaf.group === group && leaf.once));
    group.members.push(known);
  }

  /** A kernel that can compute a value too: the last one that computes what it is made of, one that reads the same; or a new one. */
  private groupFor(known: Known): Group {
    const leaves = [...known.leaves.keys()];
    const last = leaves.reduce<Known | null>((a, b) => (a && a.step >= b.step ? a : b), null);
    const own = last && last.step > -1 ? (this.byId.get(last.step) ?? null) : null;
    const obstacle = this.obstacle(known, own);
    if (obstacle === null) return own as Group;
    for (const leaf of leaves) {
      const beside = this.readers.get(leaf);
      if (!beside || beside === own || beside.id < (last?.step ?? -1) || beside.members.some(isContraction))
        continue;
      if (this.obstacle(known, beside) === null) return beside;
    }
    const [reason, leaf = null] = obstacle;
    return this.opened(known, {
      reason,
      value: known,
      after: own,
      leaf,
      rows: own?.kind === "group" ? own.rows : 0,
    });
  }

  /** A new kernel, for a value that begins it. */
  private opened(known: Known, boundary: Boundary): Group {
    const { work } = known.source!.computation;
    const size = sizeOf(known.aval.shape);
    const group: Group = {
      kind: "group",
      id: size === 1 ? this.early(known) : this.next++,
      members: [],
      cost: 0,
      rows: size,
      flat: work === "map" || work === "view" || work === "contraction",
      closed: work === "running",
      boundary,
    };
    this.add(group);
    return group;
  }
  private add(step: Group | Single): void {
    this.steps.push(step);
    this.byId.set(step.id, step);
  }
  /** The place in the order of one number, which others may need: right after what it is made of. */
  private early({ leaves }: Known): number {
    const after = [...leaves.keys()].reduce((most, { step }) => Math.max(most, step), -1);
    const between = after + BETWEEN * ++this.inserted;
    return between < Math.floor(after) + 1 ? between : this.next++;
  }

  /** Null if a kernel can compute the value too; else why not, and beside which of its values. */
  private obstacle(known: Known, to: Group | Single | null): readonly [reason: Reason, leaf?: Known] | null {
    if (to?.kind !== "group") return ["no kernel"];
    const { computation } = known.source!;
    const { aval, leaves } = known;
    if (to.closed) return ["after running"];
    if (to.cost + known.cost > LARGEST || heightIn(to, known) > TALLEST) return ["full"];
    if (computation.work === "contraction") return ["contraction"];
    if (computation.work === "running") return ["running"];
    let { rows } = to;
    let narrower = false;
    if (computation.work === "reduction" && to.flat && leading(aval, rows) === null) {
      // The rows of the reduction's result.
      rows = sizeOf(aval.shape);
      narrower = true;
      if (to.members.some((member) => leading(member.aval, rows) === null)) return ["rows"];
    }
    if (leading(aval, rows) === null) return ["rows"];
    const size =
      leaves.size === 0
        ? 0
        : Math.max(...[...leaves.keys()].map((leaf) => sizeOf(leaf.aval.shape)), sizeOf(aval.shape));
    if (rows < 8 && size >= LARGE) return ["few rows"];
    for (const [leaf, relations] of leaves) {
      if (leaf.group !== to) continue;
      for (const relation of relations) {
        if (!isAligned(relation, leaf.aval, aval, rows)) return ["other rows", leaf];
        if (leaf.once && relation !== "linear") return ["again", leaf];
      }
    }
    if (narrower) {
      to.rows = rows;
      to.flat = false;
    } else if (computation.work === "reduction") to.flat = false;
    return null;
  }
}
