import { type DType, dtypeInfo } from "./dtype.ts";
import { DifferentiationError } from "./errors.ts";
import { ClosedJaxpr } from "./jaxpr.ts";
import { isPlainObject } from "./options.ts";
import { pythonValue, snakeCase, Word } from "./python-text.ts";
import type { Aval } from "./value.ts";

/** A param as it stands in the text of a jaxpr: a word, a list in brackets, a named tuple, or a program. */
export type ParamText = string | ClosedJaxpr | readonly ParamText[] | NamedTuple;
export interface NamedTuple {
  readonly name: string;
  readonly fields: Readonly<Record<string, ParamText>>;
}

/** What a param may be, and how it is written in the text of a jaxpr. Each primitive declares one for each param. */
export interface ParamKind<T> {
  /** For messages: `a list of integers`. */
  readonly expected: string;
  /** Whether `value` is of this kind. */
  readonly is: (value: unknown) => boolean;
  /** What is printed, by `pythonValue` or as a program. Undefined is not printed. */
  write(value: T): unknown;
  /** The value that `text` says; undefined if it says none. */
  readonly read: (text: ParamText) => T | undefined;
  /** The value where nothing is printed: it may depend on the avals. */
  readonly implied?: (operands: readonly Aval[], outs: readonly Aval[]) => T;
  /** Programs: a word is the name of one. */
  readonly programs?: boolean;
  /** A function, which neither text nor JSON can hold. */
  readonly opaque?: boolean;
}

/** A kind for each param. */
export type ParamKinds<P> = { readonly [K in keyof P]-?: ParamKind<Exclude<P[K], undefined>> };

const wholeNumber = /^-?\d+$/;
const same = (value: unknown): unknown => value;

/** A kind of which a value is one word. */
const word = <T>(
  expected: string,
  is: (value: unknown) => boolean,
  read: (text: string) => T | undefined,
): ParamKind<T> => ({
  expected,
  is,
  write: same,
  read: (text) => (typeof text === "string" ? read(text) : undefined),
});

export const integer: ParamKind<number> = {
  ...word("an integer", Number.isSafeInteger, (text) =>
    wholeNumber.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined,
  ),
  // An integer has no negative zero.
  write: (value) => value + 0,
};

export const boolean: ParamKind<boolean> = word(
  "True or False",
  (value) => typeof value === "boolean",
  (text) => (text === "True" ? true : text === "False" ? false : undefined),
);

const decimalNumber = /^-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/;
/** What Python's `float` makes of a word; undefined if it is none. */
export function readNumber(text: string): number | undefined {
  if (text === "nan") return NaN;
  if (text === "inf") return Infinity;
  if (text === "-inf") return -Infinity;
  return decimalNumber.test(text) ? Number(text) : undefined;
}

/** A number, a 64-bit integer or a boolean, as an element of an array is given. */
export const element: ParamKind<number | bigint | boolean> = word(
  "a number or a boolean",
  (value) => ["number", "bigint", "boolean"].includes(typeof value),
  (text) => {
    if (text === "True" || text === "False") return text === "True";
    if (wholeNumber.test(text) && text !== "-0" && !Number.isSafeInteger(Number(text))) return BigInt(text);
    return readNumber(text);
  },
);

export const dtype: ParamKind<DType> = word(
  "a dtype",
  (value) => typeof value === "string" && Object.hasOwn(dtypeInfo, value),
  (text) => (Object.hasOwn(dtypeInfo, text) ? (text as DType) : undefined),
);

/** What a name of a function must not have, so that the text can be read again. */
const structure = /[\s[\](){},;='"]+/g;
/** What a function is called. */
export const name: ParamKind<string> = {
  ...word<string>(
    "a name",
    (value) => typeof value === "string",
    (text) => text,
  ),
  write: (value) => value.replace(structure, "_") || "_",
};

/** One of a few values, each printed as it is, or as `shown` has it. */
export function oneOf<const T extends string | number>(
  values: readonly T[],
  shown: (value: T) => string = String,
): ParamKind<T> {
  return {
    expected: `one of ${values.map(shown).join(", ")}`,
    is: (value) => (values as readonly unknown[]).includes(value),
    write: (value) => new Word(shown(value)),
    read: (text) => values.find((value) => shown(value) === text),
  };
}

/** A list of any length. */
export const list = <T>(item: ParamKind<T>): ParamKind<readonly T[]> => ({
  expected: `a list, each entry ${item.expected}`,
  is: (value) => Array.isArray(value) && value.every(item.is),
  write: (value) => value.map((x) => item.write(x)),
  read: (text) => readAll(text, () => item) as readonly T[] | undefined,
});

/** A list of as many entries as there are kinds. */
export const tuple = <const T extends readonly unknown[]>(
  ...items: { readonly [K in keyof T]: ParamKind<T[K]> }
): ParamKind<T> => {
  const kinds: readonly ParamKind<unknown>[] = items;
  return {
    expected: `a list of ${items.length}: ${kinds.map(({ expected }) => expected).join(", ")}`,
    is: (value) =>
      Array.isArray(value) && value.length === kinds.length && kinds.every((kind, i) => kind.is(value[i])),
    write: (value) => value.map((x, i) => kinds[i]!.write(x)),
    read: (text) =>
      Array.isArray(text) && text.length === kinds.length
        ? (readAll(text as ParamText, (i) => kinds[i]!) as unknown as T | undefined)
        : undefined,
  };
};

function readAll(
  text: ParamText,
  kind: (index: number) => ParamKind<unknown>,
): readonly unknown[] | undefined {
  if (!Array.isArray(text)) return undefined;
  const values = (text as readonly ParamText[]).map((item, i) => kind(i).read(item));
  return values.includes(undefined) ? undefined : values;
}

export const integers: ParamKind<readonly number[]> = {
  ...list(integer),
  expected: "a list of integers",
};

/** The kind, or None. */
export const nullable = <T>(kind: ParamKind<T>): ParamKind<T | null> => ({
  expected: `${kind.expected}, or None`,
  is: (value) => value === null || kind.is(value),
  write: (value) => (value === null ? null : kind.write(value)),
  read: (text) => (text === "None" ? null : kind.read(text)),
});

/** Printed as a named tuple: `GatherDimensionNumbers(offset_dims=(1,), …)`. */
export const record = <T extends object>(tupleName: string, fields: ParamKinds<T>): ParamKind<T> => {
  const entries = Object.entries(fields) as [string, ParamKind<unknown>][];
  return {
    expected: `${tupleName}(${entries.map(([key]) => `${snakeCase(key)}=…`).join(", ")})`,
    is: (value) =>
      isPlainObject(value) &&
      Object.keys(value).length === entries.length &&
      entries.every(([key, kind]) => Object.hasOwn(value, key) && kind.is(value[key])),
    write: (value) => {
      const shown = entries.map(
        ([key, kind]) =>
          `${snakeCase(key)}=${pythonValue(kind.write((value as Record<string, unknown>)[key]))}`,
      );
      return `${tupleName}(${shown.join(", ")})`;
    },
    read: (text) => {
      if (typeof text !== "object" || !("fields" in text) || text.name !== tupleName) return undefined;
      if (Object.keys(text.fields).length !== entries.length) return undefined;
      const values = entries.map(([key, kind]) => {
        const field = text.fields[snakeCase(key)];
        return [key, field === undefined ? undefined : kind.read(field)] as const;
      });
      return values.some(([, value]) => value === undefined)
        ? undefined
        : (Object.fromEntries(values) as unknown as T);
    },
  };
};

/** A program without constants of its own. */
export const program: ParamKind<ClosedJaxpr> = {
  expected: "a program",
  is: (value) => value instanceof ClosedJaxpr,
  write: same,
  read: (text) => (text instanceof ClosedJaxpr ? text : undefined),
  programs: true,
};
export const programs: ParamKind<readonly ClosedJaxpr[]> = {
  ...list(program),
  expected: "a list of programs",
  programs: true,
};

/** Printed only where it is not `value`. */
export const unless = <T>(value: T, kind: ParamKind<T>): ParamKind<T> => {
  const usual = JSON.stringify(value);
  return {
    ...kind,
    write: (x) => (JSON.stringify(x) === usual ? undefined : kind.write(x)),
    implied: () => value,
  };
};

/** Not printed: it follows from the avals of operands and outputs. */
export const following = <T>(
  kind: ParamKind<T>,
  from: (operands: readonly Aval[], outs: readonly Aval[]) => T,
): ParamKind<T> => ({ ...kind, write: () => undefined, implied: from });

/** A rule that the user gave for a function, and what it is called. */
export interface NamedRule<F> {
  readonly name: string;
  readonly run: F;
  /** Of a rule that was read: the programs that it runs. */
  readonly lowered?: object;
}

/** Printed as its name, which is all that a text has of it: what is read refuses to run. */
export const rule = <F>(): ParamKind<NamedRule<F>> => ({
  expected: "the name of a rule",
  is: (value) => typeof value === "object" && value !== null && "name" in value && "run" in value,
  write: (value) => name.write(value.name),
  read: (text) => (typeof text === "string" ? { name: text, run: unread(text) as F } : undefined),
  opaque: true,
});

const unread = (text: string) => (): never => {
  throw new DifferentiationError(
    "custom/unread",
    `the rule ${text} is not known: the text of a program does not hold the rules of its functions, JSON does`,
  );
};

/** A function of the program that traces; printed as `shown`, or not at all. */
export const hostFunction = <F extends (...args: never[]) => unknown>(shown?: string): ParamKind<F> => ({
  expected: "a function",
  is: (value) => typeof value === "function",
  write: () => shown,
  read: () => undefined,
  opaque: true,
});
