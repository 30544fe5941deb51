import { describe, expect, test } from "vitest";
import { lowerProgram } from "../../../../src/compiler/fusion/lower.ts";
import { planMemory } from "../../../../src/compiler/fusion/memory-plan.ts";
import "../../../../src/index.ts";
import type { ArrayValue } from "../../../../src/core/value.ts";
import { cumsum, dynamicUpdateSlice, rev, sin, transpose } from "../../../../src/lax/index.ts";
import * as np from "../../../../src/numpy/index.ts";
import { scan } from "../../../../src/control/index.ts";
import type { Carried, ScanStep } from "../../../../src/compiler/fusion/program.ts";
import { f32, programOf } from "../programs.ts";
import { stepsOf } from "./compiled.ts";

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
    const source = made.donations.get(memory) ?? program.inputs.find((input) => input === memory);
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

/** How the carries of the only loop are kept, and how many arrays are copied. */
function carriesOf(f: Program, shape = [8, 8]): { readonly inPlace: boolean[]; readonly copies: number } {
  const { program } = plan(f, [false, false], shape);
  const steps = stepsOf(program.block);
  const [loop] = steps.filter((step) => step.kind === "scan" || step.kind === "while");
  return {
    inPlace: loop!.carry.map(({ inPlace }) => inPlace),
    copies: steps.filter((step) => step.kind === "copy").length,
  };
}
type Arrays = readonly ArrayValue[];
const loop =
  (body: (carry: Arrays, row: ArrayValue) => readonly [Arrays, Arrays]): Program =>
  (x, y) => {
    const [carry, stacked] = scan(body as never, [x, y], x) as unknown as [Arrays, Arrays];
    return [...carry, ...stacked];
  };

describe("a carry is written where it is", () => {
  test.each<[string, Program]>([
    ["where each element is read only for its own", loop(([a, b], row) => [[np.add(a!, row), np.multiply(b!, 2)], []])],
    ["if nothing reads it", loop(([, b], row) => [[np.add(np.zeros([8, 8]), row), np.add(b!, 1)], []])],
  ])("%s", (_, f) => {
    expect(carriesOf(f)).toEqual({ inPlace: [true, true], copies: 0 });
  }); // prettier-ignore
});
describe("a carry alternates between two memories", () => {
  test.each<[string, boolean[], Program]>([
    ["where other elements are read", [false, true], loop(([a, b]) => [[transpose(a!, [1, 0]), np.add(b!, 1)], []])],
    ["where another carry is computed of it later", [false, false], loop(([a, b]) => [[np.add(a!, 1), np.matmul(np.matmul(a!, a!), b!)], []])],
    ["where it is stacked as it was", [false, true], loop(([a, b]) => [[np.add(a!, 1), np.add(b!, 1)], [a!]])],
    ["that takes the place of another one, which was read before", [true, false], loop(([a, b]) => [[b!, np.add(a!, 1)], []])],
  ])("%s", (_, inPlace, f) => {
    expect(carriesOf(f).inPlace).toEqual(inPlace);
  }); // prettier-ignore
});
test("what is carried and stacked is written to both memories by one kernel", () => {
  const { copies } = carriesOf(
    loop(([a, b], row) => {
      const next = np.sin(np.add(np.matmul(a!, b!), row));
      return [[next, np.add(b!, 1)], [next]];
    }),
  );
  expect(copies).toBe(0);
});
test("a loop begins where a temporary is, and ends where an output is to be", () => {
  const f: Program = (x) => {
    const [first] = scan((c: ArrayValue, row: ArrayValue) => [np.add(c, row), null], np.matmul(x, x), x) as unknown as [ArrayValue]; // prettier-ignore
    return first;
  };
  const { program, plan: made } = plan(f, [false], [64, 64]);
  const [step] = stepsOf(program.block).filter(({ kind }) => kind === "scan");
  const [{ initial, pair }] = (step as ScanStep).carry as [Carried];
  expect(pair[0]).toBe(program.outputs[0]);
  expect(made.places.get(initial)).toBe(made.places.get(pair[0]));
  expect(made.shared).toBe(0);
});

test("a temporary takes the memory of one that it is computed from element by element", () => {
  // Operands of products are in memory; the second product is added to the first one as it is computed.
  const f: Program = (x, w) => np.matmul(np.add(np.matmul(x, w), np.matmul(w, x)), w);
  const { plan: made } = plan(f, [false, false], [64, 64]);
  const one = 64 * 64 * 4;
  expect(made.unshared).toBeGreaterThanOrEqual(2 * one);
  expect(made.bytes).toBeLessThan(1.1 * one);
});
