import type { Work } from "../work.ts";
import { calls } from "./calls.ts";
import { firstCall } from "./first-call.ts";
import { gemm } from "./gemm.ts";
import { minilm } from "./minilm.ts";
import { passes } from "./passes.ts";
import { surfaces } from "./surface.ts";
import { training } from "./training.ts";

export const works: readonly Work[] = [
  ...gemm,
  ...passes,
  ...surfaces,
  ...training,
  ...minilm,
  ...calls,
  ...firstCall,
];
