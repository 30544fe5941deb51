import { type Atom, Literal, type Var } from "../../core/jaxpr.ts";
import type { Updates } from "../lower/row.ts";
import type { Known, Plan, Single } from "./plan.ts";

/** Which steps of a plan read its values from memory. */
export class Uses {
  /** The last step that reads each value. */
  private readonly last = new Map<Known, number>();

  constructor(
    private readonly plan: Plan,
    private readonly outvars: readonly Atom[],
  ) {
    for (const step of plan.steps) {
      const read =
        step.kind === "group"
          ? step.members.flatMap((member) => [...member.leaves.keys()])
          : step.eqn.inputs.flatMap((x) => (x instanceof Literal ? [] : this.leavesOf(x)));
      for (const known of read) this.last.set(known, step.id);
    }
  }

  /** Whether a step reads `x`, or it is an output. */
  isRead(x: Var): boolean {
    return this.last.has(this.plan.values.get(x)!) || this.outvars.includes(x);
  }

  /** Whether nothing reads `x` in another way, or later, than as what `step`, which updates it, begins with. */
  isLast(x: Var, { id, eqn, computation }: Single): boolean {
    const known = this.plan.values.get(x)!;
    if (known.group === null && known.source !== null) return false;
    const { base } = computation as Updates;
    const others = eqn.inputs.filter((_, i) => i !== base);
    return (
      !this.outvars.includes(x) &&
      (this.last.get(known) ?? -1) <= id &&
      others.every((other) => other instanceof Literal || !this.leavesOf(other).includes(known))
    );
  }

  /** What is read from memory for `x`. */
  private leavesOf(x: Var): readonly Known[] {
    const known = this.plan.values.get(x)!;
    return known.stored || known.source === null ? [known] : [...known.leaves.keys()];
  }
}
