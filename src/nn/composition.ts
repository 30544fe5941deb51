import { ArgumentError } from "../core/errors.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as random from "../random/index.ts";
import { type ForwardOptions, type Layer, Module } from "./module.ts";
import { readState, type State } from "./state.ts";

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
 * Base class of layers that have, or may have, a state: {@link Sequential} hands it to them.
 *
 * @see `equinox.nn.StatefulLayer`
 */
export abstract class StatefulLayer extends Module {
  /** Whether `forward` takes a state and returns a pair; a layer that only may have one overrides it. */
  isStateful(): boolean {
    return true;
  }

  abstract forward(x: ArrayValue, state: State, options?: ForwardOptions): [out: ArrayValue, state: State];
}

const takesState = (layer: Layer | StatefulLayer): layer is StatefulLayer =>
  layer instanceof StatefulLayer && layer.isStateful();

/**
 * Layers, one after another. A key given to `forward` is split among them, and a state is passed through those that have one.
 *
 * @example
 * const model = new nn.Sequential([new nn.Linear(2, 3, { key: k1 }), new nn.Lambda(np.tanh), new nn.Linear(3, 1, { key: k2 })]);
 * @see `equinox.nn.Sequential`
 */
export class Sequential extends StatefulLayer {
  readonly layers: readonly (Layer | StatefulLayer)[];

  /** @throws ArgumentError when a layer has no forward method. */
  constructor(layers: readonly (Layer | StatefulLayer)[]) {
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

  /** Whether one of the layers has a state. */
  override isStateful(): boolean {
    return this.layers.some(takesState);
  }

  /** The result of the last layer, with the state where one is given. @throws ArgumentError when a layer needs a state and there is none. */
  forward(x: ArrayValue, state: State, options?: ForwardOptions): [out: ArrayValue, state: State];
  forward(x: ArrayValue, options?: ForwardOptions): ArrayValue;
  forward(x: ArrayValue, ...rest: readonly unknown[]): ArrayValue | [ArrayValue, State] {
    const [given, { key = null }] = readState(rest);
    const keys = key && this.layers.length > 0 ? lax.unstack(random.split(key, this.layers.length)) : [];
    let [out, state] = [x, given];
    this.layers.forEach((layer, i) => {
      const options = { key: keys[i] ?? null };
      if (!takesState(layer)) out = layer.forward(out, options);
      else if (state !== null) [out, state] = layer.forward(out, state, options);
      else
        throw new ArgumentError(
          "nn/state",
          `nn.Sequential: layer ${i} has a state: call forward(x, state), with the state of nn.makeWithState`,
        );
    });
    return state === null ? out : [out, state];
  }
}
