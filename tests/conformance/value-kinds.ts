import { type ArrayValue, Dense, values } from "cotangent";
import { expect } from "vitest";
import { D1, D2, Hi, P, Pr, R, Sub } from "../dispatch-values.ts";
import { decode, expectMatch } from "./golden.ts";

export interface Encoded {
  readonly type: string;
  readonly [field: string]: unknown;
}
export const isEncoded = (x: unknown): x is Encoded => typeof x === "object" && x !== null && "type" in x;

/** How values of one class are read from the goldens, and compared with them. */
interface Kind {
  decode(fields: Encoded): unknown;
  compare(actual: unknown, fields: Encoded): void;
}

type Wrapper = typeof P;
const wrapper = (Class: Wrapper): Kind => ({
  decode: ({ array }) => new Class(decode(array) as ArrayValue),
  compare: (actual, { array }) => {
    expect(actual).toBeInstanceOf(Class);
    expectMatch((actual as InstanceType<Wrapper>).array, array);
  },
});

/** The dimensions of the goldens, by the names of their units. */
export const dimensions = {
  m: new values.Dimension("m"),
  kg: new values.Dimension("kg"),
  s: new values.Dimension("s"),
};
/** The axes of the goldens; those that have several sizes there, of any. */
export const axes = {
  Foo: new values.Axis(3),
  Bar: new values.Axis(3),
  Qux: new values.Axis(null),
  In: new values.Axis(3),
  Out: new values.Axis(4),
};
type NamedFields = { axes: (keyof typeof axes)[]; allowMaterialise: boolean };

const unitsOf = (encoded: unknown): values.Units =>
  values.Units.of(
    new Map(
      Object.entries(encoded as Record<string, number>).map(([name, power]) => [
        dimensions[name as "m"],
        power,
      ]),
    ),
  );

const kinds: Readonly<Record<string, Kind>> = {
  NamedArray: {
    decode: ({ array, ...fields }) => {
      const { axes: names, allowMaterialise } = fields as unknown as NamedFields;
      const own = names.map((name) => axes[name]);
      return new values.NamedArray(decode(array) as ArrayValue, own, { allowMaterialise });
    },
    compare: (actual, { array, ...fields }) => {
      const { axes: names, allowMaterialise } = fields as unknown as NamedFields;
      expect(actual).toBeInstanceOf(values.NamedArray);
      const named = actual as values.NamedArray;
      expect(named.axes.map((axis) => names.find((name) => axes[name] === axis))).toEqual(names);
      expect(named.allowMaterialise).toBe(allowMaterialise);
      expectMatch(named.array, array);
    },
  },
  ...Object.fromEntries([D1, D2, Hi, P, Pr, R, Sub].map((Class) => [Class.name, wrapper(Class)])),
  Zero: {
    decode: ({ shape, dtype }) => new values.Zero(shape as number[], dtype as "float32"),
    compare: (actual, { shape, dtype }) => {
      expect(actual).toBeInstanceOf(values.Zero);
      expect({ shape: (actual as ArrayValue).shape, dtype: (actual as ArrayValue).dtype }).toEqual({
        shape,
        dtype,
      });
    },
  },
  Unitful: {
    decode: ({ array, units }) => new values.Unitful(decode(array) as ArrayValue, unitsOf(units)),
    compare: (actual, { array, units }) => {
      expect(actual).toBeInstanceOf(values.Unitful);
      expectMatch((actual as values.Unitful).array, array);
      expect(values.unitsOf(actual as ArrayValue)).toBe(unitsOf(units));
    },
  },
  BCOO: {
    decode: ({ data, indices, shape }) =>
      new values.BCOO(decode(data) as ArrayValue, decode(indices) as ArrayValue, shape as number[]),
    compare: (actual, { data, indices, shape }) => {
      expect(actual).toBeInstanceOf(values.BCOO);
      expectMatch((actual as values.BCOO).values, data);
      expectMatch((actual as values.BCOO).indices, indices);
      expect((actual as values.BCOO).shape).toEqual(shape);
    },
  },
};

export const decodeValue = (x: unknown): unknown => {
  if (Array.isArray(x)) return x.map(decodeValue);
  return isEncoded(x) ? kinds[x.type]!.decode(x) : decode(x);
};

export function expectValue(actual: unknown, expected: unknown): void {
  if (Array.isArray(expected)) {
    expect(actual).toHaveLength(expected.length);
    expected.forEach((item, i) => expectValue((actual as unknown[])[i], item));
  } else if (isEncoded(expected)) kinds[expected.type]!.compare(actual, expected);
  else {
    if (typeof expected === "object" && expected !== null && "dtype" in expected)
      expect(actual, "a plain array").toBeInstanceOf(Dense);
    expectMatch(actual, expected);
  }
}
