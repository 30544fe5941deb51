import { blocked } from "./blocks.ts";
import { kept } from "./kept.ts";
import { merged } from "./merge.ts";
import type { Nest, Steps } from "./nest.ts";
import { panels } from "./panels.ts";
import { staged } from "./stages.ts";

/**
 * A nest as it is best run: in as few loops as there can be, large reductions to few results in stages, dear values kept
 * where they are needed again, products of matrices from copies of their operands, and what is left of long reductions
 * in blocks.
 */
export function prepared(nest: Nest): Steps {
  const stages = staged(merged(nest));
  const steps = stages.nests.map((each) => panels(kept(each)));
  return {
    nests: steps.flatMap(({ nests }) => nests.map(blocked)),
    scratch: new Map([...stages.scratch, ...steps.flatMap(({ scratch }) => [...scratch])]),
  };
}
