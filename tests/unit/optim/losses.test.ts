import {
  type ArrayValue,
  grad,
  inspect,
  numpy as np,
  optim,
  ShapeDtypeStruct,
  valueAndGrad,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

const logits = np.array([
  [1.2, -0.8, -0.5],
  [0.9, -1.2, 1.1],
  [3, 2, -100],
]);
const labels = np.array([0, 1, 2], "int32");
const integer = optim.softmaxCrossEntropyWithIntegerLabels;

// Numbers of optax 0.2.8.
describe("cross-entropy with integer labels", () => {
  test("is that of optax, along any axes", () => {
    expectValues(integer(logits, labels), [0.27612972, 2.9517989, 103.31326]);
    expectValues(integer(logits, labels, { axis: 0 }), [2.0529006, 3.2967386, 101.2839]);
    const cube = np.divide(np.arange(12, { dtype: "float32" }).reshape([1, 2, 3, 2]), 4);
    expectValues(integer(cube, np.array([[1, 5]], "int32"), { axis: [2, 3] }), [2.2562091, 1.2562094]);
  });

  test("over the elements that take part", () => {
    expectValues(integer(logits, labels, -1, np.array([true, false, true])), [0.27612972, 0, 103.31326]);
    const where = np.array([
      [true, true, false],
      [true, true, true],
      [false, false, true],
    ]);
    expectValues(integer(logits, labels, { where }), [0.12692809, 2.9517989, 0]);
  });

  test("has its gradient", () => {
    const gradient = grad((x: ArrayValue) => np.sum(integer(x, labels)))(logits);
    expectValues(
      gradient,
      [-0.2412855, 0.10268084, 0.13860463, 0.42664677, -0.94775438, 0.52110755, 0.7310586, 0.26894143, -1],
    );
  });

  test("counts negative labels from the end, and is NaN of one that is no class", () => {
    const [last, none, far] = values(integer(np.array([[1, 2], [1, 2], [1, 2]]), np.array([-1, 2, -3], "int32"))); // prettier-ignore
    expect(last).toBeCloseTo(0.31326169, 5);
    expect([none, far]).toEqual([NaN, NaN]);
  });

  test("and its gradient are computed by one kernel that sees all the logits", () => {
    const shapes = [
      new ShapeDtypeStruct([512, 4096], "float32"),
      new ShapeDtypeStruct([512], "int32"),
    ] as const;
    const size = 4 * 512 * 4096;
    const loss = (x: ArrayValue, y: ArrayValue) => optim.meanCrossEntropy(x, y);
    const passes = (f: (x: ArrayValue, y: ArrayValue) => unknown) =>
      inspect.kernels(f)(...shapes).kernels.map(({ bytes }) => Math.floor(bytes / size)).filter((n) => n > 0); // prettier-ignore
    expect(passes(loss)).toEqual([1]); // logits are read
    expect(passes(valueAndGrad(loss, { hasAux: true }))).toEqual([2]); // and the gradient is written
  });

  test("refuses other dtypes", () => {
    expect(() => integer(labels, labels)).toThrow("takes logits that are floats, got int32");
    expect(() => integer(logits, logits)).toThrow("takes labels that are integers, got float32");
  });
});

describe("cross-entropy with shares", () => {
  const shares = np.array([
    [0.2, 0.3, 0.5],
    [1, 0, 0],
    [0, 0, 1],
  ]);
  test("is that of optax", () => {
    expectValues(optim.softmaxCrossEntropy(logits, shares), [1.7261298, 0.85179883, 103.31326]);
    const where = np.array([[true, true, false]]);
    expectValues(optim.softmaxCrossEntropy(logits, shares, { where }), [0.66346407, 0.11551952, 0]);
  });

  test("takes smoothed ones", () => {
    expectValues(
      optim.smoothLabels(shares, 0.1),
      [
        0.21333332, 0.30333334, 0.48333332, 0.93333334, 0.03333333, 0.03333333, 0.03333333, 0.03333333,
        0.93333334,
      ],
    );
    const where = np.array([[true, true, false]]);
    expectValues(optim.smoothLabels(shares, 0.1, { where }).at([1]).get(), [0.95, 0.05, 0.05]);
    expect(() => optim.smoothLabels(labels, 0.1)).toThrow("takes labels that are floats");
  });
});

describe("the mean cross-entropy", () => {
  test("is over the labels that are not ignored", () => {
    const [loss, count] = optim.meanCrossEntropy(logits, np.array([0, -100, 2], "int32"));
    expectValues(loss, 51.794697);
    expect([count.item(), count.dtype]).toEqual([2, "int32"]);
    expectValues(optim.meanCrossEntropy(logits, labels, { ignoreIndex: 1 })[0], 51.794697);
  });

  test("has no gradient where labels are ignored, and none at all where all are", () => {
    const gradientOf = (own: number[]) =>
      grad((x: ArrayValue) => optim.meanCrossEntropy(x, np.array(own, "int32"))[0])(logits);
    expectValues(
      gradientOf([0, -100, -100])
        .at([[1, 3]])
        .get(),
      [0, 0, 0, 0, 0, 0],
    );
    expectValues(gradientOf([-100, -100, -100]), new Array<number>(9).fill(0));
    const [loss, count] = optim.meanCrossEntropy(logits, np.array([-100, -100, -100], "int32"));
    expect([loss.item(), count.item()]).toEqual([0, 0]);
  });
});

describe("refusals of losses", () => {
  const [floats, ints] = [np.ones([2, 3]), np.ones([2, 3], "int32")];
  test.each([
    ["squaredError takes predictions that are floats, got int32", () => optim.squaredError(ints)],
    [
      "predictions and targets have one shape, got [2, 3] and [3]",
      () => optim.squaredError(floats, np.ones([3])),
    ],
    ["outputs and targets have one shape", () => optim.perceptronLoss(floats, np.ones([3]))],
    ["takes labels that are integers, got float32", () => optim.multiclassHingeLoss(floats, np.ones([2]))],
    ["takes a label for each embedding, got 3 for 2", () => optim.ntxent(floats, np.ones([3], "int32"))],
    [
      "reduction is one of mean, sum, none",
      () => optim.diceLoss(floats, floats, { reduction: "max" as never }),
    ],
    ["takes a function, got the number 1", () => optim.makeFenchelYoungLoss(1 as never)],
    ["takes logits [batch, frames, classes]", () => optim.ctcLoss(floats, floats, floats, floats)],
    ["klDivergence takes targets that are floats, got int32", () => optim.klDivergence(floats, ints)],
  ])("%s", (message, loss) => expect(loss).toThrow(message));
});
