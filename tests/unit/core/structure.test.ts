import { describe, expect, test } from "vitest";
import { type ArrayValue, jit, lax, makeJaxpr, numpy as np, pureCallback, ShapeDtypeStruct } from "cotangent";
import { ClosedJaxpr } from "../../../src/core/jaxpr.ts";
import { hashStructure, sameStructure, StructureMap } from "../../../src/core/structure.ts";

describe("data", () => {
  const same: readonly (readonly [string, unknown, unknown])[] = [
    ["lists", [1, "a", [true, null]], [1, "a", [true, null]]],
    ["objects, in any order of their keys", { a: 1, b: [2n] }, { b: [2n], a: 1 }],
    ["a key that is undefined and one that is not there", { a: 1, b: undefined }, { a: 1 }],
    ["NaN", [NaN], [NaN]],
  ];
  test.each(same)("%s are the same, and have one hash", (_, a, b) => {
    expect(sameStructure(a, b)).toBe(true);
    expect(hashStructure(a)).toBe(hashStructure(b));
  });

  const others: readonly (readonly [string, unknown, unknown])[] = [
    ["zeros of either sign", [0], [-0]],
    ["a number and its text", [1], ["1"]],
    ["lists of which one is longer", [1], [1, 1]],
    ["a list and an object", [1], { 0: 1 }],
    ["objects of a class", [new Map()], [new Map()]],
    ["functions", () => 1, () => 1],
  ];
  test.each(others)("%s are not the same", (_, a, b) => expect(sameStructure(a, b)).toBe(false));
});

describe("programs", () => {
  const x = np.array([1, 2, 3]);
  const of = (f: (...xs: ArrayValue[]) => unknown, ...xs: readonly unknown[]): ClosedJaxpr =>
    makeJaxpr(f as never)(...((xs.length > 0 ? xs : [x]) as never[]));
  const double = jit(function double(y: ArrayValue) {
    return np.multiply(y, 2);
  });
  const makes: readonly (readonly [string, () => ClosedJaxpr])[] = [
    ["operations", () => of((y) => np.add(np.sin(y!), 2))],
    ["outputs", () => of((y) => [np.cos(y!), y, np.sin(y!)])],
    ["constants", () => of((y) => np.add(y!, x))],
    ["calls", () => of((y) => double(double(y!)))],
    ["loops", () => of((y) => lax.scan((sum: ArrayValue, z: ArrayValue) => [np.add(np.tanh(sum), z), sum], np.array(0), y!))], // prettier-ignore
    ["branches", () => of((y) => lax.cond(np.greater(np.sum(y!), 0), np.sin, np.cos, y!))],
  ];
  test.each(makes)(
    "that have the same %s are the same wherever they come from, and have one hash",
    (_, make) => {
      const [a, b] = [make(), make()];
      expect(a.jaxpr === b.jaxpr).toBe(false);
      expect(sameStructure([a], [b])).toBe(true);
      expect(hashStructure(a)).toBe(hashStructure(b));
      const map = new StructureMap<ClosedJaxpr, string>(sameStructure);
      map.set(hashStructure(a), a, "found");
      expect(map.get(hashStructure(b), b)).toBe("found");
    },
  );

  const callback = (y: ArrayValue) => pureCallback((z: ArrayValue) => z, new ShapeDtypeStruct([3], "float32"), y); // prettier-ignore
  const pairs: readonly (readonly [string, ClosedJaxpr, ClosedJaxpr])[] = [
    ["an operation", of((y) => np.sin(y!)), of((y) => np.cos(y!))],
    ["a param", of((y) => np.flip(lax.cumsum(y!, { axis: 0 }))), of((y) => np.flip(lax.cumsum(y!, { axis: 0, reverse: true })))], // prettier-ignore
    ["the bits of a number", of((y) => np.multiply(y!, 0)), of((y) => np.multiply(y!, -0))],
    ["an operand", of((y, z) => np.subtract(y!, z!), x, x), of((y, z) => np.subtract(z!, y!), x, x)],
    ["an output", of((y) => [y, np.sin(y!)]), of((y) => [np.sin(y!), y])],
    ["a shape", of((y) => np.sin(y!)), of((y) => np.sin(y!), np.ones([4]))],
    ["a dtype", of((y) => np.abs(y!)), of((y) => np.abs(y!), np.array([1], "int32"))],
    ["weakness", of((y) => np.add(y!, y!), 1), of((y) => np.add(y!, y!), np.array(1, "float32"))],
    ["a constant", of((y) => np.add(y!, x)), of((y) => np.add(y!, np.array([1, 2, 3])))],
    ["the body of a loop", of((y) => lax.map(np.sin as never, y!)), of((y) => lax.map(np.cos as never, y!))],
    ["the function of a callback", of((y) => callback(y!)), of((y) => callback(y!))],
    ["an equation too many", of((y) => np.sin(y!)), of((y) => (np.cos(y!), np.sin(y!)))],
  ];
  test.each(pairs)("that differ in %s are not the same", (_, a, b) => {
    expect(sameStructure(a, b)).toBe(false);
    expect(sameStructure(b, a)).toBe(false);
    expect(sameStructure(a, [])).toBe(false);
  });

  test("nested 100,000 deep are hashed", () => {
    const program = of((y) => np.sin(y!));
    let nested = program;
    for (let depth = 0; depth < 100_000; depth++) {
      const { jaxpr } = program;
      const eqns = [{ ...jaxpr.eqns[0]!, params: { jaxpr: nested } }];
      nested = new ClosedJaxpr({ ...jaxpr, eqns }, []);
    }
    expect(hashStructure(nested)).toBe(hashStructure(program));
  });
});
