import "../numpy/methods.ts";
import "../backends/default.ts";

export * from "../values/index.ts";
