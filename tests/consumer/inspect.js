import { explain } from "cotangent/inspect";

const text = String(explain((/** @type {number} */ x) => [x])(2));
if (text === "") throw new Error("there is no explanation");
