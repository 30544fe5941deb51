import { makeJaxpr } from "cotangent";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reference } from "../../src/backends/reference/index.ts";
import { wasm } from "../../src/backends/wasm/index.ts";
import type { ClosedJaxpr } from "../../src/core/jaxpr.ts";
import {
  type ArrayProgram,
  type Instruction,
  arrayPrograms,
  dtypesOf32,
  dtypesOf64,
  functionOf,
  inputsOf,
} from "./array-programs.ts";
import { withX64 } from "./samples.ts";

const full = process.env["COTANGENT_FULL"] === "1";
function expectSameOnBoth(program: ArrayProgram): void {
  const inputs = inputsOf(program);
  const closed = makeJaxpr(functionOf(program))(...inputs) as unknown as ClosedJaxpr;
  const expected = reference.compile(closed).execute(inputs.map((x) => x.buffer));
  // Arrays that nobody needs any more give their memory to results.
  for (const donated of [[], inputs.map(() => true)]) {
    const given = inputsOf(program).map((x) => x.buffer);
    const got = wasm.compile(closed, { donated }).execute(given);
    expected.forEach((buffer, i) => {
      expect(got[i]!.read(), `output ${i} of ${String(closed)}`).toEqual(buffer.read());
    });
  }
}

const numRuns = full ? 1000 : 100;
/** The same programs in every run, unless others are asked for. */
const seed = Number(process.env["COTANGENT_SEED"] ?? 1);

/** One operation without programs in it. */
const step = (name: string, ...picks: number[]): Instruction => ({ name, picks, bodies: [] });
/** Programs that once were compiled to something else. */
const examples: [ArrayProgram][] = [
  [
    {
      inputs: [{ shape: [2, 7], dtype: "float32", seed: 0 }],
      instructions: [
        step("concatenate", 0),
        step("transpose", 0, 1, 0, 0, 0),
        step("add", 7, 0, 0, 0),
        step("add", 0),
        step("add", 0),
      ],
    },
  ],
];

describe("programs of arrays compute, compiled, what the reference backend does, to the last bit", () => {
  test("in dtypes of up to 32 bits", { timeout: 600_000 }, () => {
    fc.assert(fc.property(arrayPrograms(dtypesOf32), expectSameOnBoth), { numRuns, seed, examples });
  });
  test("in all dtypes", { timeout: 600_000 }, () => {
    withX64(() =>
      fc.assert(fc.property(arrayPrograms(dtypesOf64), expectSameOnBoth), { numRuns: numRuns / 3, seed }),
    );
  });
});
