import { ArgumentError } from "../core/errors.ts";
import type { Element } from "../core/method-types.ts";
import { isPlainObject, readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";

/**
 * How many digits floats have after the point: at most `precision` of them, or as many as tell a number from others, whichever is
 * less (`maxprec`), and in all elements as many as in that with the most (`maxprec_equal`); always `precision` (`fixed`); as many
 * as tell a number from others (`unique`).
 */
export type FloatMode = "fixed" | "unique" | "maxprec" | "maxprec_equal";

/** Functions that write elements, by the kind of the dtype; those of a kind go before that for all. */
export interface ElementFormatter {
  readonly all?: ((x: never) => string) | undefined;
  readonly bool?: ((x: boolean) => string) | undefined;
  /** Of 64-bit integers, x is a bigint. */
  readonly int?: ((x: number | bigint) => string) | undefined;
  readonly float?: ((x: number) => string) | undefined;
  readonly complexfloat?: ((x: { readonly re: number; readonly im: number }) => string) | undefined;
}
const formatterNames = ["all", "bool", "int", "float", "complexfloat"] as const;

/** How arrays are written out. */
export interface Printoptions {
  /** Digits of floats after the point. Default 8. */
  readonly precision: number;
  /** Arrays of more elements are summarised. Default 1000. */
  readonly threshold: number;
  /** So many elements at each end of an axis are shown of an array that is summarised. Default 3. */
  readonly edgeitems: number;
  /** Characters in a line. Default 75. */
  readonly linewidth: number;
  /** Whether small numbers are written without exponents, and so as 0 if need be. Default false. */
  readonly suppress: boolean;
  readonly nanstr: string;
  readonly infstr: string;
  /** Before numbers that are not negative: nothing (`-`, the default), a plus, or a space. */
  readonly sign: "-" | "+" | " ";
  /** Default `maxprec`. */
  readonly floatmode: FloatMode;
  readonly formatter: ElementFormatter | null;
}

/** @internal */
export const printNames = [
  "precision", "threshold", "edgeitems", "linewidth", "suppress", "nanstr", "infstr", "sign", "floatmode", "formatter",
] as const; // prettier-ignore

let current: Printoptions = {
  precision: 8,
  threshold: 1000,
  edgeitems: 3,
  linewidth: 75,
  suppress: false,
  nanstr: "nan",
  infstr: "inf",
  sign: "-",
  floatmode: "maxprec",
  formatter: null,
};

const isCount = (x: unknown, least: number): boolean => Number.isInteger(x) && (x as number) >= least;
const isOneOf =
  (...words: readonly unknown[]) =>
  (x: unknown): boolean =>
    words.includes(x);
const isText = (x: unknown): boolean => typeof x === "string";

const isFormatter = (x: unknown): boolean =>
  x === null || (isPlainObject(x) && Object.values(x).every((f) => typeof f === "function"));

/** Digits that are exact. */
const MOST_DIGITS = 50;

/** What each option may be, and how that is said. */
const checks: Readonly<Record<keyof Printoptions, readonly [(x: unknown) => boolean, string]>> = {
  precision: [(x) => isCount(x, 0) && (x as number) <= MOST_DIGITS, `a count of digits up to ${MOST_DIGITS}`],
  threshold: [(x) => typeof x === "number" && x >= 0, "a number of elements, or Infinity"],
  edgeitems: [(x) => isCount(x, 1), "a number of elements, at least 1"],
  linewidth: [(x) => x === Infinity || isCount(x, 1), "a number of characters, or Infinity"],
  suppress: [isOneOf(true, false), "a boolean"],
  nanstr: [isText, "a string"],
  infstr: [isText, "a string"],
  sign: [isOneOf("-", "+", " "), '"-", "+" or " "'],
  floatmode: [
    isOneOf("fixed", "unique", "maxprec", "maxprec_equal"),
    '"fixed", "unique", "maxprec" or "maxprec_equal"',
  ],
  formatter: [isFormatter, "an object of functions"],
};

/** These options in place of the present ones. @throws ArgumentError on an unknown name or a value that is none. */
export function withOptions(caller: string, options: Partial<Printoptions>): Printoptions {
  const given = readOptions<Partial<Printoptions>>(caller, printNames, [options]);
  for (const [name, value] of Object.entries(given)) {
    const [fits, kind] = checks[name as keyof Printoptions];
    if (!fits(value))
      throw new ArgumentError("numpy/print", `${caller}: ${name} is ${kind}, got ${describe(value)}`);
  }
  if (given.formatter) readOptions(`${caller}: formatter`, formatterNames, [given.formatter]);
  return { ...current, ...given };
}

/** How arrays are written out at present. @see `jax.numpy.get_printoptions` */
export const getPrintoptions = (): Printoptions => ({ ...current });

/**
 * Changes how arrays are written out from now on, wherever in the program. What is not given stays as it is, but for `formatter`,
 * which is put back. `setPrintoptions(getPrintoptions())` changes nothing.
 *
 * @throws ArgumentError on an unknown option, or a value that it cannot have.
 * @example
 * np.setPrintoptions({ precision: 3, suppress: true });
 * @see `jax.numpy.set_printoptions`
 */
export function setPrintoptions(options: Partial<Printoptions>): void {
  const next = withOptions("np.setPrintoptions", options);
  current = { ...next, formatter: options.formatter ?? null };
}

/** The function of the user's that writes elements of a kind, if there is one. */
export function formatterOf(
  { formatter }: Printoptions,
  kind: "bool" | "int" | "float" | "complexfloat",
): ((x: Element) => string) | null {
  return (formatter?.[kind] ?? formatter?.all ?? null) as ((x: Element) => string) | null;
}
