import type { AnyPrimitive } from "../core/primitive.ts";
import { addTangents, zerosOf } from "../core/rules.ts";
import { sameStructure } from "../core/structure.ts";
import { bind, Trace, Tracer, withTrace } from "../core/trace.ts";
import { type ArrayValue, type Aval, Dense, NDArray } from "../core/value.ts";
import { mul } from "../lax/index.ts";

type Term = ArrayValue | null;

/** An operation on series that was done before, and what came of it. */
interface Use {
  readonly primitive: AnyPrimitive;
  readonly operands: readonly ArrayValue[];
  readonly params: object;
  readonly outs: ArrayValue[];
}

/** `lower + last·tⁿ`: a truncated power series of order n, made of the one of order n - 1, or of a value. */
class JetTracer extends Tracer {
  readonly order: number;
  readonly uses: Use[] = [];
  constructor(
    override readonly trace: JetTrace,
    readonly lower: ArrayValue,
    readonly last: Term,
  ) {
    super();
    this.order = trace.orderOf(lower) + 1;
  }
  override get aval(): Aval {
    return this.lower.aval;
  }
  override concrete(): NDArray | null {
    return this.lower instanceof Dense ? this.lower.concrete() : null;
  }
  private derived: ArrayValue | null | undefined;
  /** The derivative by t, a series of order n - 1; null where it is structurally zero. */
  get derivative(): ArrayValue | null {
    if (this.derived === undefined) this.derived = this.trace.derivativeOf(this);
    return this.derived;
  }
}

/**
 * Power series through each operation. Where it is linear, or linear in each operand, the terms of the result follow
 * at once; else from the derivative, an order at a time: of y = f(x), y' = ∂f(x)·x' by the jvp rule, on series of one
 * order less.
 */
export class JetTrace extends Trace {
  constructor(
    override readonly parent: Trace,
    label: string,
  ) {
    super(parent, label);
  }

  private isOwn(x: ArrayValue | null): x is JetTracer {
    return x instanceof JetTracer && x.trace === this;
  }
  /** 0 for what is no series. */
  orderOf(x: ArrayValue): number {
    return this.isOwn(x) ? x.order : 0;
  }
  /** The series up to a lower order; a constant is a series of any. */
  private upTo(x: ArrayValue, order: number): ArrayValue {
    let at = x;
    while (this.isOwn(at) && at.order > order) at = at.lower;
    return at;
  }
  /** The terms of order 0 to n. */
  terms(x: ArrayValue, order: number): Term[] {
    const terms: Term[] = [];
    let at = x;
    for (; this.isOwn(at); at = at.lower) terms.unshift(at.last);
    return [at, ...terms, ...Array.from({ length: order - terms.length }, () => null)];
  }
  /** The series of these terms; a constant where all but the first are zero. */
  series([value, ...terms]: readonly Term[]): ArrayValue {
    if (terms.every((term) => term === null)) return value!;
    return terms.reduce<ArrayValue>((lower, term) => new JetTracer(this, lower, term), value!);
  }

  derivativeOf({ lower, last, order }: JetTracer): ArrayValue | null {
    return withTrace(this.parent, () => {
      const before = this.isOwn(lower) ? lower.derivative : null;
      const term = last === null ? null : scale(last, order);
      // That of a lower order is a part of it, so that what was done to the part is found again.
      if (before !== null) return new JetTracer(this, before, term);
      return term === null || order === 1 ? term : this.extend(zerosOf(term.aval), order - 1, term);
    });
  }

  override bind(prim: AnyPrimitive, operands: readonly ArrayValue[], params: object): ArrayValue[] {
    const own = operands.filter((x) => this.isOwn(x));
    if (own.length === 0) return withTrace(this.parent, () => bind(prim, operands, params));
    const order = Math.min(...own.map((x) => x.order));
    const given = operands.map((x) => this.upTo(x, order));
    if ((prim.rules.effects?.(params) ?? []).length > 0) return this.apply(prim, given, params, order);
    const [first] = given.filter((x) => this.isOwn(x));
    const before = first!.uses.find(
      (use) =>
        use.primitive === prim &&
        use.operands.length === given.length &&
        use.operands.every((x, i) => sameOperand(x, given[i]!)) &&
        sameStructure(use.params, params),
    );
    if (before) return before.outs;
    const outs = this.apply(prim, given, params, order);
    first!.uses.push({ primitive: prim, operands: given, params, outs });
    return outs;
  }

  private apply(
    prim: AnyPrimitive,
    operands: readonly ArrayValue[],
    params: object,
    order: number,
  ): ArrayValue[] {
    const { stepwise, linearity } = prim.rules;
    if (stepwise) return withTrace(this, () => [...stepwise(operands, params)]);
    if (linearity === undefined) return this.derive(prim, operands, params, order);
    if (linearity === "none") {
      const values = operands.map((x) => this.upTo(x, 0));
      return withTrace(this.parent, () => bind(prim, values, params));
    }
    const terms = operands.map((x) => this.terms(x, order));
    const avals = operands.map((x) => x.aval);
    return withTrace(this.parent, () => {
      const byOrder = Array.from({ length: order + 1 }, (_, n) =>
        linearity === "linear"
          ? jointly(prim, terms.map((own) => own[n]!), avals, params)
          : products(prim, terms, n, params),
      ); // prettier-ignore
      return byOrder[0]!.map((_, i) => this.series(byOrder.map((outs) => outs?.[i] ?? null)));
    });
  }

  /** y of order n from y of order n - 1 and y' of order n - 1. */
  private derive(
    prim: AnyPrimitive,
    operands: readonly ArrayValue[],
    params: object,
    order: number,
  ): ArrayValue[] {
    const lowers = operands.map((x) => (this.isOwn(x) ? x.lower : x));
    const tangents = operands.map((x) => (this.isOwn(x) ? x.derivative : null));
    const [outs, derivatives] = withTrace(this, () => prim.rules.jvp(lowers, tangents, params));
    return withTrace(this.parent, () =>
      outs.map((out, i) => {
        const derivative = derivatives[i] ?? null;
        const last = derivative === null ? null : this.terms(derivative, order - 1)[order - 1]!;
        return this.extend(out, order, last === null ? null : scale(last, 1 / order));
      }),
    );
  }

  private extend(lower: ArrayValue, order: number, last: Term): ArrayValue {
    if (last === null && !this.isOwn(lower)) return lower;
    let at = lower;
    while (this.orderOf(at) < order - 1) at = new JetTracer(this, at, null);
    return new JetTracer(this, at, last);
  }
}

/** `x` times a number. */
export const scale = (x: ArrayValue, by: number): ArrayValue => (by === 1 ? x : mul(x, by));

const sameOperand = (x: ArrayValue, y: ArrayValue): boolean =>
  x === y ||
  (x instanceof NDArray &&
    y instanceof NDArray &&
    x.ndim === 0 &&
    y.ndim === 0 &&
    x.dtype === y.dtype &&
    Object.is(x.storage[0], y.storage[0]));

/** A primitive that is linear in all operands together, on their terms of one order. */
function jointly(
  prim: AnyPrimitive,
  terms: readonly Term[],
  avals: readonly Aval[],
  params: object,
): readonly ArrayValue[] | null {
  if (terms.every((term) => term === null)) return null;
  return bind(prim, terms.map((term, i) => term ?? zerosOf(avals[i]!)), params); // prettier-ignore
}

/** A primitive that is linear in each operand: the sum over all ways to make up order n. */
function products(
  prim: AnyPrimitive,
  terms: readonly (readonly Term[])[],
  order: number,
  params: object,
): readonly ArrayValue[] | null {
  let sum: readonly ArrayValue[] | null = null;
  const visit = (chosen: readonly ArrayValue[], left: number): void => {
    const own = terms[chosen.length];
    if (own === undefined) {
      if (left > 0) return;
      const outs = bind(prim, chosen, params);
      sum = sum === null ? outs : sum.map((x, i) => addTangents(x, outs[i]!)!);
      return;
    }
    for (let n = 0; n <= left; n++) {
      const term = own[n] ?? null;
      if (term !== null) visit([...chosen, term], left - n);
    }
  };
  visit([], order);
  return sum;
}
