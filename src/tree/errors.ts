import type { Path } from "./path.ts";

/** What went wrong, stable across releases. */
export type TreeErrorCode =
  | "cycle"
  | "depth"
  | "filter-spec"
  | "leaf-count"
  | "node-kind"
  | "option"
  | "prefix"
  | "private-state"
  | "registration"
  | "replacement"
  | "stale-function"
  | "structure"
  | "where";

/** Whether the stack overflowed, in the words of the engines. */
export const isOverflow = (error: unknown): boolean =>
  error instanceof Error && /call stack|too much recursion/i.test(error.message);

/**
 * A tree that is not what a function of this folder needs. `code` is stable; `path` leads to the place, from
 * the root.
 *
 * @example
 * try { map(add, [1], [1, 2]); } catch (error) { if (error instanceof TreeError) console.log(error.code); }
 */
export class TreeError extends TypeError {
  readonly code: TreeErrorCode;
  readonly path: Path;

  constructor(code: TreeErrorCode, message: string, path: Path = [], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.path = path;
  }

  static {
    // On the prototype, as the built-in errors have it, so that printing an error does not list it.
    TreeError.prototype.name = "TreeError";
  }
}
