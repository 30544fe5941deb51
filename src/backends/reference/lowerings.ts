import type { LoweringTable } from "../lowering.ts";
import { arithmetic } from "./arithmetic.ts";
import { bitwise } from "./bitwise.ts";
import { cast } from "./cast.ts";
import { compare } from "./compare.ts";
import { control } from "./control.ts";
import { convolutions } from "./convolution.ts";
import { cumulatives } from "./cumulative.ts";
import { dots } from "./dot.ts";
import { fourier } from "./fourier/index.ts";
import { indexing } from "./indexing.ts";
import { keys } from "./keys.ts";
import { decompositions } from "./linalg/index.ts";
import { reductions } from "./reduce.ts";
import { windowReductions } from "./reduce-window.ts";
import { shape } from "./shape.ts";
import { sorting } from "./sort.ts";
import { transcendental } from "./transcendental.ts";

/** What the reference backend does for each primitive. */
export const lowerings: LoweringTable = {
  ...arithmetic,
  ...bitwise,
  ...cast,
  ...compare,
  ...transcendental,
  ...convolutions,
  ...cumulatives,
  ...dots,
  ...fourier,
  ...reductions,
  ...windowReductions,
  ...sorting,
  ...decompositions,
  ...shape,
  ...indexing,
  ...keys,
  ...control,
};
