import { relu } from "cotangent/nn";

const y = relu(-2).add(1);
if (y.item() !== 1) throw new Error(`1 + relu(-2) is ${String(y)}`);
