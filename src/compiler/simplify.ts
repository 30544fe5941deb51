import { checkProgram } from "../core/check.ts";
import { ClosedJaxpr, subJaxprs } from "../core/jaxpr.ts";
import { algebraic } from "./algebraic.ts";
import { commonSubexpressions } from "./cse.ts";
import { dce } from "../interpreters/dce.ts";
import { foldConstants } from "./fold.ts";
import { inline } from "./inline.ts";
import { rewrite, type Rule } from "./rewrite.ts";

/** Sweeps at most; nearly every program is done after the first. */
const SWEEPS = 4;

/**
 * The program as backends want it: calls and derived primitives replaced by what they stand for, constants computed,
 * nothing computed twice or for nothing. The programs that equations hold are simplified too.
 *
 * With `wanted`, only those outputs are left. Values are those of `closed`, bit for bit. Custom derivatives and
 * stopped gradients are gone: differentiate first.
 */
export const simplify = (closed: ClosedJaxpr, wanted?: readonly boolean[]): ClosedJaxpr => {
  checkProgram(closed, "simplify");
  return simplified(closed, wanted, new Map());
};

type Known = Map<ClosedJaxpr, ClosedJaxpr>;

function simplified(closed: ClosedJaxpr, wanted: readonly boolean[] | undefined, known: Known): ClosedJaxpr {
  let program = dce(inline(dce(closed, wanted)));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const next = rewrite(program, [bodies(known), algebraic, foldConstants, commonSubexpressions()]);
    if (next === program) break;
    program = dce(next);
  }
  return program;
}

/** Simplifies the programs among an equation's params, each once. */
const bodies =
  (known: Known): Rule =>
  ({ primitive, inputs, params }) => {
    if (subJaxprs(params).length === 0) return null;
    let changed = false;
    const simpler = <T>(value: T): T | ClosedJaxpr => {
      if (!(value instanceof ClosedJaxpr)) return value;
      let result = known.get(value);
      if (result === undefined) {
        result = simplified(value, undefined, known);
        known.set(value, result);
        // It is not simplified again when it is met as a param of the next sweep.
        known.set(result, result);
      }
      changed ||= result !== value;
      return result;
    };
    const entries = Object.entries(params as Record<string, unknown>).map(
      ([name, value]) => [name, Array.isArray(value) ? value.map(simpler) : simpler(value)] as const,
    );
    return changed ? { primitive, inputs, params: Object.fromEntries(entries) } : null;
  };
