import { type DType, kindOf } from "../core/dtype.ts";
import type { Complex, Element } from "../core/method-types.ts";
import { readOptions } from "../core/options.ts";
import { showShape, type Shape, stridesOf } from "../core/shape.ts";
import { type ArrayValue, concreteOf, Dense, type NDArray } from "../core/value.ts";
import { elementReader } from "./elements.ts";
import { bfloat16Text, complexText, floatFormat, scalarText } from "./float-text.ts";
import { formatterOf, getPrintoptions, printNames, type Printoptions, withOptions } from "./print-options.ts";

/** What is shown of each axis: positions, and null where some are left out. */
type Visible = readonly (readonly (number | null)[])[];

function visibleOf(shape: Shape, size: number, { threshold, edgeitems }: Printoptions): Visible {
  return shape.map((n) => {
    const all = Array.from({ length: n }, (_, i) => i);
    if (size <= threshold || n <= 2 * edgeitems) return all;
    return [...all.slice(0, edgeitems), null, ...all.slice(-edgeitems)];
  });
}

/** The elements that are shown. */
function shownElements(x: NDArray, visible: Visible, read: (i: number) => Element): Element[] {
  const strides = stridesOf(x.shape);
  const collect = (axis: number, at: number): Element[] =>
    axis === visible.length
      ? [read(at)]
      : visible[axis]!.flatMap((i) => (i === null ? [] : collect(axis + 1, at + i * strides[axis]!)));
  return collect(0, 0);
}

/** Texts of elements that are aligned with one another, or those of the user's function. */
function elementFormat(
  dtype: DType,
  elements: readonly Element[],
  scalar: boolean,
  options: Printoptions,
): (x: Element) => string {
  switch (kindOf(dtype)) {
    case "bool":
      return formatterOf(options, "bool") ?? ((x) => (x ? (scalar ? "True" : " True") : "False"));
    case "int":
    case "uint":
      return formatterOf(options, "int") ?? integerFormat(elements as readonly number[], options.sign);
    case "complex": {
      const parts = elements as readonly Complex[];
      const re = floatFormat(parts.map((z) => z.re), "float32", options); // prettier-ignore
      const im = floatFormat(parts.map((z) => z.im), "float32", { ...options, sign: "+" }); // prettier-ignore
      const write = (x: Element) => re((x as Complex).re) + im((x as Complex).im).replace(/(\s*)$/, "j$1");
      return formatterOf(options, "complexfloat") ?? write;
    }
    default: {
      const write =
        dtype === "bfloat16" ? bfloat16Text : floatFormat(elements as readonly number[], dtype, options);
      return formatterOf(options, "float") ?? (write as (x: Element) => string);
    }
  }
}

/** @see `numpy._core.arrayprint.IntegerFormat` */
function integerFormat(
  elements: readonly (number | bigint)[],
  sign: Printoptions["sign"],
): (x: Element) => string {
  const space = sign === " " && elements.every((x) => x >= 0) ? " " : "";
  const write = (x: number | bigint): string => `${x < 0 ? "" : sign === "+" ? "+" : space}${x}`;
  const width = elements.reduce<number>((most, x) => Math.max(most, write(x).length), 0);
  return (x) => write(x as number | bigint).padStart(width);
}

/** Rows of elements, broken where a line is full. @see `numpy._core.arrayprint._formatArray` */
function layOut(
  shape: Shape,
  visible: Visible,
  separator: string,
  prefix: number,
  lineWidth: number,
  text: (i: number) => string,
): string {
  const strides = stridesOf(shape);
  const nest = (axis: number, at: number, indent: string, width: number): string => {
    const left = shape.length - axis;
    if (left === 0) return text(at);
    const inner = `${indent} `;
    const words = visible[axis]!.map((i) =>
      i === null ? "..." : nest(axis + 1, at + i * strides[axis]!, inner, width - 1),
    );
    const body =
      left === 1
        ? fill(words, separator, indent, width)
        : words.map((word) => indent + word).join(separator.trimEnd() + "\n".repeat(left - 1));
    return `[${body.slice(indent.length)}]`;
  };
  return nest(0, 0, " ".repeat(1 + prefix), lineWidth);
}

/** Words side by side, in lines of at most `width`. */
function fill(words: readonly string[], separator: string, indent: string, width: number): string {
  const limit = width - Math.max(separator.trimEnd().length, 1);
  let done = "";
  let line = indent;
  words.forEach((word, i) => {
    if (line.length + word.length > limit && line.length > indent.length) {
      done += `${line.trimEnd()}\n`;
      line = indent;
    }
    line += word + (i < words.length - 1 ? separator : "");
  });
  return done + line;
}

/** How an array is written out by {@link array2string}. */
export interface ArrayTextOptions extends Partial<Printoptions> {
  /** Between elements; a space by default. */
  readonly separator?: string;
  /** Text before the array, for whose length lines are indented. */
  readonly prefix?: string;
  /** Text after it, for which lines leave room. */
  readonly suffix?: string;
}

/**
 * The elements of a concrete array in NumPy's notation, as {@link getPrintoptions} says, or the options given: eight digits after
 * the point at most, aligned columns, and dots for what is left out of more than 1000.
 *
 * @throws DTypeError on PRNG keys; ConcretizationError on a traced array, MaterialiseError on a structured one that refuses;
 * ArgumentError on options that are none.
 * @see `numpy.array2string`
 */
export function array2string(array: ArrayValue, textOptions: ArrayTextOptions = {}): string {
  const {
    separator = " ",
    prefix = "",
    suffix = "",
    ...given
  } = readOptions<ArrayTextOptions>(
    "np.array2string",
    ["separator", "prefix", "suffix", ...printNames],
    [textOptions],
  );
  const options = withOptions("np.array2string", given);
  const x = concreteOf(array, "np.array2string");
  if (x.size === 0) return "[]";
  const reader = elementReader(x.dtype, "np.array2string");
  const { storage } = x;
  const read = (i: number) => reader(storage, i);
  const visible = visibleOf(x.shape, x.size, options);
  const format = elementFormat(x.dtype, shownElements(x, visible, read), x.ndim === 0, options);
  return layOut(x.shape, visible, separator, prefix.length, options.linewidth - suffix.length, (i) =>
    format(read(i)),
  );
}

/** Key arrays show their words. */
function keyText({ shape, storage }: NDArray): string {
  const options = getPrintoptions();
  const visible = visibleOf([...shape, 2], storage.length, options);
  const width = [...storage].reduce<number>((most, word) => Math.max(most, String(word).length), 0);
  const words = layOut([...shape, 2], visible, " ", 0, options.linewidth, (i) =>
    String(storage[i]).padStart(width),
  );
  return `Array(${showShape(shape)}, dtype=key<fry>) overlaying:\n${words}`;
}

function abstractText(x: ArrayValue): string {
  const { name } = x.constructor;
  try {
    return `${name}(${x.dtype}[${x.shape.join(",")}])`;
  } catch {
    // A half of a partitioned value may lack the field that its shape comes from; showing it must not throw.
    return name;
  }
}

/** The concrete array to show, if `x` is one: a tracer shows what it is instead. */
const shown = (x: ArrayValue): NDArray | null =>
  x instanceof Dense && x.concrete() === x ? (x as NDArray) : null;

/**
 * The elements, as Python's `str` of a JAX array: `[1. 2.]`; of a traced or structured array, its type.
 * @see `jax.Array.__str__`
 */
export function arrayStr(x: ArrayValue): string {
  const known = shown(x);
  if (known === null || known.dtype === "float0") return abstractText(x);
  if (known.dtype === "key<fry>") return keyText(known);
  if (known.ndim > 0) return array2string(known);
  const element = elementReader(known.dtype, "String")(known.storage, 0);
  if (typeof element === "object") return complexText(element.re, element.im);
  if (typeof element === "boolean") return element ? "True" : "False";
  if (kindOf(known.dtype) !== "float") return String(element);
  return known.dtype === "bfloat16"
    ? bfloat16Text(Number(element))
    : scalarText(Number(element), known.dtype);
}

/**
 * Elements and dtype, as Python's `repr` of a JAX array: `Array([1., 2.], dtype=float32)`.
 * @see `jax.Array.__repr__`
 */
export function arrayRepr(x: ArrayValue): string {
  const known = shown(x);
  if (known === null || known.dtype === "float0") return abstractText(x);
  if (known.dtype === "key<fry>") return keyText(known);
  const dtype = `dtype=${known.dtype}${known.aval.weak ? ", weak_type=True" : ""}`;
  const prefix = "Array(";
  const text =
    known.size === 0
      ? `[], shape=${showShape(known.shape)}`
      : array2string(known, { prefix, suffix: ",", separator: ", " });
  const lastLine = text.length - text.lastIndexOf("\n") + 1;
  const room = lastLine + dtype.length + 2 > getPrintoptions().linewidth ? " ".repeat(prefix.length) : " ";
  return `${prefix}${text},${room}${dtype})`;
}
