import { ArgumentError } from "../core/errors.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as random from "../random/index.ts";
import { type ForwardOptions, type Layer, Module } from "./module.ts";

/** Returns its input: a placeholder for another layer. @see `equinox.nn.Identity` */
export class Identity extends Module {
  forward<T>(x: T, _options?: ForwardOptions): T {
    return x;
  }
}

/**
 * A function as a layer, such as an activation in a {@link Sequential}.
 *
 * @example
 * new nn.Sequential([new nn.Linear(2, 3, { key }), new nn.Lambda(nn.relu)]);
 * @see `equinox.nn.Lambda`
 */
export class Lambda extends Module {
  /** @throws ArgumentError when `fn` is no function. */
  constructor(readonly fn: (x: ArrayValue) => ArrayValue) {
    super();
    if (typeof fn !== "function")
      throw new ArgumentError("nn/layer", `nn.Lambda takes a function, got ${describe(fn)}`);
  }

  forward(x: ArrayValue, _options?: ForwardOptions): ArrayValue {
    return this.fn(x);
  }
}

/**
 * Layers, one after another. A key given to `forward` is split among them.
 *
 * @example
 * const model = new nn.Sequential([new nn.Linear(2, 3, { key: k1 }), new nn.Lambda(np.tanh), new nn.Linear(3, 1, { key: k2 })]);
 * @see `equinox.nn.Sequential`
 */
export class Sequential extends Module {
  readonly layers: readonly Layer[];

  /** @throws ArgumentError when a layer has no forward method. */
  constructor(layers: readonly Layer[]) {
    super();
    layers.forEach((layer, i) => {
      if (typeof (layer as Partial<Layer> | null)?.forward === "function") return;
      const remedy = typeof layer === "function" ? ": wrap it in nn.Lambda" : "";
      throw new ArgumentError(
        "nn/layer",
        `nn.Sequential: layer ${i} has no forward method, it is ${describe(layer)}${remedy}`,
      );
    });
    this.layers = [...layers];
  }

  forward(x: ArrayValue, { key = null }: ForwardOptions = {}): ArrayValue {
    const keys = key && this.layers.length > 0 ? lax.unstack(random.split(key, this.layers.length)) : [];
    return this.layers.reduce((input, layer, i) => layer.forward(input, { key: keys[i] ?? null }), x);
  }
}
