import "../numpy/methods.ts";
import "../backends/default.ts";

export * from "../models/index.ts";
