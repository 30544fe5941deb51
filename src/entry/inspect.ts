import "../numpy/methods.ts";
import "../backends/default.ts";

export * from "../inspect/index.ts";
