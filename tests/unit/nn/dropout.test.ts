import { nn, numpy as np, random } from "cotangent";
import { describe, expect, test } from "vitest";

const key = random.key(3);
const x = np.ones([4000]);

describe("dropout", () => {
  test("keeps the mean: what is not 0 is divided by the share that is kept", () => {
    const out = new nn.Dropout(0.25).forward(x, { key });
    const kept = np.greater(out, 0);
    expect(np.mean(kept).item()).toBeCloseTo(0.75, 1);
    expect(out.toList()).toEqual(np.where(kept, np.divide(x, 0.75), 0).toList());
    expect(kept.toList()).toEqual(random.bernoulli(key, 0.75, [4000]).toList());
  });

  test("does nothing in inference, or for p of 0", () => {
    expect(new nn.Dropout(0.5, true).forward(x)).toBe(x);
    const forced = new nn.Dropout({ p: 0.5, inference: true }).forward(x, { key, inference: false });
    expect(np.any(np.equal(forced, 0)).item()).toBe(true);
    expect(new nn.Dropout(0).forward(x)).toBe(x);
    expect(np.any(new nn.Dropout(1).forward(x, { key })).item()).toBe(false);
  });

  test("needs a key, and a probability", () => {
    expect(() => new nn.Dropout().forward(x)).toThrow("requires a key");
    expect(() => new nn.Dropout(1.5)).toThrow("p must be a number from 0 to 1, got the number 1.5");
  });

  test("is switched for a whole model", () => {
    const model = new nn.Sequential([new nn.Dropout(0.5), new nn.Linear(2, 2, { key }), new nn.Dropout(0.1)]);
    const quiet = nn.inferenceMode(model);
    expect(quiet.forward(np.ones([2])).shape).toEqual([2]);
    expect(() => nn.inferenceMode(quiet, false).forward(np.ones([2]))).toThrow("requires a key");
  });
});
