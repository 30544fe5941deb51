/** Functions with the names of `jax.scipy` in camelCase. */

export * as linalg from "./linalg/index.ts";
export * as special from "./special/index.ts";
export * as stats from "./stats/index.ts";
