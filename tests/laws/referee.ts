/** Numbers with exact derivatives of every order: what derivatives of programs are held to. No array, no tracing. */

/** One derivative that is being taken, and how the library is asked for it. */
export interface Level {
  readonly order: number;
  /** Whether tangents are pushed forward, as `jvp` does. */
  readonly forward: boolean;
  /** Whether cotangents are pulled back through it, as `grad` does. */
  readonly transposed: boolean;
}

/** `primal + ε·tangent`, with ε² = 0 and an ε of its own for each level. */
class Dual {
  constructor(
    readonly level: Level,
    readonly primal: Num,
    readonly tangent: Num,
  ) {}
}
export type Num = number | Dual;
export type Vector = readonly Num[];

let levels = 0;

const orderOf = (x: Num): number => (typeof x === "number" ? 0 : x.level.order);
const primalAt = (level: Level, x: Num): Num => (typeof x !== "number" && x.level === level ? x.primal : x);
const tangentAt = (level: Level, x: Num): Num => (typeof x !== "number" && x.level === level ? x.tangent : 0);

/** A function of numbers with its derivative in each argument, lifted to numbers of every level. */
const lifted =
  <Args extends Num[]>(
    f: (...x: { [K in keyof Args]: number }) => number,
    partials: (...x: Args) => { [K in keyof Args]: Num },
  ): ((...x: Args) => Num) =>
  (...x) => {
    const outermost = x.reduce((a, b) => (orderOf(b) > orderOf(a) ? b : a));
    if (typeof outermost === "number") return f(...(x as never));
    const { level } = outermost;
    const primals = x.map((a) => primalAt(level, a)) as Args;
    const rates = partials(...primals);
    const tangent = x.reduce<Num>((sum, a, i) => plus(sum, times(rates[i]!, tangentAt(level, a))), 0);
    return new Dual(level, lifted(f, partials)(...primals), tangent);
  };

export const plus: (a: Num, b: Num) => Num = (a, b) =>
  a === 0
    ? b
    : b === 0
      ? a
      : lifted<[Num, Num]>(
          (a, b) => a + b,
          () => [1, 1],
        )(a, b);
export const times: (a: Num, b: Num) => Num = (a, b) =>
  a === 0 || b === 0
    ? 0
    : a === 1
      ? b
      : b === 1
        ? a
        : lifted<[Num, Num]>(
            (a, b) => a * b,
            (a, b) => [b, a],
          )(a, b);
export const over = (a: Num, b: Num): Num => times(a, reciprocal(b));
export const reciprocal: (x: Num) => Num = lifted<[Num]>(
  (x) => 1 / x,
  (x) => [times(-1, reciprocal(times(x, x)))],
);
export const sine: (x: Num) => Num = lifted<[Num]>(Math.sin, (x) => [cosine(x)]);
export const cosine: (x: Num) => Num = lifted<[Num]>(Math.cos, (x) => [times(-1, sine(x))]);
export const root: (x: Num) => Num = lifted<[Num]>(Math.sqrt, (x) => [over(0.5, root(x))]);

/** The number itself, without its derivatives. */
export const valueOf = (x: Num): number => (typeof x === "number" ? x : valueOf(x.primal));
export const total = (x: Vector): Num => x.reduce(plus, 0);
export const dot = (x: Vector, y: Vector): Num => total(x.map((a, i) => times(a, y[i]!)));
export const scaled = (by: Num, x: Vector): Vector => x.map((a) => times(by, a));
export const sum = (...terms: Vector[]): Vector => terms.reduce((x, y) => x.map((a, i) => plus(a, y[i]!)));

/** The value of `f` at `x`, and its derivative along `t`. */
export function push(
  f: (x: Vector) => Vector,
  x: Vector,
  t: Vector,
  mode: Pick<Level, "forward" | "transposed">,
): [out: Vector, tangent: Vector] {
  const level = { ...mode, order: ++levels };
  const out = f(x.map((a, i) => new Dual(level, a, t[i]!)));
  return [out.map((a) => primalAt(level, a)), out.map((a) => tangentAt(level, a))];
}

/** The value of `f` at `x`, and the rows of its Jacobian, by element of `x`. */
export function columns(
  f: (x: Vector) => Vector,
  x: Vector,
  mode: Pick<Level, "forward" | "transposed">,
): [out: Vector, columns: Vector[]] {
  const pushed = x.map((_, j) => push(f, x, x.map((_, i) => (i === j ? 1 : 0)), mode)); // prettier-ignore
  return [pushed[0]![0], pushed.map(([, column]) => column)];
}

/** The levels that `x` carries, the outermost first. */
export function levelsOf(x: Vector): Level[] {
  const found = new Set<Level>();
  const visit = (a: Num): void => {
    if (typeof a === "number") return;
    found.add(a.level);
    visit(a.primal);
    visit(a.tangent);
  };
  x.forEach(visit);
  return [...found].sort((a, b) => b.order - a.order);
}

/** `f` whose outermost derivative is what `rule(x, t)` says: the meaning of a custom derivative. */
export function withRule(
  f: (x: Vector) => Vector,
  rule: (x: Vector, t: Vector, level: Level) => Vector,
): (x: Vector) => Vector {
  return (x) => {
    const [level] = levelsOf(x);
    if (!level) return f(x);
    const primals = x.map((a) => primalAt(level, a));
    const tangents = rule(primals, x.map((a) => tangentAt(level, a)), level); // prettier-ignore
    return f(primals).map((out, i) => new Dual(level, out, tangents[i]!));
  };
}
