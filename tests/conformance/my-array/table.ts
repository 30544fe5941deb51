import { type ArrayValue, numpy as np } from "cotangent";

/** The arrays that functions are tried on. */
export const data = {
  x: np.array([[1, 2], [3, 4]]), // prettier-ignore
  y: np.array([[5, 6], [7, 8]]), // prettier-ignore
  /** Where inverse functions are defined. */
  t: np.array([[0.1, 0.2], [0.3, 0.4]]), // prettier-ignore
  v: np.array([3, 1, 2, 1]),
  mask: np.array([true, false, true, true]),
  i: np.array([[1, 2], [3, 4]], "int32"), // prettier-ignore
  n: np.array([0, 1, 1], "int32"),
  u: np.array([1, 2, 3, 4], "uint32"),
  m: np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), // prettier-ignore
  c: np.astype(np.array([[1, 2], [3, 4]]), "complex64"), // prettier-ignore
  s: np.array(2),
  k: np.array(1, "int32"),
};
export type Data = { readonly [K in keyof typeof data]: ArrayValue };
export type Call = (d: Data) => unknown;

/** What a function makes of wrapped arguments. */
export type Row =
  | { readonly kind: "kept" | "plain" | "shown"; readonly call: Call; readonly why?: string }
  /** Kept where the size of the result is given. */
  | { readonly kind: "refused"; readonly call: Call; readonly why: string; readonly sized?: Call }
  /** Of several results, those at these places are wrapped. */
  | { readonly kind: "mixed"; readonly call: Call; readonly kept: readonly boolean[]; readonly why: string };

export const kept = (call: Call): Row => ({ kind: "kept", call });
export const plain = (why: string, call: Call): Row => ({ kind: "plain", call, why });
export const refused = (why: string, call: Call, sized?: Call): Row => ({
  kind: "refused",
  call,
  why,
  ...(sized && { sized }),
});
export const mixed = (why: string, held: readonly boolean[], call: Call): Row => ({
  kind: "mixed",
  call,
  kept: held,
  why,
});
/** Text of the elements, of the type where there are none to see. */
export const shown = (call: Call): Row => ({ kind: "shown", call });

/** The same kind of row for functions of a module, by name. */
export const each = <M extends Readonly<Record<string, unknown>>>(
  module: M,
  names: string,
  row: (f: (...args: unknown[]) => unknown) => Row,
): Readonly<Record<string, Row>> =>
  Object.fromEntries(
    names
      .split(/\s+/)
      .map((name) => [name, row((...args) => (module[name] as (...a: unknown[]) => unknown)(...args))]),
  );
