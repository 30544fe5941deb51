import { noArrayTruthiness } from "./no-array-truthiness.js";

const plugin = {
  meta: { name: "cotangent" },
  rules: { "no-array-truthiness": noArrayTruthiness },
};

/** A flat-config entry for ESLint: `export default [recommended]`. */
export const recommended = {
  name: "cotangent/recommended",
  plugins: { cotangent: plugin },
  rules: { "cotangent/no-array-truthiness": /** @type {const} */ ("error") },
};

// The default export is what ESLint and oxlint load a plugin by.
export default plugin;
