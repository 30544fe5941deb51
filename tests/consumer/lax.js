import { full, sin } from "cotangent/lax";

const y = sin(full([2], 0, "float32")).add(1);
if (String(y.toList()) !== "1,1") throw new Error(`1 + sin(0) is ${String(y)}`);
