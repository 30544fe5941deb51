import { expect, test } from "vitest";
import { avalOf } from "../../../../src/core/value.ts";
import { lowerings } from "../../../../src/backends/reference/lowerings.ts";

test("keys are their words", () => {
  const words = Uint32Array.of(1, 2, 3, 4);
  const [keyAval, wordAval] = [avalOf([2], "key<fry>"), avalOf([2, 2], "uint32")];
  expect(lowerings.random_wrap({ impl: "fry" }, [wordAval], [keyAval])([words])[0]).toBe(words);
  expect(lowerings.random_unwrap({}, [keyAval], [wordAval])([words])[0]).toBe(words);
});

test("the hash broadcasts its operands", () => {
  const [row, column, scalar, out] = [[1, 3], [2, 1], [], [2, 3]].map((shape) => avalOf(shape, "uint32"));
  const hash = lowerings.threefry2x32({}, [scalar!, column!, scalar!, row!], [out!, out!]);
  const full = lowerings.threefry2x32({}, [out!, out!, out!, out!], [out!, out!]);
  const broadcast = hash([
    Uint32Array.of(5),
    Uint32Array.of(6, 7),
    Uint32Array.of(0),
    Uint32Array.of(1, 2, 3),
  ]);
  const repeated = full([
    Uint32Array.of(5, 5, 5, 5, 5, 5),
    Uint32Array.of(6, 6, 6, 7, 7, 7),
    new Uint32Array(6),
    Uint32Array.of(1, 2, 3, 1, 2, 3),
  ]);
  expect(broadcast.map((words) => [...words])).toEqual(repeated.map((words) => [...words]));
});
