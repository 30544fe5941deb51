import { leafEquals, nodeKind } from "../tree/index.ts";
import type { ShapeLike } from "../core/method-types.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import { sameShape, showShape } from "../core/shape.ts";
import { ArrayValue, concreteOf, Dense, NDArray } from "../core/value.ts";
import { astype } from "./array.ts";
import { at } from "./at.ts";
import * as complex from "./complex.ts";
import * as cumulative from "./cumulative.ts";
import * as division from "./division.ts";
import * as elementwise from "./elementwise.ts";
import { copyData, elementReader, toNestedList } from "./elements.ts";
import { round } from "./floating.ts";
import { get } from "./indexing.ts";
import * as linearAlgebra from "./linear-algebra.ts";
import * as logic from "./logic.ts";
import { arrayRepr, arrayStr } from "./printing.ts";
import * as reduce from "./reduce.ts";
import { repeat } from "./repeat.ts";
import { clip } from "./select.ts";
import * as shape from "./shape.ts";
import * as sorting from "./sorting.ts";
import * as statistics from "./statistics.ts";
import { take } from "./take.ts";
import { inspectSymbol } from "../host/inspect-symbol.ts";

/** What method-types.ts declares beyond the class itself: a method without its entry below does not compile. */
type Methods = Omit<ArrayValue, "aval" | "materialise" | "like" | "shape" | "dtype" | "ndim" | "size">;

/** The only element. */
function only(x: ArrayValue, use: string) {
  const known = concreteOf(x, use);
  if (known.size !== 1) {
    throw new ShapeError(
      "numpy/item",
      `${use} needs an array of exactly one element, got shape ${showShape(known.shape)}: index it, or reduce it with np.any or np.all`,
    );
  }
  return elementReader(known.dtype, use)(known.storage, 0);
}

const isList = (args: readonly unknown[]): boolean => args.length === 1 && typeof args[0] !== "number";

// prettier-ignore
const methods: Methods & ThisType<ArrayValue> = {
  add(y) { return elementwise.add(this, y); },
  subtract(y) { return elementwise.subtract(this, y); },
  sub(y) { return elementwise.subtract(this, y); },
  multiply(y) { return elementwise.multiply(this, y); },
  mul(y) { return elementwise.multiply(this, y); },
  divide(y) { return elementwise.divide(this, y); },
  div(y) { return elementwise.divide(this, y); },
  floorDivide(y) { return division.floorDivide(this, y); },
  mod(y) { return division.remainder(this, y); },
  pow(y) { return division.power(this, y); },
  neg() { return elementwise.negative(this); },
  abs() { return elementwise.abs(this); },
  maximum(y) { return elementwise.maximum(this, y); },
  minimum(y) { return elementwise.minimum(this, y); },

  exp() { return elementwise.exp(this); },
  log() { return elementwise.log(this); },
  sqrt() { return elementwise.sqrt(this); },
  square() { return elementwise.square(this); },
  reciprocal() { return elementwise.reciprocal(this); },
  sign() { return elementwise.sign(this); },
  floor() { return elementwise.floor(this); },
  ceil() { return elementwise.ceil(this); },
  sin() { return elementwise.sin(this); },
  cos() { return elementwise.cos(this); },
  tan() { return elementwise.tan(this); },
  tanh() { return elementwise.tanh(this); },
  round(...rest) { return round(this, ...rest); },
  clip(...rest) { return clip(this, ...rest); },
  conj() { return complex.conj(this); },
  get real() { return complex.real(receiver(this)); },
  get imag() { return complex.imag(receiver(this)); },

  equal(y) { return logic.equal(this, y); },
  notEqual(y) { return logic.notEqual(this, y); },
  less(y) { return logic.less(this, y); },
  lessEqual(y) { return logic.lessEqual(this, y); },
  greater(y) { return logic.greater(this, y); },
  greaterEqual(y) { return logic.greaterEqual(this, y); },
  logicalAnd(y) { return logic.logicalAnd(this, y); },
  logicalOr(y) { return logic.logicalOr(this, y); },
  logicalNot() { return logic.logicalNot(this); },

  matmul(y, options) { return linearAlgebra.matmul(this, y, options); },
  dot(y, options) { return linearAlgebra.dot(this, y, options); },

  sum(...rest) { return reduce.sum(this, ...rest); },
  prod(...rest) { return reduce.prod(this, ...rest); },
  mean(...rest) { return statistics.mean(this, ...rest); },
  var(...rest) { return statistics.var(this, ...rest); },
  std(...rest) { return statistics.std(this, ...rest); },
  max(...rest) { return reduce.max(this, ...rest); },
  min(...rest) { return reduce.min(this, ...rest); },
  argmax(...rest) { return reduce.argmax(this, ...rest); },
  argmin(...rest) { return reduce.argmin(this, ...rest); },
  all(...rest) { return reduce.all(this, ...rest); },
  any(...rest) { return reduce.any(this, ...rest); },
  cumsum(...rest) { return cumulative.cumsum(this, ...rest); },
  cumprod(...rest) { return cumulative.cumprod(this, ...rest); },

  reshape(...sizes) { return shape.reshape(this, (isList(sizes) ? sizes[0] : sizes) as ShapeLike); },
  ravel() { return shape.ravel(this); },
  flatten() { return shape.ravel(this); },
  transpose(...axes) { return shape.transpose(this, (axes.length === 0 ? null : isList(axes) ? axes[0] : axes) as readonly number[] | null); },
  get T() { return shape.transpose(receiver(this)); },
  get mT() { return shape.matrixTranspose(receiver(this)); },
  swapaxes(axis1, axis2) { return shape.swapaxes(this, axis1, axis2); },
  squeeze(...rest) { return shape.squeeze(this, ...rest); },
  repeat(repeats, ...rest) { return repeat(this, repeats, ...rest); },
  sort(...rest) { return sorting.sort(this, ...rest); },
  argsort(...rest) { return sorting.argsort(this, ...rest); },

  get(...indices) { return get(this, ...indices); },
  at(...indices) { return at(this, ...indices); },
  take(indices, ...rest) { return take(this, indices, ...rest); },
  astype(dtype) { return astype(this, dtype); },

  item() { return only(this, "item()"); },
  toList() { return toNestedList(concreteOf(this, "toList()"), "toList()"); },
  tolist() { return this.toList(); },
  get data() { return copyData(concreteOf(receiver(this), "data")); },
  async read() { return copyData(concreteOf(this, "read()")); },
  toBool() {
    const element = only(this, "toBool()");
    return typeof element === "object" ? element.re !== 0 || element.im !== 0 : Boolean(element) || Number.isNaN(element);
  },
  toString() { return arrayStr(this); },
  toJSON() { return this.toList(); },
  *[Symbol.iterator]() {
    if (this.ndim === 0) throw new ShapeError("numpy/iteration", "an array without axes cannot be iterated over");
    for (let i = 0; i < this.shape[0]!; i++) yield get(this, i);
  },
  [Symbol.toPrimitive](hint) {
    if (hint === "string") {
      // Which is what an index of a list asks for, and silence would be undefined.
      if (this instanceof Dense && this.concrete() === null) concreteOf(this, "use in text or as the index of a list (toString() describes any array)");
      return this.toString();
    }
    const element = only(this, "use as a number");
    if (typeof element !== "object") return Number(element);
    throw new DTypeError("numpy/complex", "use as a number: a complex number is none; take np.real, np.imag or np.abs");
  },
};

/** In a getter of an object literal, `this` is the literal: here it is the array it is called on. */
function receiver(self: unknown): ArrayValue {
  return self as ArrayValue;
}

type Inspect = (value: unknown, options: object) => string;

const more = {
  [inspectSymbol](this: ArrayValue, _depth: number, options: object, inspectValue: Inspect): string {
    if ((this.constructor as typeof ArrayValue)[nodeKind] === "leaf") return arrayRepr(this);
    return `${arrayRepr(this)} ${inspectValue(Object.fromEntries(Object.entries(this)), options)}`;
  },
  /** Equal shape, dtype and elements; NaN equals nothing. A traced array equals only itself. */
  [leafEquals](this: ArrayValue, other: unknown): boolean {
    if (this === other && !(this instanceof NDArray)) return true;
    if (!(this instanceof NDArray) || !(other instanceof NDArray)) return false;
    if (this.dtype !== other.dtype || !sameShape(this.shape, other.shape)) return false;
    const [a, b] = [this, other].map(copyData);
    return a!.every((value: number | bigint, i: number) => value === b![i]);
  },
};

for (const table of [methods, more]) {
  for (const key of Reflect.ownKeys(table)) {
    const descriptor = Object.getOwnPropertyDescriptor(table, key)!;
    Object.defineProperty(ArrayValue.prototype, key, { ...descriptor, enumerable: false });
  }
}
