import { expect } from "vitest";
import { reference } from "../../../../src/backends/reference/index.ts";
import { wasm } from "../../../../src/backends/wasm/index.ts";
import { lowerProgram } from "../../../../src/compiler/fusion/lower.ts";
import type { Block, KernelProgram, Step } from "../../../../src/compiler/fusion/program.ts";
import { simplify } from "../../../../src/compiler/index.ts";
import type { ClosedJaxpr } from "../../../../src/core/jaxpr.ts";
import type { ArrayValue, NDArray } from "../../../../src/core/value.ts";
import { stage } from "../../../../src/interpreters/stage.ts";

export type F = (...xs: ArrayValue[]) => ArrayValue | readonly ArrayValue[];

/** The jaxpr of a function of arrays like these. */
export const jaxprOf = (f: F, xs: readonly NDArray[]): ClosedJaxpr =>
  stage((given) => [f(...given)].flat() as ArrayValue[], xs.map((x) => x.aval), "test"); // prettier-ignore

/** The function as kernels. */
export const loweredOf = (f: F, xs: readonly NDArray[]): KernelProgram =>
  lowerProgram(simplify(jaxprOf(f, xs)));

/** The blocks that a step holds. */
export function blocksOf(step: Step): readonly Block[] {
  switch (step.kind) {
    case "cond":
      return step.branches;
    case "while":
      return [step.test, step.body];
    case "scan":
      return [step.body];
    default:
      return [];
  }
}
/** All steps, those within others included. */
export const stepsOf = ({ steps }: Block): Step[] =>
  steps.flatMap((step) => [step, ...blocksOf(step).flatMap(stepsOf)]);
/** Names of the equations that no kernel computes. */
export const hostEquations = ({ block }: KernelProgram): string[] =>
  stepsOf(block).flatMap((step) => (step.kind === "host" ? [step.eqn.primitive.primitive] : []));

/** Both backends compute the same numbers, to the last bit. */
export function expectSameOnBoth(f: F, xs: readonly NDArray[]): void {
  const closed = jaxprOf(f, xs);
  const buffers = xs.map((x) => x.buffer);
  const [got, expected] = [wasm, reference].map((backend) => backend.compile(closed).execute(buffers));
  expected!.forEach((buffer, i) => {
    expect(got![i]!.read(), `output ${i} of ${String(closed)}`).toEqual(buffer.read());
  });
}
