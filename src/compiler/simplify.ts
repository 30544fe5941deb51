import { checkProgram } from "../core/check.ts";
import { ClosedJaxpr, subJaxprs } from "../core/jaxpr.ts";
import { algebraic } from "./algebraic.ts";
import { commonSubexpressions } from "./cse.ts";
import { dce } from "../interpreters/dce.ts";
import { foldConstants } from "./fold.ts";
import { inline } from "./inline.ts";
import { loopConstants } from "./loop-constants.ts";
import { rewriteAll, type Rule } from "./rewrite.ts";

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
  return simplifyWith([], closed, wanted);
};

type Pass = (closed: ClosedJaxpr) => ClosedJaxpr;

/** As `simplify`, and the passes; each is followed by what it made work for. So are the programs that equations hold. */
export function simplifyWith(
  passes: readonly Pass[],
  closed: ClosedJaxpr,
  wanted?: readonly boolean[],
): ClosedJaxpr {
  const known = new Map<ClosedJaxpr, ClosedJaxpr>();
  const simplified = (closed: ClosedJaxpr, wanted?: readonly boolean[]): ClosedJaxpr => {
    let program = swept(dce(inline(dce(closed, wanted))));
    for (const pass of passes) {
      const next = pass(program);
      if (next !== program) program = swept(next);
    }
    return program;
  };
  const inner = bodies((body) => {
    let result = known.get(body);
    if (result === undefined) {
      result = simplified(body);
      known.set(body, result);
      // It is not simplified again when it is met as a param of the next sweep.
      known.set(result, result);
    }
    return result;
  });
  const rules = (): readonly Rule[] => [
    inner,
    loopConstants,
    algebraic,
    foldConstants,
    commonSubexpressions(),
  ];
  const swept = (program: ClosedJaxpr): ClosedJaxpr => rewriteAll(program, rules, SWEEPS, dce);
  return simplified(closed, wanted);
}

/** Applies a pass to the programs among an equation's params. */
const bodies =
  (pass: Pass): Rule =>
  ({ primitive, inputs, params }) => {
    if (subJaxprs(params).length === 0) return null;
    let changed = false;
    const simpler = <T>(value: T): T | ClosedJaxpr => {
      if (!(value instanceof ClosedJaxpr)) return value;
      const result = pass(value);
      changed ||= result !== value;
      return result;
    };
    const entries = Object.entries(params as Record<string, unknown>).map(
      ([name, value]) => [name, Array.isArray(value) ? value.map(simpler) : simpler(value)] as const,
    );
    return changed ? { primitive, inputs, params: Object.fromEntries(entries) } : null;
  };
