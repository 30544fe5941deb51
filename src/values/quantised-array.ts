import type { DType } from "../core/dtype.ts";
import { MaterialiseError } from "../core/errors.ts";
import { ArrayValue, showAval } from "../core/value.ts";

export interface QuantisedOptions {
  /** Whether an operation without a rule may form the whole array of floats. Default false: it is refused. */
  readonly allowMaterialise?: boolean | undefined;
}

/** An array of floats in fewer bits than they have. */
export abstract class QuantisedArray extends ArrayValue {
  /** Dtype of the array that it stands for. */
  declare readonly standsFor: DType;
  declare readonly allowMaterialise: boolean;

  /** The array of floats. */
  abstract dequantise(): ArrayValue;
  /** Another array of floats, in the bits and with the settings of this one. */
  abstract quantiseLike(x: ArrayValue): QuantisedArray;

  /**
   * The array of floats.
   * @throws MaterialiseError unless `allowMaterialise` is set.
   */
  override materialise(): ArrayValue {
    if (!this.allowMaterialise)
      throw new MaterialiseError(
        "quantised/materialise",
        `Refusing to materialise \`${this.constructor.name}\` ${showAval(this.aval)} with \`allowMaterialise: false\`: an operation would have formed the whole array of floats. Make it with allowMaterialise: true, or call dequantise()`,
      );
    return this.dequantise();
  }
}
