import "../numpy/methods.ts";
import "../backends/default.ts";

export { customLinearSolve, customRoot } from "../control/index.ts";
export * from "../lax/index.ts";
