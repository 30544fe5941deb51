import "../numpy/methods.ts";
import "../backends/default.ts";

export * from "../numpy/index.ts";
