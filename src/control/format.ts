import { dtypeInfo } from "../core/dtype.ts";
import { ArgumentError } from "../core/errors.ts";
import { decodeBfloat16, decodeFloat16 } from "../core/float16.ts";
import { pythonFloat, pythonValue } from "../core/python-text.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, NDArray, Value } from "../core/value.ts";
import { flatten, structure } from "../tree/index.ts";
import { formatNumber, formatString, type PythonNumber } from "./format-spec.ts";
import { inspectSymbol } from "../host/inspect-symbol.ts";

// Python's str.format: https://docs.python.org/3/library/string.html#format-string-syntax

/** `{name.path[0]!conversion:specification}`. */
interface Field {
  /** Position or name of the argument. */
  readonly argument: number | string;
  readonly path: readonly (string | number)[];
  readonly conversion: string | undefined;
  readonly specification: Format;
}
/** Text and fields, in order. */
export type Format = readonly (string | Field)[];

const refuse = (text: string): never => {
  throw new ArgumentError("debug/format", `debug.print: ${text}`);
};

const fieldSyntax = /^(?<name>[^.[!:]*)(?<path>(?:\.[^.[\]!:]+|\[[^\]]+\])*)(?:!(?<conversion>.))?$/su;

/** Reads a format once: numbers its fields, which are numbered all by hand or none. */
class Parser {
  private at = 0;
  private automatic: number | null = 0;
  private manual = false;

  constructor(private readonly text: string) {}

  /** Up to the end, or inside of a field to the brace that closes it. */
  parse(nested = false): Format {
    const pieces: (string | Field)[] = [];
    let literal = "";
    while (this.at < this.text.length) {
      const char = this.text[this.at]!;
      if (nested && char === "}") break;
      this.at++;
      if (char !== "{" && char !== "}") literal += char;
      else if (!nested && this.text[this.at] === char) {
        literal += char;
        this.at++;
      } else if (char === "}") refuse(`a single "}" in the format; write "}}" for the character`);
      else {
        if (literal !== "") pieces.push(literal);
        literal = "";
        pieces.push(this.field());
      }
    }
    if (literal !== "") pieces.push(literal);
    return pieces;
  }

  private field(): Field {
    const start = this.at;
    let depth = 0;
    for (; this.at < this.text.length; this.at++) {
      const char = this.text[this.at]!;
      if (char === "[") depth = 1;
      else if (char === "]") depth = 0;
      else if (depth === 0 && (char === ":" || char === "}")) break;
      else if (char === "{") refuse(`"{" in the name of a field`);
    }
    if (this.at === this.text.length) refuse(`a single "{" in the format; write "{{" for the character`);
    const head = this.text.slice(start, this.at);
    const groups = fieldSyntax.exec(head)?.groups ?? refuse(`"{${head}}" is no field`);
    const { name, path, conversion } = groups as {
      name: string;
      path: string;
      conversion: string | undefined;
    };
    if (conversion !== undefined && !"rsa".includes(conversion))
      refuse(`unknown conversion "!${conversion}"; it is !r, !s or !a`);
    const argument = this.argument(name);
    let specification: Format = [];
    if (this.text[this.at] === ":") {
      this.at++;
      specification = this.parse(true);
    }
    if (this.text[this.at++] !== "}") refuse(`"{${head}" is not closed`);
    return { argument, path: steps(path), conversion, specification };
  }

  private argument(name: string): number | string {
    if (name !== "" && !/^\d+$/.test(name)) return name;
    if (name === "" ? this.manual : this.automatic !== 0)
      refuse("fields are numbered either all by hand ({0}) or none ({})");
    if (name === "") return this.automatic!++;
    this.manual = true;
    return Number(name);
  }
}

/** `.a[0]` as `["a", 0]`. */
const steps = (path: string): (string | number)[] =>
  [...path.matchAll(/\.([^.[]+)|\[([^\]]+)\]/gu)].map(([, name, key]) =>
    name !== undefined ? name : /^\d+$/.test(key!) ? Number(key) : key!,
  );

/** @throws ArgumentError on a format that is none. */
export const parseFormat = (text: string): Format => new Parser(text).parse();

/** @throws ArgumentError when a field has no argument, or an argument no field. */
export function checkFormat(
  format: Format,
  positional: readonly unknown[],
  named: Readonly<Record<string, unknown>>,
): void {
  const used = new Set<number | string>();
  const visit = (pieces: Format): void => {
    for (const piece of pieces) {
      if (typeof piece === "string") continue;
      const { argument, path, conversion, specification } = piece;
      used.add(argument);
      visit(specification);
      if (typeof argument === "number" ? argument >= positional.length : !Object.hasOwn(named, argument)) {
        const remedy =
          typeof argument === "number"
            ? `values given by position: ${positional.length}`
            : `give it in the object at the end: { ${argument}: … }`;
        refuse(
          `there is no value for the field {${argument}}: ${remedy}. A plain object at the end holds named values.`,
        );
      }
      const value = typeof argument === "number" ? positional[argument] : named[argument];
      if (path.length === 0 && conversion === undefined && specification.length > 0)
        if (value instanceof ArrayValue && value.ndim > 0) refuseArray(value);
    }
  };
  visit(format);
  const unused = [
    ...positional.flatMap((value, i) => (used.has(i) ? [] : [`number ${i}, ${describe(value)}`])),
    ...Object.keys(named).filter((name) => !used.has(name)),
  ];
  if (unused.length > 0)
    refuse(
      `the format has no field for ${unused.join("; ")}: write {} or {name}. A template string (\`\${x}\`) would print the tracer: pass the value as an argument.`,
    );
}

const refuseArray = (x: ArrayValue): never =>
  refuse(`a format specification is for scalars, and the value is ${describe(x)}: use {} for an array`);

/** The text of a format with these arguments. */
export function formatText(
  format: Format,
  positional: readonly unknown[],
  named: Readonly<Record<string, unknown>>,
): string {
  return format
    .map((piece) => {
      if (typeof piece === "string") return piece;
      const { argument, path, conversion, specification } = piece;
      let value = typeof argument === "number" ? positional[argument] : named[argument];
      for (const step of path) value = member(value, step);
      const spec = formatText(specification, positional, named);
      return conversion === undefined || conversion === "s"
        ? formatValue(conversion === "s" ? textOf(value) : value, spec)
        : formatString(reprOf(value), spec);
    })
    .join("");
}

function member(value: unknown, step: string | number): unknown {
  if (value instanceof ArrayValue && typeof step === "number") return value.get(step);
  const object = value as Readonly<Record<string | number, unknown>> | null | undefined;
  if (object === null || object === undefined || object[step] === undefined)
    refuse(`${describe(value)} has no member ${step}`);
  return object![step];
}

function formatValue(value: unknown, specification: string): string {
  if (typeof value === "string") return formatString(value, specification);
  const number = numberOf(value);
  if (number === null || specification === "") {
    if (specification !== "" && value instanceof ArrayValue) refuseArray(value);
    if (specification !== "")
      refuse(`a format specification is for numbers and text, not for ${describe(value)}`);
    return textOf(value);
  }
  return formatNumber(number, specification);
}

/** The number that a scalar holds; null for anything else. */
function numberOf(value: unknown): PythonNumber | null {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (!(value instanceof NDArray) || value.ndim > 0) return null;
  const { storage, dtype } = value;
  switch (dtypeInfo[dtype].kind) {
    case "float":
      return (dtype === "float16" ? decodeFloat16 : dtype === "bfloat16" ? decodeBfloat16 : Number)(
        Number(storage[0]),
      );
    case "complex":
      return { re: Number(storage[0]), im: Number(storage[1]) };
    case "key":
      return null;
    default:
      return BigInt(storage[0]!);
  }
}

/** As Python's `str`. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  // A structured value without a text of its own shows what it consists of.
  const whole = value instanceof ArrayValue && value.toString === ArrayValue.prototype.toString;
  if (!(value instanceof ArrayValue) || (whole && structure(value).kind !== "leaf")) return reprOf(value);
  // A scalar becomes a Python number first, with all of its digits.
  const number = numberOf(value);
  return typeof number === "number" ? pythonFloat(number) : value.toString();
}

type Inspectable = {
  [inspectSymbol](depth: number, options: object, inspectValue: (x: unknown) => string): string;
};

/** As Python's `repr`: a tree shows its structure, and its arrays with their dtypes. */
function reprOf(value: unknown): string {
  const [leaves, treedef] = flatten(value);
  return treedef.textWith(
    leaves.map((leaf) =>
      leaf instanceof Value && inspectSymbol in leaf
        ? (leaf as unknown as Inspectable)[inspectSymbol](0, {}, reprOf)
        : pythonValue(leaf, true),
    ),
  );
}
