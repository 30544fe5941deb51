import "../numpy/methods.ts";
import "../backends/default.ts";

export * from "../nn/index.ts";
