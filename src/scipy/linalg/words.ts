import { ArgumentError } from "../../core/errors.ts";
import { describe } from "../../core/trace.ts";

/** One of a few words. @throws ArgumentError when it is none of them. */
export function oneOf<T extends string>(caller: string, name: string, value: T, words: readonly T[]): T {
  if (words.includes(value)) return value;
  throw new ArgumentError(
    "scipy/option",
    `${caller}: ${name} is one of ${words.map((word) => `"${word}"`).join(", ")}, got ${describe(value)}`,
  );
}

export interface LowerOption {
  /** The lower triangle is read and given, and not the upper one. Default: false. */
  readonly lower?: boolean | undefined;
}
