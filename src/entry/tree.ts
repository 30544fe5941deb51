import "../numpy/methods.ts";
import "../backends/default.ts";

export * from "../tree/index.ts";
