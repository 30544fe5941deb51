import { array } from "cotangent/numpy";
import { linalg } from "cotangent/scipy";

const a = array([[2, 0], [1, 1]]); // prettier-ignore
const x = linalg.solveTriangular(a, array([2, 3]), { lower: true });
if (x.sum().item() !== 3) throw new Error(`the solution is ${String(x)}`);
