import { grad, numpy as np } from "cotangent";

const slope = grad((/** @type {import("cotangent").ArrayValue} */ x) => np.sin(x).sum())(np.zeros([2]));
if (String(slope.toList()) !== "1,1") throw new Error(`the gradient of sin at 0 is ${String(slope)}`);
