import "../numpy/methods.ts";
import "../backends/default.ts";

export * from "../lax/index.ts";
