import type { ArrayValue } from "../core/value.ts";
import type { Traceable } from "../interpreters/signature.ts";
import { isInexact } from "../core/dtype.ts";
import type { Atom, Eqn } from "../core/jaxpr.ts";
import { showSource } from "../core/source.ts";
import { type Aval, showAval } from "../core/value.ts";
import { dce } from "../interpreters/dce.ts";
import { linearizeFunction } from "../interpreters/linearize.ts";
import { trace } from "../interpreters/make-jaxpr.ts";
import { bytesOf } from "./cost.ts";
import { showCount } from "../core/table.ts";
import { inspectSymbol } from "../host/inspect-symbol.ts";

/** A value that is kept from the forward pass for the backward pass. */
export interface Residual {
  readonly aval: Aval;
  /** `argument 0`, `a constant`, `named 'hidden'`, `output of tanh`. */
  readonly origin: string;
  /** Where in the user's source it is computed, as `model.ts:12:5 (forward)`. */
  readonly source: string | undefined;
}

/** All that is kept between the two passes. */
export class Residuals {
  readonly bytes: number;
  constructor(readonly list: readonly Residual[]) {
    this.bytes = bytesOf(list.map(({ aval }) => aval));
  }

  /** A line for each value. */
  toString(): string {
    const lines = this.list.map(
      ({ aval, origin, source }) => `${showAval(aval)} ${origin}${source ? ` from ${source}` : ""}`,
    );
    return [...lines, `${showCount(this.bytes)} bytes in ${this.list.length} values`].join("\n");
  }
  [inspectSymbol](): string {
    return this.toString();
  }
}

function originOf({ primitive: { primitive }, params }: Eqn): string {
  const { name } = params as { readonly name?: unknown };
  if (typeof name !== "string") return `output of ${primitive}`;
  return primitive === "name" ? `named '${name}'` : `output of ${primitive} '${name}'`;
}

/**
 * What the backward pass of `f` needs of the forward pass: arguments, then what is computed, with the line that it comes
 * from. Nothing is computed.
 *
 * @throws DifferentiationError where something in `f` has no derivative.
 * @example
 * console.log(String(inspect.savedResiduals(checkpoint(loss))(w, x)));
 * @see `jax.ad_checkpoint.print_saved_residuals`
 */
export const savedResiduals =
  <Args extends unknown[] = ArrayValue[]>(f: Traceable<Args, unknown>) =>
  (...args: readonly unknown[]): Residuals => {
    const forward = (...inputs: readonly unknown[]) => {
      const inexact = (x: { readonly aval: Aval }): boolean => isInexact(x.aval.dtype);
      const { linear } = linearizeFunction(f, inputs, "savedResiduals", false, ({ arrays }) =>
        arrays.map(inexact),
      );
      return dce(linear.program).consts;
    };
    const { closed, inNames } = trace(forward, args, "savedResiduals");
    const { constvars, invars, eqns, outvars } = closed.jaxpr;
    const kept = new Set<Atom>(outvars);
    const given = (variables: readonly Atom[], origin: (i: number) => string): Residual[] =>
      variables.flatMap((v, i) =>
        kept.has(v) ? [{ aval: v.aval, origin: origin(i), source: undefined }] : [],
      );
    return new Residuals([
      ...given(constvars, () => "a constant"),
      ...given(invars, (i) => inNames[i]!),
      ...eqns.flatMap((eqn) =>
        eqn.outputs
          .filter((v) => kept.has(v))
          .map(({ aval }) => ({ aval, origin: originOf(eqn), source: showSource(eqn.source) })),
      ),
    ]);
  };
