import { numpy as np, optim } from "cotangent";
import { describe, expect, test } from "vitest";

const g = { w: np.array([1, 2]) };

describe("what a direction needs", () => {
  test("Polyak's learning rate needs the loss, and a known variant", () => {
    const polyak = optim.polyakSgd();
    expect(() => polyak.update(g, polyak.init(g), g)).toThrow(
      "optim.scaleByPolyak needs the loss: update(updates, state, params, { value })",
    );
    expect(() => optim.scaleByPolyak({ variant: "sps-" as never })).toThrow("variant is one of sps, sps+");
  });

  test("optimistic Adam takes no schedule", () => {
    expect(() => optim.optimisticAdam(optim.constantSchedule(0.1) as never)).toThrow(
      "optim.optimisticAdam takes no schedule: optim.optimisticAdamV2 does",
    );
  });

  test("Lion's mode is one of three", () => {
    expect(() => optim.scaleByLion({ mode: "soft" as never })).toThrow(
      'mode is one of hard, smooth, refined, got the string "soft"',
    );
  });

  test("unknown options are refused under the optimiser's own name", () => {
    expect(() => optim.lion(0.1, { b3: 1 } as never)).toThrow(
      "optim.lion has no option b3; did you mean b1?",
    );
    expect(() => optim.signSgd(0.1, { beta: 1 } as never)).toThrow("optim.signSgd has no option beta");
  });

  test.each([
    ["optim.scaleByTrustRatio", optim.scaleByTrustRatio()],
    ["optim.scaleByNovograd", optim.scaleByNovograd()],
    ["optim.scaleByFactoredRms", optim.scaleByFactoredRms()],
    ["optim.scaleByDistanceOverGradients", optim.scaleByDistanceOverGradients()],
    ["optim.adaptiveGradClip", optim.adaptiveGradClip(1)],
    ["optim.keepParamsNonnegative", optim.keepParamsNonnegative()],
  ])("%s needs the parameters", (name, transformation: optim.GradientTransformation) => {
    expect(() => transformation.update(g, transformation.init(g))).toThrow(
      `${name} needs the parameters: update(updates, state, params)`,
    );
  });

  test("units of an array with many axes are named", () => {
    const p = { x: np.ones([2, 2, 2, 2, 2, 2]) };
    const clip = optim.adaptiveGradClip(1);
    expect(() => clip.update(p, clip.init(p), p)).toThrow("knows units of at most 5 axes");
  });
});

test("a count is a number", () => {
  expect(() => optim.safeIncrement(np.array(true))).toThrow("takes an integer or a float, got bool");
});

test("names of a chain are different", () => {
  expect(() => optim.namedChain(["a", optim.scale(1)], ["a", optim.scale(2)])).toThrow("a name occurs twice");
});

test("what has no state starts with an empty one", () => {
  expect(optim.initEmptyState(g)).toEqual({});
});
