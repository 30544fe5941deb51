import { grad, nn, numpy as np } from "cotangent";
import { expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

test("a PReLU learns its slope below 0", () => {
  const layer = new nn.PReLU();
  expectValues(layer.forward(np.array([-2, 0, 3])), [-0.5, 0, 3]);
  expectValues(grad((l: nn.PReLU) => np.sum(l.forward(np.array([-2, 0, 3]))))(layer).negativeSlope, -2);
  expectValues(new nn.PReLU(np.array([0.1, 0.2])).forward(np.array([-1, -1])), [-0.1, -0.2]);
});

test("a PReLU leaves the dtype of its input", () => {
  expect(new nn.PReLU().forward(np.array([-2, 3], "bfloat16")).dtype).toBe("bfloat16");
});
