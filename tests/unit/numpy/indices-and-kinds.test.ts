import { expect, expectTypeOf, test } from "vitest";
import { ArgumentError, ConcretizationError, DTypeError, ShapeError } from "../../../src/core/errors.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import * as np from "../../../src/numpy/index.ts";
import { typeOf } from "./arrays.ts";

test.each([
  ["5:", "has no end"],
  [":", "has no end"],
  ["5", "is no slice of numbers"],
  ["0:x", "is no slice of numbers"],
  ["0:2j", "is no slice of numbers"],
  ["0:1:1:1", "is no slice of numbers"],
])("a grid of %j is refused", (slice, why) => {
  expect(() => np.mgrid(slice)).toThrow(why);
  expect(() => np.ogrid("0:2", slice)).toThrow(ArgumentError);
  expect(() => np.r_(1, slice)).toThrow(why);
});

test("a grid takes slices, with steps other than 0", () => {
  expect(() => np.mgrid(3 as never)).toThrow("np.mgrid takes slices");
  expect(() => np.mgrid("0:3:0")).toThrow("the step cannot be 0");
});

test("a directive of r_ comes first, and something comes after it", () => {
  expect(() => np.r_("x", 1)).toThrow('np.r_: "x" is no slice of numbers');
  expect(() => np.r_(1, "r")).toThrow(ArgumentError);
  expect(() => np.c_("r")).toThrow("need at least one array");
});

test("ix_ takes vectors, and masks that are known", () => {
  expect(() => np.ix_(np.ones([2, 2], "int32"))).toThrow("np.ix_: argument 0 must have one axis");
  expect(() => makeJaxpr((mask: ArrayValue) => np.ix_(mask))(np.ones([2], "bool"))).toThrow(
    ConcretizationError,
  );
});

test("indices for an array have to be of its kind", () => {
  expect(() => np.diagIndicesFrom(np.ones([2, 3]))).toThrow(ShapeError);
  expect(() => np.diagIndicesFrom(np.ones([2]))).toThrow("at least two axes of one size");
  expect(() => np.trilIndicesFrom(np.ones([2]))).toThrow("np.trilIndicesFrom takes a matrix");
  expect(() => np.triuIndicesFrom(np.ones([2, 2]), 0.5)).toThrow("k must be an integer");
  expect(() => np.maskIndices(3, (x) => np.sum(x))).toThrow(ShapeError);
});

test("vectorize refuses what does not fit the signature, by argument and axis", () => {
  const dot = np.vectorize((x, y) => np.dot(x, y), { signature: "(n),(n)->()" });
  expect(() => (dot as (x: ArrayValue) => ArrayValue)(np.ones([3]))).toThrow(
    "the signature has 2 arguments, and there are 1",
  );
  expect(() => dot(np.ones([3]), 1)).toThrow(
    'argument 1 has shape (), and the signature "(n),(n)->()" asks for the axes (n)',
  );
  expect(() => dot(np.ones([3]), np.ones([2]))).toThrow("argument 1: axis n has size 2, and had 3");
  expect(() => dot(np.ones([2, 3]), np.ones([4, 3]))).toThrow(ShapeError);
  expect(() => dot(np.ones([3]), null as never)).toThrow("argument 1 is null");
  const wrong = np.vectorize((x) => x, { signature: "(n)->()" });
  expect(() => wrong(np.ones([3]))).toThrow("result 0 has shape (3,), and the signature says ()");
  const one = np.vectorize((x) => x, { signature: "()->(),()" });
  expect(() => one(np.ones([3]))).toThrow("the signature has 2 results");
  const long = np.vectorize((_x) => np.ones([2]), { signature: "(n)->(n)" });
  expect(() => long(np.ones([3]))).toThrow("result 0: axis n has size 2, and had 3");
  expect(() => np.vectorize((x) => x, { signature: "n->n" })).toThrow("a signature is such as");
  expect(() => np.vectorize((x) => x, { excluded: [-1] })).toThrow("excluded has the places of arguments");
});

test("a vectorised function has the name and the types of its own, and takes numbers for arrays", () => {
  const scaled = np.vectorize(function scale(x: ArrayValue, unit: "cm" | "m") {
    return np.multiply(x, unit === "m" ? 1 : 100);
  }, { excluded: [1] }); // prettier-ignore
  expect(scaled.name).toBe("scale");
  expectTypeOf(scaled).parameters.toEqualTypeOf<[ArrayValue | number | boolean, "cm" | "m"]>();
  expect(scaled(2, "cm").item()).toBe(200);
  expect(typeOf(scaled(np.ones([1, 0, 3]), "m"))).toBe("float32[1,0,3]");
});

test("the text of a path says what each step makes and leaves", () => {
  const [path, text] = np.einsumPath("ij,jk,kl->il", np.ones([2, 3]), np.ones([3, 4]), np.ones([4, 5]));
  expect(path).toEqual([[0, 1], [0, 1]]); // prettier-ignore
  expect(text).toMatchInlineSnapshot(`
    "Complete contraction:  ij,jk,kl->il
        Naive FLOP count:  3.600e+2
    Optimised FLOP count:  1.280e+2
     Theoretical speedup:  2.813e+0
    Largest intermediate:  1.000e+1 elements
                  (0, 1):  ij,jk->ik, leaves kl,ik->il
                  (0, 1):  kl,ik->il"
  `);
});

test("a path of one operand is that operand, and an ellipsis gets letters", () => {
  const [path, text] = np.einsumPath("...A->A...", np.ones([2, 3, 4]));
  expect(path).toEqual([[0]]);
  expect(text).toContain("BCA->ABC");
});

test("sets of dtypes are frozen, and known by their names", () => {
  expect(Object.isFrozen(np.floating) && Object.isFrozen(np.floating.kinds)).toBe(true);
  expect(np.issubdtype("float32", "floating")).toBe(true);
  expect(np.issubdtype("integer", np.number)).toBe(true);
  expect(np.issubdtype(np.float32, np.float32)).toBe(true);
  expect(np.issubdtype("key<fry>", "generic")).toBe(true);
  expect(np.issubdtype("key<fry>", "number")).toBe(false);
  expect(() => np.issubdtype("float32", "float" as never)).toThrow(DTypeError);
});

test("casts are asked for by dtypes and one of five words", () => {
  expect(() => np.canCast("int8", "int" as never)).toThrow(DTypeError);
  expect(() => np.canCast("int8", "int16", "sure" as never)).toThrow(
    'casting is one of no, equiv, safe, same_kind, unsafe, got the string "sure"',
  );
  expect(np.canCast("key<fry>", "key<fry>")).toBe(true);
  expect(np.canCast("bool", "key<fry>", "same_kind")).toBe(false);
});
