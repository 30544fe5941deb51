import { type Atom, type Eqn, Literal, type Var } from "../core/jaxpr.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import { hashAll, hashStructure, sameLiteral, sameStructure, StructureMap } from "../core/structure.ts";
import type { Rule } from "./rewrite.ts";

interface Computation {
  readonly primitive: AnyPrimitive;
  readonly inputs: readonly Atom[];
  readonly params: object;
}

const sameAtom = (a: Atom, b: Atom): boolean =>
  a === b || (a instanceof Literal && b instanceof Literal && sameLiteral(a, b));
const sameComputation = (a: Computation, b: Computation): boolean =>
  a.primitive === b.primitive &&
  a.inputs.length === b.inputs.length &&
  a.inputs.every((x, i) => sameAtom(x, b.inputs[i]!)) &&
  sameStructure(a.params, b.params);

const hashAtom = (x: Atom): number =>
  x instanceof Literal
    ? hashAll([hashStructure(x.aval.dtype), hashStructure(x.value.storage[0])])
    : hashStructure(x);

/** A rule, for one sweep, that computes the same thing once. Equations with effects are all kept. */
export function commonSubexpressions(): Rule {
  const known = new StructureMap<Computation, readonly Var[]>(sameComputation);
  return ({ primitive, inputs, outputs, params, effects }: Eqn) => {
    if (effects.length > 0) return null;
    const hash = hashAll([hashStructure(primitive), hashStructure(params), ...inputs.map(hashAtom)]);
    const before = known.get(hash, { primitive, inputs, params });
    if (before === undefined) known.set(hash, { primitive, inputs, params }, outputs);
    return before ?? null;
  };
}
