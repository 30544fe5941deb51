import { leaves, map } from "cotangent/tree";

const doubled = leaves(map((/** @type {number} */ x) => 2 * x, { a: 1, b: [2] }));
if (String(doubled) !== "2,4") throw new Error(`twice 1 and 2 is ${String(doubled)}`);
