import { type Optionals, readOptions } from "../../core/options.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import { add, clamp, div, exp, gt, log, lt, mul, or, sub } from "../../lax/index.ts";
import * as np from "../../numpy/index.ts";
import { promoteInexact } from "../../numpy/promotion.ts";
import { named } from "../../numpy/ufunc.ts";

// Shapes broadcast. Dtypes promote, and integers become floats.

export interface LocationOptions {
  /** Where the distribution is moved to. Default: 0. */
  readonly loc?: Operand;
}
export interface ScaleOptions extends LocationOptions {
  /** What its width is multiplied by. Default: 1. */
  readonly scale?: Operand;
}

/** Parameters that say which distribution of a family it is. */
type Parameters = readonly Operand[];
/** A function of a point or a share, the parameters, and perhaps where the distribution is. */
export type Located<P extends Parameters> = (
  x: Operand,
  ...rest: [...P, ...Optionals<[loc: Operand], LocationOptions>]
) => ArrayValue;
/** The same, and perhaps how wide it is. */
export type Scaled<P extends Parameters> = (
  x: Operand,
  ...rest: [...P, ...Optionals<[loc: Operand, scale: Operand], ScaleOptions>]
) => ArrayValue;
/** The same of parameters only. */
export type Plain<P extends Parameters> = (x: Operand, ...parameters: P) => ArrayValue;

/** A function of the standard distribution, whose `loc` is 0 and whose `scale` is 1. */
type Standard = (y: ArrayValue, ...parameters: ArrayValue[]) => ArrayValue;
type Place = "loc" | "scale";
/** `x` and parameters as arrays of one float dtype and rank; `loc` and `scale` are null where they are not given. */
type Body = (
  x: ArrayValue,
  parameters: readonly ArrayValue[],
  loc: ArrayValue | null,
  scale: ArrayValue | null,
) => ArrayValue;

function method(caller: string, count: number, places: readonly Place[], body: Body) {
  return named(caller.slice(caller.lastIndexOf(".") + 1), (...args: readonly unknown[]): ArrayValue => {
    const required = Array.from({ length: count + 1 }, (_, i) => args[i] as Operand);
    const options = readOptions<ScaleOptions>(caller, places, args.slice(count + 1));
    const given = (["loc", "scale"] as const).filter((place) => options[place] !== undefined);
    const arrays = promoteInexact(caller, ...required, ...given.map((place) => options[place]!));
    const at = (place: Place): ArrayValue | null =>
      given.includes(place) ? arrays[count + 1 + given.indexOf(place)]! : null;
    return body(arrays[0]!, arrays.slice(1, count + 1), at("loc"), at("scale"));
  });
}

/** The methods of a continuous distribution, where they are not made of others. */
interface Continuous {
  readonly logpdf: Standard;
  /** Outside the density is 0. */
  readonly support?: readonly [low: number, high: number];
  /** Of points that are moved to the nearest end of the support. */
  readonly cdf?: Standard;
  readonly sf?: Standard;
  readonly logcdf?: Standard;
  readonly logsf?: Standard;
  /** Of shares. */
  readonly ppf?: Standard;
  readonly isf?: Standard;
}
type Name = "logpdf" | "pdf" | "cdf" | "sf" | "logcdf" | "logsf" | "ppf" | "isf";
export type Distribution<N extends string, F> = { readonly [K in N]: F };

const logScale = (scale: ArrayValue | null, value: ArrayValue): ArrayValue =>
  scale ? sub(value, log(scale)) : value;
const standardised = (x: ArrayValue, loc: ArrayValue | null, scale: ArrayValue | null): ArrayValue => {
  const moved = loc ? sub(x, loc) : x;
  return scale ? div(moved, scale) : moved;
};

/**
 * The methods `names` of a distribution, which is declared by functions of its standard form: `pdf` is the exponential of
 * `logpdf`; each of `cdf`, `logcdf` and of `sf`, `logsf` follows from the other.
 */
export function continuous<N extends Name, F>(
  family: string,
  count: number,
  places: readonly Place[],
  names: readonly N[],
  standard: Continuous,
): Distribution<N, F> {
  const { support } = standard;
  const rules: Readonly<Partial<Record<Name, Standard>>> = standard;

  const density: Body = (x, parameters, loc, scale) => {
    const y = standardised(x, loc, scale);
    if (!support) return logScale(scale, rules.logpdf!(y, ...parameters));
    const end = (bound: number): ArrayValue | number => {
      if (bound === 0) return loc ?? 0;
      const wide = scale ? mul(scale, bound) : bound;
      return loc ? add(loc, wide) : wide;
    };
    const below = lt(x, end(support[0]));
    const outside = support[1] === Infinity ? below : or(below, gt(x, end(support[1])));
    const inside = np.where(outside, support[0] + 0.5, y);
    return np.where(outside, -Infinity, logScale(scale, rules.logpdf!(inside, ...parameters)));
  };
  const share =
    (rule: Standard): Body =>
    (x, parameters, loc, scale) => {
      const y = standardised(x, loc, scale);
      return rule(support ? clamp(support[0], y, support[1]) : y, ...parameters);
    };
  const point =
    (rule: Standard): Body =>
    (q, parameters, loc, scale) => {
      const y = rule(q, ...parameters);
      const wide = scale ? mul(y, scale) : y;
      return loc ? add(wide, loc) : wide;
    };
  const bodyOf = (name: Name): Body => {
    if (name === "logpdf") return density;
    if (name === "pdf") return (...args) => exp(density(...args));
    const rule = rules[name];
    if (name === "ppf" || name === "isf") return point(rule!);
    if (rule) return share(rule);
    const isLog = name === "logcdf" || name === "logsf";
    const other = rules[(isLog ? name.slice(3) : `log${name}`) as "cdf"];
    return share((...args) => (isLog ? log : exp)(other!(...args)));
  };
  return Object.fromEntries(
    names.map((name) => [name, method(`scipy.stats.${family}.${name}`, count, places, bodyOf(name))]),
  ) as Distribution<N, F>;
}

/** `logpmf`, and `pmf`, its exponential, of a distribution of whole numbers that is declared by the former at `loc` 0. */
export function discrete<P extends Parameters>(
  family: string,
  count: number,
  logpmf: Standard,
): Distribution<"logpmf" | "pmf", Located<P>> {
  const body: Body = (k, parameters, loc) => logpmf(standardised(k, loc, null), ...parameters);
  return {
    logpmf: method(`scipy.stats.${family}.logpmf`, count, ["loc"], body),
    pmf: method(`scipy.stats.${family}.pmf`, count, ["loc"], (...args) => exp(body(...args))),
  };
}

/** One more method of such a distribution, of `k − loc`. */
export const located = <P extends Parameters>(
  family: string,
  name: string,
  count: number,
  rule: Standard,
): Located<P> =>
  method(`scipy.stats.${family}.${name}`, count, ["loc"], (k, parameters, loc) =>
    rule(standardised(k, loc, null), ...parameters),
  );

/** One more method, of `x` and the parameters only. */
export const plain = <P extends Parameters>(
  family: string,
  name: string,
  count: number,
  rule: Standard,
): Plain<P> => method(`scipy.stats.${family}.${name}`, count, [], (x, parameters) => rule(x, ...parameters));

/** A function of parameters only, in which `loc` counts for nothing but the shape of the result. */
export const invariant = (
  family: string,
  name: string,
  rule: (x: ArrayValue) => ArrayValue,
): Located<readonly []> =>
  method(`scipy.stats.${family}.${name}`, 0, ["loc"], (x, _parameters, loc) => {
    const out = rule(x);
    return loc ? np.broadcastArrays(out, loc)[0]! : out;
  });
