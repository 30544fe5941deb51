import { ArgumentError } from "../core/errors.ts";
import { type ArrayValue, type Dense, Value } from "../core/value.ts";

/** What a transformation transforms: a function, or a Module, whose `forward` it calls. */
export type Traceable<Args extends unknown[], R> = ((...args: Args) => R) | { forward(...args: Args): R };

/** The function that a transformation calls, and a name for it in messages and jaxprs. */
export function toFunction(
  f: unknown,
  transformation: string,
): { call: (...args: readonly unknown[]) => unknown; name: string } {
  if (typeof f === "function")
    return { call: f as (...args: readonly unknown[]) => unknown, name: f.name || "<lambda>" };
  const module = f as { forward?: unknown } | null | undefined;
  if (typeof module === "object" && module !== null && typeof module.forward === "function") {
    const forward = module.forward as (...args: readonly unknown[]) => unknown;
    return { call: (...args) => forward.apply(module, args as never), name: module.constructor.name };
  }
  throw new ArgumentError(
    "transform/function",
    `${transformation} takes a function or a Module with a forward method, got ${f === null ? "null" : typeof f}`,
  );
}

/** @throws ArgumentError when `x` is a Promise; `what` says where it came from and what to do. */
export function refusePromise(x: unknown, what: () => string): void {
  if (typeof (x as { then?: unknown } | null | undefined)?.then !== "function" || x instanceof Value) return;
  // It may be rejected later; nobody awaits it, and that must not end the process.
  (x as PromiseLike<unknown>).then(undefined, () => undefined);
  throw new ArgumentError("transform/async", what());
}

/** @throws ArgumentError when a traced function turns out to be asynchronous. */
export const refuseAsync = (result: unknown, caller: string): void =>
  refusePromise(
    result,
    () =>
      `${caller}: a traced function must be synchronous, but it returned a Promise: compute what it awaits before, and pass it in`,
  );

/** The gradient with respect to a tree: an array (or `Zero`) for each array and number, the rest as it is. */
export type Gradient<T> = T extends number
  ? ArrayValue
  : T extends Dense
    ? ArrayValue
    : T extends Value
      ? T
      : T extends readonly unknown[]
        ? { [K in keyof T]: Gradient<T[K]> }
        : T;

/** Gradients with respect to the arguments that `argnums` names: one, or a list of them. */
export type GradientsOf<Args extends unknown[], Argnums> = Argnums extends number
  ? Gradient<Args[Argnums]>
  : Argnums extends readonly number[]
    ? { -readonly [K in keyof Argnums]: Gradient<Args[Argnums[K] & number]> }
    : Gradient<Args[0]>;

/** The `argnums` that an options argument of a transformation gives: itself, or its field. */
export type ArgnumsOf<Options> = Options extends number | readonly number[]
  ? Options
  : Options extends { readonly argnums: infer N }
    ? N
    : 0;

/** Whether the function returns `[out, aux]`. */
export type HasAux<Options> = Options extends { readonly hasAux: true } ? true : false;
/** The aux of such a function's result. */
export type AuxOf<R> = R extends readonly [unknown, infer Aux] ? Aux : unknown;
/** The result itself, without its aux. */
export type MainOf<R, Options> =
  HasAux<Options> extends true ? (R extends readonly [infer Out, unknown] ? Out : unknown) : R;
