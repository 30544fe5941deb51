import type { ClosedJaxpr, Jaxpr } from "../core/jaxpr.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { quaxifyValues, registerVersion } from "../interpreters/quax.ts";
import { Form, rebuildAll } from "./form.ts";
import { allArraysAs } from "./joined-form.ts";
import { closedStage, type Hoisted } from "./transformed-jaxpr.ts";

export interface QuaxifiedJaxpr extends Hoisted {
  /** From the arrays of the values to the arrays of the results. */
  readonly closed: ClosedJaxpr;
  readonly outs: readonly Form[];
  /** Forms that the outputs could have been brought to: as `outs`, with what is known of plain arrays. */
  readonly known: readonly Form[];
}
interface Entry extends QuaxifiedJaxpr {
  readonly forms: readonly Form[];
  readonly forced: readonly (Form | undefined)[];
  readonly version: number;
}
const entries = new WeakMap<Jaxpr, Entry[]>();
const REMEMBERED = 16;

const sameForms = (a: readonly (Form | undefined)[], b: readonly (Form | undefined)[]): boolean =>
  a.length === b.length && a.every((form, i) => form === b[i] || (form && b[i] ? form.equals(b[i]) : false));

/**
 * A jaxpr rewritten for values of these forms, each operation in it dispatching. Outputs are brought to the forms that
 * `forced` has for them, on behalf of `prim`.
 */
export function quaxifiedJaxpr(
  closed: ClosedJaxpr,
  forms: readonly Form[],
  prim: AnyPrimitive,
  forced: readonly (Form | undefined)[] = [],
): QuaxifiedJaxpr {
  const version = registerVersion();
  let list = entries.get(closed.jaxpr);
  if (list === undefined) entries.set(closed.jaxpr, (list = []));
  const fits = (e: Entry): boolean =>
    sameForms(e.forced, forced) ||
    (e.forced.length === 0 && forced.every((form, i) => form?.equals(e.outs[i]!) ?? true));
  const found = list.find((e) => e.version === version && sameForms(e.forms, forms) && fits(e));
  if (found) return found;
  let outs: readonly Form[] = [];
  let known: readonly Form[] = [];
  const staged = closedStage(
    (inputs) => {
      const values = quaxifyValues(
        rebuildAll(forms, inputs),
        (boxed) => evaluateJaxpr(closed, boxed),
        "quaxify of a jaxpr",
      );
      outs = values.map((value, i) => forced[i] ?? Form.of(value));
      known = values.map((value, i) => forced[i] ?? Form.known(value));
      return allArraysAs(values, outs, prim);
    },
    forms.flatMap((form) => form.avals),
    "quaxify of a jaxpr",
  );
  const entry: Entry = { ...staged, outs, known, forms, forced, version };
  if (list.push(entry) > REMEMBERED) list.shift();
  return entry;
}
