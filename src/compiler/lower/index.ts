import { arithmetic } from "./arithmetic.ts";
import { bitwise } from "./bitwise.ts";
import { cast } from "./cast.ts";
import { compare } from "./compare.ts";
import { convolutions } from "./convolution.ts";
import { cumulatives } from "./cumulative.ts";
import { dots } from "./dot.ts";
import { gathers } from "./gather.ts";
import { join } from "./join.ts";
import { keys } from "./keys.ts";
import { reductions } from "./reduce.ts";
import { windowReductions } from "./reduce-window.ts";
import type { Rows } from "./row.ts";
import { scatters } from "./scatter.ts";
import { shape } from "./shape.ts";
import { sorts } from "./sort.ts";
import { transcendental } from "./transcendental.ts";

/** How each primitive is computed, of those that are lowered to loops. */
export const rows: Rows = {
  ...arithmetic,
  ...bitwise,
  ...cast,
  ...compare,
  ...convolutions,
  ...cumulatives,
  ...dots,
  ...gathers,
  ...join,
  ...keys,
  ...reductions,
  ...windowReductions,
  ...scatters,
  ...shape,
  ...sorts,
  ...transcendental,
};
