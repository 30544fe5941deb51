import { array } from "cotangent/numpy";

const y = array([[1, 2], [3, 4]]).T.get(0); // prettier-ignore
if (String(y.toList()) !== "1,3") throw new Error(`the first column is ${String(y)}`);
