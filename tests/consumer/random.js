import { key, normal } from "cotangent/random";

const x = normal(key(0), [3]).sub(0);
if (x.get(0).item() !== Number(x.get(":1").sum()))
  throw new Error(`an element of ${String(x)} is not its own sum`);
