/** The rules that `cotangent/lint` brings to ESLint and to oxlint (`"jsPlugins": ["cotangent/lint"]`). */
declare const plugin: {
  readonly meta: { readonly name: "cotangent" };
  // oxlint-disable-next-line typescript/no-explicit-any -- the rule types of ESLint and oxlint differ, and neither is a dependency
  readonly rules: { readonly "no-array-truthiness": any };
};
export default plugin;

/** A flat-config entry for ESLint: `export default [recommended]`. */
export declare const recommended: {
  name: string;
  plugins: { cotangent: typeof plugin };
  rules: { "cotangent/no-array-truthiness": "error" };
};
