import { grad, numpy as np, random, Zero } from "cotangent";
import * as lora from "cotangent/lora";

const w = new lora.LoraArray(np.ones([3, 2]), { rank: 1, key: random.key(0) });
const gradient = grad((/** @type {lora.LoraArray} */ w) => np.matmul(w, np.ones([2])).sum())(w);
if (!(gradient._w instanceof Zero) || gradient.a.shape.join() !== "3,1")
  throw new Error("grad missed a LoraArray");
