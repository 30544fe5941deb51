import { numpy as np } from "cotangent";
import * as values from "cotangent/values";

const distance = new values.Unitful(np.array([1, 2]), values.metre);
const speed = np.divide(distance, new values.Unitful(4, values.second));
if (String(speed) !== "[0.25 0.5 ] m·s⁻¹") throw new Error("arithmetic missed a Unitful");
