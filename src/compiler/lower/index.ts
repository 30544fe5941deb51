import { arithmetic } from "./arithmetic.ts";
import { bitwise } from "./bitwise.ts";
import { cast } from "./cast.ts";
import { compare } from "./compare.ts";
import { join } from "./join.ts";
import { keys } from "./keys.ts";
import type { Rows } from "./row.ts";
import { shape } from "./shape.ts";

/** How each primitive is computed, of those that are lowered to loops. */
export const rows: Rows = {
  ...arithmetic,
  ...bitwise,
  ...cast,
  ...compare,
  ...join,
  ...keys,
  ...shape,
};
