import "../numpy/methods.ts";
import "../backends/default.ts";

export * from "../control/debug.ts";
