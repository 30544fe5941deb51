import { type ArrayValue, CotangentError, grad, jit, numpy as np, tree } from "cotangent";
import { afterEach, expect } from "vitest";
import { isEager } from "../../../src/core/trace.ts";

type ErrorClass = abstract new (...args: never[]) => Error;

/** Runs `run`, which must throw an error of this class and code whose message has all of `parts`. */
export function refused(
  run: () => unknown,
  error: ErrorClass,
  code: string,
  ...parts: readonly (string | RegExp)[]
): void {
  let caught: unknown;
  try {
    const result = run();
    expect.fail(`nothing was thrown; the result is ${String(result)}`);
  } catch (thrown) {
    caught = thrown;
  }
  expect(caught).toBeInstanceOf(error);
  expect(
    caught instanceof CotangentError || caught instanceof tree.TreeError,
    "an error of the library",
  ).toBe(true);
  expect((caught as { code: string }).code).toBe(code);
  for (const part of parts) expect((caught as Error).message).toMatch(part);
}

/** After each error everything works as before. */
export function afterEachAllWorks(): void {
  afterEach(() => {
    expect(isEager()).toBe(true);
    const f = (x: ArrayValue) => np.sum(np.square(x));
    expect(jit(grad(f))(np.array([1, 2])).toList()).toEqual([2, 4]);
  });
}
