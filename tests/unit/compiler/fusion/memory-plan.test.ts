import { makeJaxpr } from "cotangent";
import fc from "fast-check";
import { expect, test } from "vitest";
import { lowerProgram } from "../../../../src/compiler/fusion/lower.ts";
import { planMemory } from "../../../../src/compiler/fusion/memory-plan.ts";
import { optimise } from "../../../../src/compiler/index.ts";
import type { ClosedJaxpr } from "../../../../src/core/jaxpr.ts";
import { cumsum } from "../../../../src/lax/index.ts";
import { arrayPrograms, dtypesOf32, functionOf, inputsOf } from "../../../laws/array-programs.ts";
import { chain } from "../programs.ts";
import { MemoryMachine } from "./memory-machine.ts";

test("what a program reads is what it wrote there: no two memories in use overlap", () => {
  fc.assert(
    fc.property(arrayPrograms(dtypesOf32, 12), fc.nat(5), fc.constantFrom(0, 256, 4096), (program, seed, small) => {
      const closed = makeJaxpr(functionOf(program))(...inputsOf(program)) as unknown as ClosedJaxpr;
      const lowered = lowerProgram(optimise(closed));
      const plan = planMemory(lowered, ({ bytes }) => bytes <= small);
      const machine = new MemoryMachine(lowered, plan, (branches) => seed % branches).run();
      expect(machine.faults, String(closed)).toEqual([]);
      expect(plan.shared).toBeLessThanOrEqual(plan.unshared);
    }),
    { numRuns: 100 },
  ); // prettier-ignore
});

test("steps one after the other take as much memory as two of them", () => {
  const planOf = (length: number) => {
    // A running sum has loops of its own, and is not fused with another.
    const closed = chain(length, (x) => cumsum(x));
    return planMemory(lowerProgram(closed), () => false);
  };
  const [some, many] = [planOf(100), planOf(10_000)];
  expect(many.shared).toBe(some.shared);
  expect(many.unshared).toBeGreaterThan(50 * some.unshared);
});
