import { expect } from "vitest";

/** Zeros (with their sign), infinities and NaN must be met exactly, other numbers to a relative error. */
export const expectClose = (got: number, wanted: number, relativeError: number): void => {
  if (!Number.isFinite(wanted) || wanted === 0) expect(got).toBe(wanted);
  else expect(Math.abs(got / wanted - 1), `got ${got}, wanted ${wanted}`).toBeLessThanOrEqual(relativeError);
};
