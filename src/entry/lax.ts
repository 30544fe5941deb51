import "../numpy/methods.ts";
import "../backends/default.ts";

export { customLinearSolve, customRoot } from "../control/index.ts";
export * from "../lax/index.ts";
export { associativeScan, cond, foriLoop, map, scan, switch, whileLoop } from "../control/index.ts";
