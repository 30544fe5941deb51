import type { Case } from "./golden.ts";

/** What a case uses: its program, its layer, its function. */
const source = ({ params }: Case): string =>
  ["ts", "layer", "src", "fn"].map((key) => String(params[key] ?? "")).join(" ");

type Applies = (c: Case, file: string) => boolean;
const uses =
  (pattern: RegExp, ...files: readonly string[]): Applies =>
  (c, file) =>
    (files.length === 0 || files.includes(file)) && (pattern.test(source(c)) || pattern.test(c.name));

/** Why a golden is not run yet; the first that fits is the reason. */
const reasons: readonly (readonly [reason: string, applies: Applies])[] = [
  ["JavaScript has no item assignment to refuse", uses(/^errors\/setitem$/, "ops")],
];

/** The reason why a case is left to a later feature, or undefined where it is run. */
export const reasonLeft = (c: Case, file: string): string | undefined =>
  reasons.find(([, applies]) => applies(c, file))?.[0];
