import "../numpy/methods.ts";
import "../backends/default.ts";

export * from "../lora/index.ts";
