import type { Program } from "./golden.ts";

/** What is run for the goldens of one class of values. */
export interface ValuePrograms {
  readonly programs: Readonly<Record<string, Program>>;
  /** What is defined here where Quax fails. */
  readonly better?: Readonly<Record<string, unknown>>;
  /** What is refused here as in Quax: a part of the message. */
  readonly refusals?: Readonly<Record<string, string>>;
}
