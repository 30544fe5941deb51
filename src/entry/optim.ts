import "../numpy/methods.ts";
import "../backends/default.ts";

export * from "../optim/index.ts";
