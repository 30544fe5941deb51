import { describe, expect, test } from "vitest";
import { lowerProgram } from "../../../../src/compiler/fusion/lower.ts";
import { planMemory } from "../../../../src/compiler/fusion/memory-plan.ts";
import "../../../../src/index.ts";
import type { ArrayValue } from "../../../../src/core/value.ts";
import { cumsum, dynamicUpdateSlice, rev, sin, transpose } from "../../../../src/lax/index.ts";
import * as np from "../../../../src/numpy/index.ts";
import { scan } from "../../../../src/control/index.ts";
import { f32, programOf } from "../programs.ts";

type Program = (...xs: ArrayValue[]) => ArrayValue | readonly ArrayValue[];

const plan = (f: Program, donated: readonly boolean[], shape = [8, 8]) => {
  const avals = donated.map(() => f32(...shape));
  const program = lowerProgram(programOf(f, avals));
  return { program, plan: planMemory(program, () => false, donated) };
};

/** For each output, the input whose memory it has, if all inputs are donated. */
function sources(f: Program, ...donated: boolean[]): (number | null)[] {
  const { program, plan: made } = plan(f, donated);
  return program.outputs.map((memory) => {
    const source = made.donations.get(memory);
    if (source === undefined) return null;
    expect(made.places.get(memory)).toBe(made.places.get(source));
    return program.inputs.indexOf(source);
  });
}

describe("an output takes the memory of a donated input", () => {
  test("that is read element by element where it is written", () => {
    expect(sources((x) => np.add(np.multiply(x, x), 1), true)).toEqual([0]);
  });
  test("that is one of several that one kernel reads and writes", () => {
    const step: Program = (p, m, g) => {
      const next = np.add(np.multiply(m, 0.9), g);
      return [np.subtract(p, np.multiply(next, 0.1)), next];
    };
    const found = sources(step, true, true, false);
    expect(new Set(found)).toEqual(new Set([0, 1]));
  });
  test("that an earlier kernel was the last to read", () => {
    expect(sources((x, w) => np.matmul(np.matmul(x, w), w), true, false)).toEqual([0]);
  });
  test("that is what it is", () => {
    expect(sources((x) => x, true)).toEqual([0]);
  });
  test("beside a product that is subtracted from it", () => {
    expect(sources((w, x, y) => np.subtract(w, np.matmul(x, y)), true, false, false)).toEqual([0]);
  });
});

describe("an output has memory of its own", () => {
  test("where the input is not donated", () => {
    expect(sources((x) => np.add(x, 1), false)).toEqual([null]);
  });
  test.each<[string, Program]>([
    ["turned", (x) => transpose(x, [1, 0])],
    ["reversed", (x) => rev(x, [0])],
    ["multiplied by itself as a matrix", (x) => np.matmul(x, x)],
    ["summed along the way", (x) => cumsum(x, { axis: 0 })],
    ["normalised by its rows", (x) => np.divide(x, np.sum(x, { axis: 1, keepdims: true }))],
  ])("where the input is %s", (_, f) => {
    expect(sources(f, true)).toEqual([null]);
  });
  test("where a later kernel reads the input", () => {
    const f: Program = (x) => {
      const first = np.matmul(sin(x), np.ones([8, 8]));
      return [first, np.matmul(first, x)];
    };
    expect(sources(f, true)).toEqual([null, null]);
  });
  test("where another output has the input's", () => {
    expect(sources((x) => [np.add(x, 1), np.multiply(x, 2)], true).filter((x) => x !== null)).toEqual([0]);
  });
  test("where it has another size", () => {
    expect(sources((x) => np.sum(x, { axis: 0 }), true)).toEqual([null]);
  });
  test("where a loop reads the input in each turn", () => {
    const f: Program = (x) => {
      const [last, all] = scan(
        (c: ArrayValue, row: ArrayValue) => [np.add(np.matmul(x, c), row), c],
        x,
        x,
      ) as [ArrayValue, ArrayValue];
      return [last, np.sum(all, { axis: 0 })];
    };
    const found = sources(f, true);
    expect(found.every((x) => x === null || x === 0)).toBe(true);
  });
  test("where only a part of it is written", () => {
    const f: Program = (x, y) =>
      dynamicUpdateSlice(x, np.multiply(y, 2), [np.array(0, "int32"), np.array(0, "int32")]);
    // The array itself is copied first, and its part is written then: the second input is read after that.
    expect(sources(f, false, true)).toEqual([null]);
  });
});

test("a temporary takes the memory of one that it is computed from element by element", () => {
  // Operands of products are in memory; the second product is added to the first one as it is computed.
  const f: Program = (x, w) => np.matmul(np.add(np.matmul(x, w), np.matmul(w, x)), w);
  const { plan: made } = plan(f, [false, false], [64, 64]);
  const one = 64 * 64 * 4;
  expect(made.unshared).toBeGreaterThanOrEqual(2 * one);
  expect(made.bytes).toBeLessThan(1.1 * one);
});
