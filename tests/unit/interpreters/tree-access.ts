/** A field of something whose type the compiler does not know. */
export const lookUp = (tree: unknown, key: string): unknown =>
  (tree as Readonly<Record<string, unknown>>)[key];
