import "../numpy/methods.ts";
import "../backends/default.ts";

export * from "../scipy/index.ts";
