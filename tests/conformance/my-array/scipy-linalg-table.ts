import { scipy } from "cotangent";
import { kept, type Row } from "./table.ts";

/** What each function of scipy.linalg does with wrapped arrays. */
export const scipyLinalgTable: Readonly<Record<string, Row>> = {
  solveTriangular: kept(({ x, y }) => scipy.linalg.solveTriangular(x, y, { lower: true })),
};
