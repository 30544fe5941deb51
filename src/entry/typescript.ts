import "../numpy/methods.ts";
import "../backends/default.ts";

export { toTypeScript, type TypeScriptOptions } from "../inspect/typescript.ts";
