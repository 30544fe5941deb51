import "../numpy/methods.ts";
import "../backends/default.ts";

export * from "../files/index.ts";
