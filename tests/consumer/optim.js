import { applyUpdates } from "cotangent/optim";

const moved = applyUpdates([2], [-0.5]);
if (Number(moved[0]) !== 1.5) throw new Error(`2 - 0.5 is ${String(moved)}`);
