import { readFileSync } from "node:fs";
import { jit, lax, makeJaxpr, numpy as np, vjp, vmap } from "cotangent";
import { describe, expect, test } from "vitest";
import type { ArrayValue } from "../../src/core/value.ts";

interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
/** What `tests/referee/convolution.py` writes. */
interface Case {
  readonly windowStrides: readonly number[];
  readonly padding: lax.PaddingLike;
  readonly options: { readonly dimensionNumbers: readonly [string, string, string] };
  readonly lhs: Numbers;
  readonly rhs: Numbers;
  readonly out: Numbers;
  readonly ct: Numbers;
  readonly cotangents: readonly Numbers[];
  readonly dims: readonly (number | null)[];
  readonly batches: readonly [Numbers, Numbers];
  readonly batched: Numbers;
  readonly texts?: readonly [pulled: string, batched: string];
}
const cases = JSON.parse(
  readFileSync(new URL("../goldens/convolution.json", import.meta.url), "utf8"),
) as readonly Case[];

type Convolution = (x: ArrayValue, w: ArrayValue) => ArrayValue;
const convolutionOf =
  ({ windowStrides, padding, options }: Case): Convolution =>
  (x, w) =>
    lax.convGeneralDilated(x, w, windowStrides, padding, options);
const pullingOf =
  (f: Convolution) =>
  (x: ArrayValue, w: ArrayValue, ct: ArrayValue): readonly ArrayValue[] =>
    vjp(f, [x, w])[1](ct);

const array = ({ shape, data }: Numbers): ArrayValue =>
  np.reshape(np.array(data, { dtype: "float32" }), shape);
const numbers = (x: ArrayValue): Numbers => ({
  shape: x.shape,
  // Zeros have no sign in the goldens.
  data: (np.ravel(x).tolist() as number[]).map((value) => value + 0),
});
const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

describe.each([
  ["eager", <F>(f: F): F => f],
  ["jit", jit as <F>(f: F) => F],
])("%s", (_, wrap) => {
  test.each(cases.map((c, i) => [i, c.lhs.shape, c.rhs.shape, c] as const))(
    "convolution %i, of %j and %j, its cotangents and its batches are JAX's",
    (_i, _lhs, _rhs, c) => {
      const f = convolutionOf(c);
      const [x, w, ct] = [array(c.lhs), array(c.rhs), array(c.ct)];
      expect(numbers(wrap(f)(x, w))).toEqual(c.out);
      expect(wrap(pullingOf(f))(x, w, ct).map(numbers)).toEqual(c.cotangents);
      const [xs, ws] = c.batches;
      expect(numbers(wrap(vmap(f, { inAxes: c.dims }))(array(xs), array(ws)))).toEqual(c.batched);
    },
  );
});

test("its rules write what JAX's do", () => {
  const written = cases.filter(({ texts }) => texts);
  expect(written.length).toBeGreaterThan(3);
  for (const c of written) {
    const f = convolutionOf(c);
    const [pulled, batched] = c.texts!;
    expect(oneLine(String(makeJaxpr(pullingOf(f))(array(c.lhs), array(c.rhs), array(c.ct))))).toBe(pulled);
    expect(oneLine(String(makeJaxpr(vmap(f, { inAxes: c.dims }))(...c.batches.map(array))))).toBe(batched);
  }
});
