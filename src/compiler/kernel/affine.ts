import { type Expr, i32, type Loop, op, position, union } from "./expression.ts";

/** A loop that an index cannot be taken apart at, unless it is two: an outer one and one of `inner` steps. */
export class SplitLoop extends Error {
  constructor(
    readonly loop: Loop,
    readonly inner: number,
  ) {
    super(`loop ${loop.name} of ${loop.size} steps is to be split at ${inner}`);
  }
}

/** `constant + Σ factor · loop + dynamic`: an index or an address, in elements. `dynamic` is known only when it runs. */
export class Affine {
  private text: string | null = null;
  private around: ReadonlySet<Loop> | null = null;

  private constructor(
    readonly constant: number,
    /** In the order in which the loops were made. */
    readonly terms: readonly (readonly [loop: Loop, factor: number])[],
    readonly dynamic: Expr | null,
  ) {}

  /** The same for equal indices. */
  get key(): string {
    if (this.text === null) {
      this.text = `${this.constant}`;
      for (const [loop, factor] of this.terms) this.text += `+${loop.id}*${factor}`;
      if (this.dynamic) this.text += `+e${this.dynamic.id}`;
    }
    return this.text;
  }
  get loops(): ReadonlySet<Loop> {
    if (this.around === null) {
      const own: ReadonlySet<Loop> = new Set(this.terms.map(([loop]) => loop));
      this.around = this.dynamic ? union([own, this.dynamic.loops]) : own;
    }
    return this.around;
  }

  static of(constant: number): Affine {
    return new Affine(constant, [], null);
  }
  static loop(loop: Loop): Affine {
    return loop.size === 1 ? zero : new Affine(0, [[loop, 1]], null);
  }
  static sum(constant: number, terms: Affine["terms"]): Affine {
    return new Affine(constant, terms, null);
  }
  static dynamic(value: Expr): Affine {
    if (value.kind === "const") return Affine.of(Number(value.value));
    return value.kind === "position" ? value.index : new Affine(0, [], value);
  }

  plus(other: Affine | number): Affine {
    if (typeof other === "number")
      return other === 0 ? this : new Affine(this.constant + other, this.terms, this.dynamic);
    const dynamic =
      this.dynamic && other.dynamic
        ? op("add", this.dynamic, other.dynamic)
        : (this.dynamic ?? other.dynamic);
    return new Affine(this.constant + other.constant, added(this.terms, other.terms), dynamic);
  }
  times(factor: number): Affine {
    if (factor === 1) return this;
    if (factor === 0) return zero;
    return new Affine(
      this.constant * factor,
      this.terms.map(([loop, f]) => [loop, f * factor]),
      this.dynamic && op("mul", this.dynamic, i32(factor)),
    );
  }
  /** What a step of `loop` adds; NaN where that is not the same at each step. */
  step(loop: Loop): number {
    if (this.dynamic?.loops.has(loop)) return NaN;
    return this.terms.find(([of]) => of === loop)?.[1] ?? 0;
  }
  /** The least and the greatest value, if it is known before it runs. */
  range(): readonly [least: number, greatest: number] | null {
    if (this.dynamic) return null;
    let [least, greatest] = [this.constant, this.constant];
    for (const [loop, factor] of this.terms) {
      const most = factor * (loop.size - 1);
      if (most < 0) least += most;
      else greatest += most;
    }
    return [least, greatest];
  }

  /**
   * Quotient and remainder by `divisor`, of what is in [0, …).
   * @throws SplitLoop where a loop runs across a multiple of `divisor`.
   */
  divide(divisor: number): readonly [quotient: Affine, remainder: Affine] {
    if (divisor === 1) return [this, zero];
    const range = this.range();
    if (range && range[1] < divisor && range[0] >= 0) return [zero, this];
    if (this.dynamic === null) {
      const whole: [Loop, number][] = [];
      const part: [Loop, number][] = [];
      for (const [loop, factor] of this.terms)
        if (factor % divisor === 0) whole.push([loop, factor / divisor]);
        else part.push([loop, factor]);
      const rest = ((this.constant % divisor) + divisor) % divisor;
      const remainder = new Affine(rest, part, null);
      const [least, greatest] = remainder.range()!;
      if (least >= 0 && greatest < divisor)
        return [new Affine((this.constant - rest) / divisor, whole, null), remainder];
      for (const [loop, factor] of part) {
        // Two loops, of which the outer one steps by whole multiples.
        const inner = divisor / factor;
        if (factor > 0 && Number.isInteger(inner) && inner < loop.size && loop.size % inner === 0)
          throw new SplitLoop(loop, inner);
      }
    }
    const value = this.value();
    return [
      Affine.dynamic(op("div_u", value, i32(divisor))),
      Affine.dynamic(op("rem_u", value, i32(divisor))),
    ];
  }

  /** The index as a number of a program. */
  value(): Expr {
    if (this.dynamic === null) return position(this);
    const rest = new Affine(this.constant, this.terms, null);
    return rest.key === zero.key ? this.dynamic : op("add", position(rest), this.dynamic);
  }
  /** With other indices in the places of loops. */
  substitute(of: (loop: Loop) => Affine | null, dynamic: (value: Expr) => Expr): Affine {
    let result = Affine.of(this.constant);
    for (const [loop, factor] of this.terms)
      result = result.plus((of(loop) ?? Affine.loop(loop)).times(factor));
    return this.dynamic ? result.plus(Affine.dynamic(dynamic(this.dynamic))) : result;
  }
}

/** Both, in order. */
function added(a: Affine["terms"], b: Affine["terms"]): Affine["terms"] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const terms: (readonly [Loop, number])[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const [x, y] = [a[i], b[j]];
    if (y === undefined || (x !== undefined && x[0].id < y[0].id)) {
      terms.push(x!);
      i++;
    } else if (x === undefined || y[0].id < x[0].id) {
      terms.push(y);
      j++;
    } else {
      const factor = x[1] + y[1];
      if (factor !== 0) terms.push([x[0], factor]);
      i++;
      j++;
    }
  }
  return terms;
}

const zero = Affine.of(0);
