import { ArgumentError, nearest } from "./errors.ts";
import { describe } from "./trace.ts";

/**
 * Optional arguments: the first ones bare, in this order, then any of them by name in one plain object.
 *
 * @example
 * function sum(x: Operand, ...rest: Optionals<[axis: Axis, dtype: DTypeLike], SumOptions>): ArrayValue
 * // sum(x), sum(x, 0), sum(x, { axis: 0 }), sum(x, 0, { keepdims: true })
 */
export type Optionals<
  Positional extends readonly unknown[],
  Named extends object,
> = Positional extends readonly []
  ? [options?: Named]
  : Positional extends readonly [...infer Fewer, unknown]
    ? Optionals<Fewer, Named> | [...positional: Positional, options?: Named]
    : never;

/** Whether `x` was made by `{…}` or has no prototype: neither an array nor an instance of a class. */
export function isPlainObject(x: unknown): x is Readonly<Record<string, unknown>> {
  if (typeof x !== "object" || x === null) return false;
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === Object.prototype || prototype === null;
}

/** Options that are true or false, wherever they occur. */
const flags: ReadonlySet<string> = new Set([
  "allowInt",
  "allowMaterialise",
  "hasAux",
  "holomorphic",
  "indicesAreSorted",
  "keepdims",
  "preventCse",
  "replace",
  "reverse",
  "strict",
  "symbolicZeros",
  "symmetric",
  "tiled",
  "uniqueIndices",
]);

/**
 * The optional arguments by name. `rest` is what came after the required arguments: some of them bare, in the order of
 * `names`, then perhaps one plain object with any of them. What is undefined counts as absent.
 *
 * @throws ArgumentError on an unknown name, one given twice, or too many arguments; on anything but a boolean for a flag.
 * @example
 * const { axis = null, keepdims = false } = readOptions<SumOptions>("np.sum", ["axis", "dtype", "keepdims"], rest);
 */
export function readOptions<Named extends object>(
  caller: string,
  names: readonly (keyof Named & string)[],
  rest: readonly unknown[],
): { [Name in keyof Named]?: Exclude<Named[Name], undefined> } {
  const options: Record<string, unknown> = {};
  const last = rest.at(-1);
  const named = isPlainObject(last) ? last : undefined;
  const count = named ? rest.length - 1 : rest.length;
  if (count > names.length) {
    throw new ArgumentError(
      "argument/count",
      `${caller} takes at most ${names.length} optional arguments (${names.join(", ")}), got ${count}: ${rest.slice(0, count).map(describe).join(", ")}`,
    );
  }
  for (let i = 0; i < count; i++) if (rest[i] !== undefined) options[names[i]!] = rest[i];
  for (const [name, value] of Object.entries(named ?? {})) {
    if (!(names as readonly string[]).includes(name)) throw unknownOption(caller, name, names);
    if (value === undefined) continue;
    if (name in options) {
      throw new ArgumentError("argument/twice", `${caller}: ${name} is given both by position and by name`);
    }
    options[name] = value;
  }
  for (const [name, value] of Object.entries(options)) {
    // A string such as "false" is true where it is asked.
    if (flags.has(name) && typeof value !== "boolean")
      throw new ArgumentError("argument/flag", `${caller}: ${name} is a boolean, got ${describe(value)}`);
  }
  // The names were checked; the values of those that are no flags are the caller's to check.
  return options as { [Name in keyof Named]?: Exclude<Named[Name], undefined> };
}

function unknownOption(caller: string, name: string, names: readonly string[]): ArgumentError {
  const near = nearest(name, names);
  const known = names.length === 0 ? "it takes none" : `its options are ${names.join(", ")}`;
  return new ArgumentError(
    "argument/unknown",
    `${caller} has no option ${name}${near ? `; did you mean ${near}?` : `; ${known}`}`,
  );
}
