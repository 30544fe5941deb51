import "../numpy/methods.ts";
import "../backends/default.ts";

export * from "../random/index.ts";
