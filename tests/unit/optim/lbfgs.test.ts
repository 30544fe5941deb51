import { type ArrayValue, numpy as np, optim, valueAndGrad, Zero } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

const params = { w: np.array([3, -2]), n: np.array([1], "int32"), gone: null };
const loss = ({ w }: typeof params) => np.sum(np.multiply(np.array([1, 10]), np.square(w)));

describe("L-BFGS", () => {
  test.each([
    ["zoom", optim.lbfgs()],
    ["backtracking", optim.lbfgs(null, { linesearch: optim.scaleByBacktrackingLinesearch(20) })],
  ])("moves what can move, by the search %s", (_, optimizer) => {
    let [at, state] = [params, optimizer.init(params)];
    for (let i = 0; i < 12; i++) {
      const [value, slope] = valueAndGrad(loss, { allowInt: true })(at) as [ArrayValue, typeof params];
      const grad = { w: slope.w, n: new Zero([1], "float0"), gone: null };
      const valueFn = (p: typeof params) => loss(p);
      const [updates, next] = optimizer.update(grad, state, at, { value, grad, valueFn });
      [at, state] = [optim.applyUpdates(at, updates as never), next];
    }
    expectValues(np.round(at.w, 3), [0, 0]);
    expect(at.n === params.n).toBe(true);
  });

  test("says what it needs", () => {
    const g = { w: np.ones([2]) };
    for (const [name, search] of [
      ["scaleByZoomLinesearch", optim.scaleByZoomLinesearch(5)],
      ["scaleByBacktrackingLinesearch", optim.scaleByBacktrackingLinesearch(5)],
    ] as const) {
      const transformation: optim.GradientTransformation = search;
      expect(() => transformation.update(g, transformation.init(g), g, { value: 1 })).toThrow(
        `optim.${name} needs the loss, its gradient and the function`,
      );
      expect(() => transformation.update(g, transformation.init(g))).toThrow("needs the parameters");
    }
    const sophia = optim.sophia(1);
    expect(() => sophia.update(g, sophia.init(g), g)).toThrow(
      "optim.scaleBySophia needs the loss as a function",
    );
    expect(() => optim.scaleByLbfgs({ memorySize: 0 })).toThrow("memorySize is a positive integer");
    expect(() => optim.scaleByZoomLinesearch(5, { initialGuessStrategy: "two" as never })).toThrow(
      'initialGuessStrategy is keep or one, got the string "two"',
    );
  });

  test("keeps the value and the gradient of one search", () => {
    const f = (x: ArrayValue) => np.sum(np.square(x));
    const x = np.array([1, 2]);
    const search = optim.scaleByBacktrackingLinesearch(5);
    expect(() => optim.valueAndGradFromState(f)(x, search.init(x))).toThrow(
      "holds the value and the gradient of a line search that stores none: give it storeGrad, not of one",
    );
    expect(() => optim.valueAndGradFromState(f)(x, optim.adam(1).init(x))).toThrow(
      "of 0 line searches, not of one",
    );
    const [value, grad] = optim.valueAndGradFromState((p: ArrayValue, y: ArrayValue) => f(np.multiply(p, y)))(x, optim.lbfgs().init(x), np.array(2)); // prettier-ignore
    expectValues(np.concatenate([np.expandDims(value, 0), grad]), [20, 8, 16]);
  });
});
