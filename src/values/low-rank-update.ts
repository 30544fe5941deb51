import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import { broadcastShapes, sameShape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Aval } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { fallBack, register } from "../interpreters/quax.ts";
import { add } from "../numpy/elementwise.ts";
import { matmul } from "../numpy/linear-algebra.ts";
import { matrixTranspose } from "../numpy/shape.ts";
import { diagonal, eye } from "../numpy/triangles.ts";
import {
  allowedBy,
  fitsElements,
  lowest,
  type MatrixOptions,
  matrixOptions,
  type Precision,
  registerProduct,
  StructuredMatrix,
} from "./matrix.ts";
import { lowRankDot } from "./low-rank-dot.ts";
import { mapParts } from "./stacked.ts";

/**
 * Matrices `base + u·vᵀ`, where `u` and `v` have few columns. Products are computed as `base·x + u·(vᵀ·x)`, and equations
 * are solved with `base` and a matrix as small as the rank; the sum is not formed.
 *
 * `base` is a plain matrix or a structured one. Shape: `base` is `[…s, n, m]`, `u` is `[…s, n, rank]`, `v` is
 * `[…s, m, rank]`.
 * @example
 * const covariance = new values.LowRankUpdate(new values.Diagonal(noise), factors, factors);
 * np.linalg.solve(covariance, y);
 * @see Woodbury, "Inverting modified matrices" (1950)
 */
export class LowRankUpdate extends StructuredMatrix {
  readonly base: ArrayValue;
  readonly u: ArrayValue;
  readonly v: ArrayValue;
  readonly allowMaterialise: boolean;

  /** @throws ArgumentError, ShapeError or DTypeError when the parts do not fit together. */
  constructor(base: ArrayValue, u: ArrayValue, v: ArrayValue, options: MatrixOptions = {}) {
    super();
    checkParts(base, u, v);
    this.base = base;
    this.u = u;
    this.v = v;
    this.allowMaterialise = matrixOptions("LowRankUpdate", options);
  }

  override get aval(): Aval {
    return this.base.aval;
  }
  /** Number of columns of `u` and of `v`. */
  get rank(): number {
    return this.u.shape.at(-1)!;
  }

  override toDense(): ArrayValue {
    const base = this.base instanceof StructuredMatrix ? this.base.toDense() : this.base;
    return lax.add(base, matmul(this.u, matrixTranspose(this.v)));
  }

  override times(x: ArrayValue, precision: Precision = null): ArrayValue {
    const thin = matmul(matrixTranspose(this.v), x, { precision });
    return lax.add(matmul(this.base, x, { precision }), matmul(this.u, thin, { precision }));
  }

  override transposed(): LowRankUpdate {
    return new LowRankUpdate(matrixTranspose(this.base), this.v, this.u, settings(this));
  }

  override diagonal(offset = 0): ArrayValue {
    const [n, m] = this.shape.slice(-2) as [number, number];
    const [row, column] = [Math.max(0, -offset), Math.max(0, offset)];
    const length = Math.max(0, Math.min(n - row, m - column));
    const rows = (x: ArrayValue, start: number) =>
      lax.sliceInDim(x, length && start, length && start + length, 1, -2);
    const update = lax.mul(rows(this.u, row), rows(this.v, column));
    const base =
      this.base instanceof StructuredMatrix
        ? this.base.diagonal(offset)
        : diagonal(this.base, offset, -2, -1);
    return lax.add(base, lax.reduceSum.bind([update], { axes: [update.ndim - 1] })[0]!);
  }

  /** `(d base + du·vᵀ) + u·dvᵀ`: a sum for each factor, so that both are linear in the change. */
  override tangentOf({ base, u, v }: this): LowRankUpdate {
    const change = this.base.tangentOf?.(base) ?? base;
    return new LowRankUpdate(new LowRankUpdate(change, u, this.v, settings(this)), this.u, v, settings(this));
  }

  override linearly(change: (part: ArrayValue, inner: number) => ArrayValue): this {
    return mapParts(this, (part, inner, name) => (name === "v" ? part : change(part, inner)));
  }
}

const settings = ({ allowMaterialise }: LowRankUpdate): MatrixOptions => ({ allowMaterialise });

function checkParts(base: ArrayValue, u: ArrayValue, v: ArrayValue): void {
  for (const [name, part] of Object.entries({ base, u, v })) {
    if (part instanceof ArrayValue) continue;
    throw new ArgumentError(
      "low-rank/array",
      `LowRankUpdate: ${name} must be an array, got ${describe(part)}`,
    );
  }
  const [n, m] = base.shape.slice(-2);
  const lead = base.shape.slice(0, -2);
  const rank = u.shape.at(-1)!;
  if (
    m === undefined ||
    !sameShape(u.shape, [...lead, n!, rank]) ||
    !sameShape(v.shape, [...lead, m, rank])
  ) {
    throw new ShapeError(
      "low-rank/shape",
      `LowRankUpdate: for a base of shape (…, n, m), u is (…, n, rank) and v is (…, m, rank) with the same leading axes; got base ${showShape(base.shape)}, u ${showShape(u.shape)} and v ${showShape(v.shape)}`,
    );
  }
  if (u.dtype !== base.dtype || v.dtype !== base.dtype) {
    throw new DTypeError(
      "low-rank/dtype",
      `LowRankUpdate: base, u and v must have one dtype, got ${base.dtype}, ${u.dtype} and ${v.dtype}: convert them with astype`,
    );
  }
}

/** `x` with its leading axes broadcast to `lead`. */
function withLead(x: ArrayValue, lead: readonly number[]): ArrayValue {
  const shape = [...lead, ...x.shape.slice(-2)];
  return sameShape(shape, x.shape) ? x : lax.broadcastInDim(x, shape, [...shape.keys()]);
}
/** `base + u·vᵀ` with the leading axes of any. */
function assembled(base: ArrayValue, u: ArrayValue, v: ArrayValue, options: MatrixOptions): LowRankUpdate {
  const lead = broadcastShapes(
    [base, u, v].map((x) => x.shape.slice(0, -2)),
    "LowRankUpdate",
  );
  return new LowRankUpdate(withLead(base, lead), withLead(u, lead), withLead(v, lead), options);
}
const beside = (x: ArrayValue, y: ArrayValue): ArrayValue => {
  const lead = broadcastShapes([x.shape.slice(0, -2), y.shape.slice(0, -2)], "LowRankUpdate");
  return lax.concatenate([withLead(x, lead), withLead(y, lead)], lead.length + 1);
};

/** Sums have the columns of both; anything else is added to the base. */
function sum(a: LowRankUpdate, x: ArrayValue): ArrayValue | null {
  if (!fitsElements(x, a)) return null;
  if (!(x instanceof LowRankUpdate)) return assembled(lax.add(a.base, x), a.u, a.v, settings(a));
  if (!fitsElements(a, x)) return null;
  return assembled(lax.add(a.base, x.base), beside(a.u, x.u), beside(a.v, x.v), settings(a));
}
for (const prim of [lax.add, lax.addAny, lax.sub] as const) {
  const second = (x: ArrayValue) => (prim === lax.sub ? lax.neg(x) : x);
  const added = (operands: readonly ArrayValue[], params: object, out: ArrayValue | null) => {
    broadcastShapes(
      operands.map((x) => x.shape),
      prim.primitive,
    );
    return out === null ? fallBack(prim, operands, params) : allowedBy(out, operands);
  };
  register(
    prim,
    [LowRankUpdate, ArrayValue],
    ([a, x], params) => added([a, x], params, sum(a, second(x))),
    lowest,
  );
  register(
    prim,
    [ArrayValue, LowRankUpdate],
    ([x, a], params) => added([x, a], params, sum(second(a) as LowRankUpdate, x)),
    lowest,
  );
  register(
    prim,
    [LowRankUpdate, LowRankUpdate],
    ([a, b], params) => added([a, b], params, sum(a, second(b))),
    lowest,
  );
}

// A factor for each row goes to base and u, one for each column to base and v.
for (const prim of [lax.mul, lax.div] as const) {
  register(
    prim,
    [LowRankUpdate, ArrayValue],
    ([a, x], params) => {
      const [rows, columns] = [x.shape.at(-2) ?? 1, x.shape.at(-1) ?? 1];
      if (!fitsElements(x, a) || (rows !== 1 && columns !== 1)) return fallBack(prim, [a, x], params);
      const change = (part: ArrayValue, factor: ArrayValue) => prim.bind([part, factor], params)[0]!;
      const [u, v] = columns === 1 ? [change(a.u, x), a.v] : [a.u, change(a.v, matrixTranspose(x))];
      return assembled(change(a.base, x), u, v, settings(a));
    },
    lowest,
  );
}

const parts = ({ base, u, v }: LowRankUpdate) => ({ w: base, a: u, b: matrixTranspose(v) });
register(
  lax.dotGeneral,
  [LowRankUpdate, ArrayValue],
  ([a, x], params) => lowRankDot(parts(a), x, params, false),
  lowest,
);
register(
  lax.dotGeneral,
  [ArrayValue, LowRankUpdate],
  ([x, a], params) => lowRankDot(parts(a), x, params, true),
  lowest,
);

registerProduct(LowRankUpdate, StructuredMatrix, (a, b, precision) =>
  assembled(
    matmul(a.base, b, { precision }),
    a.u,
    matmul(matrixTranspose(b), a.v, { precision }),
    settings(a),
  ),
);
registerProduct(StructuredMatrix, LowRankUpdate, (a, b, precision) =>
  assembled(matmul(a, b.base, { precision }), matmul(a, b.u, { precision }), b.v, settings(b)),
);
// (B + u·vᵀ)·(C + w·zᵀ) = B·C + u·(Cᵀ·v)ᵀ + ((B + u·vᵀ)·w)·zᵀ
registerProduct(LowRankUpdate, LowRankUpdate, (a, b, precision) => {
  const product = (x: ArrayValue, y: ArrayValue) => matmul(x, y, { precision });
  const u = beside(a.u, product(a, b.u));
  const v = beside(product(matrixTranspose(b.base), a.v), b.v);
  return assembled(product(a.base, b.base), u, v, settings(a));
});

/** `base⁻¹·b`, `base⁻¹·u`, and the small matrix `1 + vᵀ·base⁻¹·u` of Woodbury's identity. */
function woodbury({ base, u, v, rank }: LowRankUpdate, b: ArrayValue) {
  const solved = lax.linalg.linearSolve.bind([base, beside(b, u)], {})[0]!;
  const [ofB, ofU] = lax.split(solved, [b.shape.at(-1)!, rank], -1) as [ArrayValue, ArrayValue];
  const small = add(matmul(matrixTranspose(v), ofU), eye(rank, { dtype: u.dtype }));
  return { ofB, ofU, small };
}

register(
  lax.linalg.linearSolve,
  [LowRankUpdate, ArrayValue],
  ([a, b], params) => {
    lax.linalg.linearSolve.rules.abstract([a.aval, b.aval], params);
    const { ofB, ofU, small } = woodbury(a, b);
    const thin = lax.linalg.linearSolve.bind([small, matmul(matrixTranspose(a.v), ofB)], {})[0]!;
    return lax.sub(ofB, matmul(ofU, thin));
  },
  lowest,
);
