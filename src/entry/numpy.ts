import "../numpy/methods.ts";
import "../backends/default.ts";

export { load, save, savez } from "../files/numpy-files.ts";
export * from "../numpy/index.ts";
