import "../numpy/methods.ts";
import "../backends/default.ts";

export { type Config, config } from "../core/config.ts";
