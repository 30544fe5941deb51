import { ArgumentError, ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { showShape } from "../core/shape.ts";
import { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { frozen } from "../optim/index.ts";
import { type AdapterSettings, checkMatrix, type Term, withoutGradient } from "./adapted.ts";
import { AddedArray } from "./added.ts";
import { LowRank } from "./delta.ts";

export interface VeraOptions extends AdapterSettings {
  /** Random and never trained, `[N, rank]` with N at least the rows of the weight: the same for many weights. */
  readonly sharedB: ArrayValue;
  /** Random and never trained, `[rank, M]` with M at least the columns of the weight. */
  readonly sharedA: ArrayValue;
  /** What `lambdaD` starts with. Default 0.1. */
  readonly dInitial?: number | undefined;
}

/**
 * A matrix `w + λ_b ∘ B·(λ_d ∘ A)`: of the update only two vectors are trained, one that scales rows of B and one for those of A.
 *
 * Shape: `w` is `[n, m]`; `lambdaB` is `[n]`, zero at the start, and `lambdaD` is `[rank]`.
 * @see Kopiczko et al., "VeRA: vector-based random matrix adaptation" (2024)
 */
export class VeraArray extends AddedArray {
  readonly lambdaB: ArrayValue;
  readonly lambdaD: ArrayValue;
  readonly sharedB: ArrayValue;
  readonly sharedA: ArrayValue;

  /** @throws ArgumentError or ShapeError when the weight is no matrix, or the shared ones are too small. */
  constructor(weight: ArrayValue, options: VeraOptions) {
    super(weight, options);
    const caller = "lora.VeraArray";
    const names = ["sharedB", "sharedA", "dInitial", "stopGradient", "allowMaterialise"] as const;
    const { sharedB, sharedA, ...given } = readOptions<VeraOptions>(caller, names, [options]);
    const [n, m] = checkMatrix(weight, caller);
    if (!(sharedB instanceof ArrayValue && sharedA instanceof ArrayValue))
      throw new ArgumentError(
        "lora/shared",
        `${caller} needs the matrices that weights share: { sharedB, sharedA }`,
      );
    const [rows, rank] = sharedB.shape;
    const [same, columns] = sharedA.shape;
    if (!(rank !== undefined && rank === same && rows! >= n && columns! >= m))
      throw new ShapeError(
        "lora/shape",
        `${caller}: for a weight of shape ${showShape(weight.shape)}, sharedB has at least ${n} rows, sharedA at least ${m} columns, and the columns of one are the rows of the other; got ${showShape(sharedB.shape)} and ${showShape(sharedA.shape)}`,
      );
    this.lambdaB = lax.full([n], 0, weight.dtype);
    this.lambdaD = lax.full([rank], given.dInitial ?? 0.1, weight.dtype);
    this.sharedB = sharedB;
    this.sharedA = sharedA;
  }

  override get terms(): readonly Term[] {
    return [{ rank: this.lambdaD.size, scaling: 1 }];
  }
  override get delta(): LowRank {
    const [n, m] = this.shape as [number, number];
    const part = (x: ArrayValue, axis: number, size: number) =>
      lax.sliceInDim(withoutGradient(x), 0, size, 1, axis);
    const rows = (x: ArrayValue, by: ArrayValue) => lax.mul(x, np.expandDims(by, 1));
    return new LowRank(
      rows(part(this.sharedB, 0, n), this.lambdaB),
      rows(part(this.sharedA, 1, m), this.lambdaD),
    );
  }
  override get [frozen](): readonly string[] {
    return [...super[frozen], "sharedB", "sharedA"];
  }
}
