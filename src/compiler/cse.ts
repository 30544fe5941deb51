import { type Atom, type Eqn, Literal, type Var } from "../core/jaxpr.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import { sameAval } from "../core/value.ts";
import type { Rule } from "./rewrite.ts";
import { hashAll, hashStructure, sameStructure, StructureMap } from "../core/structure.ts";

interface Computation {
  readonly primitive: AnyPrimitive;
  readonly inputs: readonly Atom[];
  readonly params: object;
}

/** Equal dtype, weakness and bits. */
export function sameLiteral(a: Literal, b: Literal): boolean {
  if (a === b) return true;
  if (!sameAval(a.aval, b.aval)) return false;
  const [x, y] = [a.value.storage, b.value.storage];
  for (let i = 0; i < x.length; i++) if (!Object.is(x[i], y[i])) return false;
  return true;
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
