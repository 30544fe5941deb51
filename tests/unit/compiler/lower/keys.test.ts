import fc from "fast-check";
import { describe, test } from "vitest";
import type { keys } from "../../../../src/compiler/lower/keys.ts";
import { randomUnwrap, randomWrap, threefry2x32 } from "../../../../src/lax/index.ts";
import { arrays, expectAsReference, special } from "./against-reference.ts";

const tests: Readonly<Record<keyof typeof keys, () => void>> = {
  random_wrap: () =>
    fc.assert(
      fc.property(arrays([3, 2], "uint32"), (x) => expectAsReference(randomWrap, { impl: "fry" }, [x])),
    ),
  random_unwrap: () => {
    expectAsReference(randomUnwrap, {}, [special("key<fry>")]);
    fc.assert(fc.property(arrays([2, 3], "key<fry>"), (x) => expectAsReference(randomUnwrap, {}, [x])));
  },
  threefry2x32: () => {
    const shapes = [
      [[], [], [5], [5]],
      [[3], [3], [3], [3]],
      [
        [2, 1],
        [2, 1],
        [1, 3],
        [1, 3],
      ],
    ];
    for (const words of shapes)
      fc.assert(
        fc.property(fc.tuple(...words.map((shape) => arrays(shape, "uint32"))), (operands) =>
          expectAsReference(threefry2x32, {}, operands),
        ),
      );
  },
};

describe("rows of keys", () => {
  test.each(Object.entries(tests))("%s gives the words that the reference gives", (_name, check) => check());
});
