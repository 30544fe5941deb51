import { config, makeJaxpr } from "cotangent";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../src/backends/reference/index.ts";
import { theDevice } from "../../src/backends/wasm/device.ts";
import { wasm } from "../../src/backends/wasm/index.ts";
import { cutFrom } from "../../src/backends/wasm/threads/grain.ts";
import type { Buffer } from "../../src/core/backend.ts";
import type { ClosedJaxpr } from "../../src/core/jaxpr.ts";
import type { NDArray } from "../../src/core/value.ts";
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

/** A program, staged, and what the reference backend makes of its inputs. */
function staged(program: ArrayProgram): readonly [ClosedJaxpr, readonly Buffer[]] {
  const inputs = inputsOf(program);
  const closed = makeJaxpr(functionOf(program))(...inputs) as unknown as ClosedJaxpr;
  return [closed, reference.compile(closed).execute(buffersOf(inputs))];
}
const buffersOf = (arrays: readonly NDArray[]): Buffer[] => arrays.map((x) => x.buffer);
function expectSame(got: readonly Buffer[], expected: readonly Buffer[], of: ClosedJaxpr): void {
  expected.forEach((buffer, i) => {
    expect(got[i]!.read(), `output ${i} of ${String(of)}`).toEqual(buffer.read());
  });
}

function expectSameOnBoth(program: ArrayProgram): void {
  const [closed, expected] = staged(program);
  // Arrays that nobody needs any more give their memory to results.
  for (const donated of [[], program.inputs.map(() => true)])
    expectSame(wasm.compile(closed, { donated }).execute(buffersOf(inputsOf(program))), expected, closed);
}

const numRuns = full ? 2000 : 150;
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
      fc.assert(fc.property(arrayPrograms(dtypesOf64), expectSameOnBoth), {
        numRuns: Math.ceil(numRuns / 3),
        seed,
      }),
    );
  });
});

describe("cut into as many chunks as there are, they compute the same on two threads", () => {
  const { pool } = theDevice();
  const threads = config.threads;
  let usual: number;
  beforeAll(() => {
    usual = cutFrom(1);
    config.threads = 2;
  });
  afterAll(() => {
    cutFrom(usual);
    config.threads = threads;
  });

  test("in dtypes of up to 32 bits", { timeout: 600_000 }, async () => {
    let shared = 0;
    const property = fc.asyncProperty(arrayPrograms(dtypesOf32), async (program) => {
      const [closed, expected] = staged(program);
      const executable = wasm.compile(closed);
      await pool!.ready();
      if (pool!.threads === 2) shared++;
      expectSame(executable.execute(buffersOf(inputsOf(program))), expected, closed);
    });
    await fc.assert(property, { numRuns: Math.ceil(numRuns / 4), seed });
    expect(shared).toBeGreaterThan(numRuns / 8);
  });
});
