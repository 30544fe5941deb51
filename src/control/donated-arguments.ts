import { ArgumentError } from "../core/errors.ts";
import type { Path } from "../tree/index.ts";
import { countedFromStart } from "./static-arguments.ts";

/** What a call of a jitted function says of its arguments. */
export interface Positions {
  /** Positions of what is donated and of what is static, as the options name them. */
  readonly donated: readonly number[];
  readonly statics: readonly number[];
  /** How many arguments were given. */
  readonly count: number;
  /** Arguments before the first that is not static which the caller did not give: a Module that is called. */
  readonly before: number;
}

/**
 * Which inputs of a program are donated: the first `constants` are the program's own, the others the arrays at `paths` of
 * the arguments that are not static. Null if none is.
 * @throws ArgumentError when a position is out of range or is also one of a static argument.
 */
export function donatedInputs(
  { donated, statics, count, before }: Positions,
  constants: number,
  paths: readonly Path[],
  caller: string,
): readonly boolean[] | null {
  if (donated.length === 0) return null;
  const code = "jit/donate";
  const given = countedFromStart(donated, count, "donateArgnums", caller, code);
  const fixed = new Set(statics.map((n) => (n < 0 ? n + count : n)));
  const places = new Set(
    given.map((position) => {
      if (fixed.has(position))
        throw new ArgumentError(code, `${caller}: argument ${position} is static, so it cannot be donated`);
      return before + position - [...fixed].filter((other) => other < position).length;
    }),
  );
  return [
    ...Array.from({ length: constants }, () => false),
    ...paths.map((path) => places.has(path[0]!.key as number)),
  ];
}
