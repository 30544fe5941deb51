import * as z from "zod/mini";
import { type DType, dtypes } from "../core/dtype.ts";

// The form of a program as JSON. Programs stand in a list, those that others hold ahead of them, the outermost one last;
// variables, sources and programs are named by their place in a list.

/** The version that is written, and the only one that is read. */
export const VERSION = 1;

// The types are written out, so that those of the library do not need zod's, which need those of a browser.
export interface AvalJSON {
  shape: number[];
  dtype: DType;
  weak: boolean;
}
/** Elements row by row, little-endian, in base64: `-0`, NaN and 64-bit integers are what they were. */
export interface ArrayJSON extends AvalJSON {
  data: string;
}
export type AtomJSON = { variable: number } | { literal: ArrayJSON };
export interface EquationJSON {
  primitive: string;
  inputs: AtomJSON[];
  outputs: number[];
  /** Of the kinds that the primitive declares. */
  params: Record<string, unknown>;
  source: number | null;
  rule: string | null;
}
export interface ProgramJSON {
  variables: AvalJSON[];
  constvars: number[];
  consts: ArrayJSON[];
  invars: number[];
  eqns: EquationJSON[];
  outvars: AtomJSON[];
}
/** What `toJSON` gives. */
export interface JaxprJSON {
  format: "cotangent.jaxpr";
  version: typeof VERSION;
  programs: ProgramJSON[];
  sources: string[];
}

/** What one needs to know of a zod schema to use it. */
export interface Schema<T> {
  parse(value: unknown): T;
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: Error };
}

const index = z.int().check(z.nonnegative());
const aval = z.strictObject({ shape: z.array(index), dtype: z.enum(dtypes), weak: z.boolean() });
const array: z.ZodMiniType<ArrayJSON> = z.strictObject({ ...aval.shape, data: z.string() });
const atom: z.ZodMiniType<AtomJSON> = z.union([
  z.strictObject({ variable: index }),
  z.strictObject({ literal: array }),
]);
const equation: z.ZodMiniType<EquationJSON> = z.strictObject({
  primitive: z.string(),
  inputs: z.array(atom),
  outputs: z.array(index),
  params: z.record(z.string(), z.unknown()),
  source: z.nullable(index),
  rule: z.nullable(z.string()),
});
const program: z.ZodMiniType<ProgramJSON> = z.strictObject({
  variables: z.array(aval),
  constvars: z.array(index),
  consts: z.array(array),
  invars: z.array(index),
  eqns: z.array(equation),
  outvars: z.array(atom),
});
const form: z.ZodMiniType<JaxprJSON> = z.strictObject({
  format: z.literal("cotangent.jaxpr"),
  version: z.literal(VERSION),
  programs: z.array(program).check(z.minLength(1)),
  sources: z.array(z.string()),
});

/** What `toJSON` gives, as a zod schema. It says nothing of the params of an equation, whose kinds its primitive declares. */
export const jaxprSchema: Schema<JaxprJSON> = form;

export type Path = readonly PropertyKey[];
/** `$.programs[0].eqns[2].params.axes`. */
export const showPath = (path: Path): string =>
  path.reduce<string>((text, key) => text + (typeof key === "number" ? `[${key}]` : `.${String(key)}`), "$");

type Issue = z.core.$ZodIssue;
/** Of the ways in which a union was missed, the one that came furthest. */
function deepest(issue: Issue): Issue {
  if (issue.code !== "invalid_union") return issue;
  const inner = issue.errors
    .flatMap(([first]) => (first ? [deepest({ ...first, path: [...issue.path, ...first.path] })] : []))
    .toSorted((a, b) => b.path.length - a.path.length);
  const [best, next] = inner;
  return best && best.path.length > (next?.path.length ?? 0) ? best : issue;
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${issue.expected === "int" ? "an integer" : issue.expected}`;
    case "invalid_value":
      return `expected ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
    case "unrecognized_keys":
      return `expected no ${issue.keys.join(", ")}`;
    case "too_small":
      return `expected at least ${issue.minimum}`;
    case "invalid_union":
      return "expected a variable or a literal";
    default:
      return `expected another value (${issue.code})`;
  }
}

/** The value if it is of the form; otherwise where it is not, and what was expected. */
export function readSchema(
  value: unknown,
): { readonly json: JaxprJSON } | { readonly path: Path; readonly message: string } {
  const result = form.safeParse(value);
  if (result.success) return { json: result.data };
  const issue = deepest(result.error.issues[0]!);
  return { path: issue.path, message: expectation(issue) };
}
