import {
  type ArrayValue,
  files,
  jit,
  lax,
  nn,
  numpy as np,
  quaxify,
  random,
  tree,
  valueAndGrad,
  values as kinds,
  vmap,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

const key = random.key(3);

/** Multiplies with the number of calls. */
class Counter extends nn.StatefulLayer {
  readonly count = new nn.StateIndex(0);
  forward(x: ArrayValue, state: nn.State): [ArrayValue, nn.State] {
    const next = np.add(state.get(this.count), 1);
    return [np.multiply(x, next), state.set(this.count, next)];
  }
}
const copy = (state: nn.State) => tree.map((x: ArrayValue) => x, state);
const pathsOf = (part: unknown) => tree.leavesWithPath(part).map(([path]) => tree.pathToString(path));

describe("a state", () => {
  test("is known by its path, so that two models that are made alike have states that are alike", () => {
    const make = nn.makeWithState(
      () => new nn.Sequential([new Counter(), new nn.Lambda(nn.relu), new Counter()]),
    );
    const [[model, state], [other, its]] = [make(), make()];
    expect(tree.structure(model).equals(tree.structure(other))).toBe(true);
    expect(tree.structure(state).equals(tree.structure(its))).toBe(true);
    expect(pathsOf(state)).toEqual(['["layers.0.count"]', '["layers.2.count"]']);
    let traced = 0;
    const step = jit((m: typeof model, x: ArrayValue, s: nn.State) => {
      traced++;
      return m.forward(x, s);
    });
    expectValues(step(model, np.ones([1]), state)[0], 1);
    expectValues(step(other, np.ones([1]), its)[0], 1);
    expect(traced).toBe(1);
  });

  test("before that is known by itself, so that no two layers share one by chance", () => {
    const layers = [new Counter(), new Counter()] as const;
    let state = new nn.State(layers);
    [, state] = layers[0].forward(np.ones([]), state);
    expectValues(state.get(layers[0].count), 1);
    expectValues(state.get(layers[1].count), 0);
  });

  test("leaves the model once it is made", () => {
    const [model, state] = nn.makeWithState(Counter)();
    expect([tree.leaves(model).length, tree.leaves(state).length, model.count.init]).toEqual([
      0,
      1,
      undefined,
    ]);
    expect(tree.leaves(new Counter()).length).toBe(1);
    expect(tree.leaves(nn.deleteInitState([new Counter(), np.ones([2])])).length).toBe(1);
    expect(() => new nn.State(model)).toThrow("count has no first value any more");
  });

  test("is passed on, never used twice; a copy may be", () => {
    const [model, state] = nn.makeWithState(Counter)();
    const kept = copy(state);
    const [, next] = model.forward(np.ones([]), state);
    expect(() => model.forward(np.ones([]), state)).toThrow(
      "this state is old: pass on the state that the layer before returned",
    );
    expect(() => tree.leaves(state)).toThrow("this state is old");
    expectValues(next.get(model.count), 1);
    expectValues(kept.get(model.count), 0);
  });

  test("keeps structure, shapes and dtypes", () => {
    const index = new nn.StateIndex<readonly [ArrayValue, ArrayValue]>([
      np.zeros([2]),
      np.zeros([], "int32"),
    ]);
    const state = new nn.State(index);
    expect(() => state.set(index, [np.zeros([3]), np.zeros([], "int32")])).toThrow(
      "is [f32[2], i32[]] and cannot become [f32[3], i32[]]",
    );
    expect(() => state.set(index, np.zeros([2]) as never)).toThrow("cannot become f32[2]");
    expectValues(state.set(index, [np.ones([2]), np.ones([], "int32")]).get(index)[0], [1, 1]);
  });

  test("says what it holds", () => {
    const [model, state] = nn.makeWithState(() => [new Counter()])();
    expect(String(state)).toBe("State(0.count: f32[])");
    model[0]!.forward(np.ones([]), state);
    expect(String(state)).toBe("State(old)");
  });

  test("is taken apart and put together by parts of a model", () => {
    const [model, state] = nn.makeWithState(() => ({ a: new Counter(), b: new Counter() }))();
    const part = state.substate(model.b);
    expect(pathsOf(part)).toEqual(['["b.count"]']);
    const [, changed] = model.b.forward(np.ones([]), part);
    const whole = state.update(changed);
    expectValues(whole.get(model.a.count), 0);
    expectValues(whole.get(model.b.count), 1);
    expect(() => state.get(model.a.count)).toThrow("this state is old");
    expect(() => changed.update(whole)).toThrow("State.update: the state has no a.count");
    expect(() => changed.get(model.a.count)).toThrow("State.get: the state has no a.count");
  });

  test("refuses what is no index, no value, or of another model", () => {
    const [, state] = nn.makeWithState(Counter)();
    expect(() => state.get("count" as never)).toThrow("State.get takes an nn.StateIndex");
    expect(() => state.update({} as never)).toThrow("State.update takes a state");
    expect(() => state.get(new nn.StateIndex(1))).toThrow("is not of a model that nn.makeWithState returned");
    expect(() => new nn.StateIndex(undefined)).toThrow("takes the first value of a state, got undefined");
    expect(() => new nn.StateIndex((() => 0) as never)).toThrow("is no data for an array");
    expect(() =>
      nn.makeWithState(() => ({ "a.b": new nn.StateIndex(0), a: { b: new nn.StateIndex(0) } }))(),
    ).toThrow("two states are at a.b: rename one");
  });

  test("of layers made under vmap is stacked, and theirs alone", () => {
    const make = nn.makeWithState((k: ArrayValue) => {
      const linear = new nn.Linear(2, 2, { key: k });
      return new nn.SpectralNorm(linear, "weight", { key: k });
    });
    const [models, states] = vmap(make)(random.split(key, 3));
    const forward = vmap((m: nn.SpectralNorm, s: nn.State) => m.forward(np.ones([2]), s));
    const [ys, next] = forward(models, states);
    const [model, state] = make(random.split(key, 3).get(1));
    const [y, own] = model.forward(np.ones([2]), state);
    expectValues(ys.get(1), values(y));
    expectValues(
      vmap((s: nn.State) => s.get(model.uvIndex)[0])(next).get(1),
      values(own.get(model.uvIndex)[0]),
    );
  });

  test("is carried by a scan, and an auxiliary output of a gradient", () => {
    const [model, state] = nn.makeWithState(Counter)();
    const [last, ys] = lax.scan(
      (s: nn.State, x: ArrayValue) => {
        const [y, next] = model.forward(x, s);
        return [next, y];
      },
      state,
      np.ones([4]),
    );
    expectValues(ys, [1, 2, 3, 4]);
    expectValues(last.get(model.count), 4);
    const loss = (x: ArrayValue, s: nn.State): [ArrayValue, nn.State] => model.forward(x, s);
    const [[y, next], slope] = jit(valueAndGrad(loss, { hasAux: true }))(np.array(2), last);
    expectValues(y, 10);
    expectValues(slope, 5);
    expectValues(next.get(model.count), 5);
  });

  test("goes through quaxify", () => {
    const [model, state] = nn.makeWithState(Counter)();
    const x = new kinds.Diagonal(np.array([1, 2]), { allowMaterialise: true });
    const [y, next] = quaxify((v: ArrayValue, s: nn.State) => model.forward(v, s))(x, state);
    expectValues(y, [1, 0, 0, 2]);
    expectValues(next.get(model.count), 1);
  });

  test("is saved by its paths, beside the model", () => {
    const make = nn.makeWithState(
      () =>
        new nn.Sequential([new nn.Linear(2, 3, { key }), new nn.BatchNorm(3, "batch", { mode: "batch" })]),
    );
    const [model, start] = make();
    const train = vmap((x: ArrayValue, s: nn.State) => model.forward(x, s), {
      axisName: "batch",
      inAxes: [0, null],
      outAxes: [0, null],
    });
    const [, state] = train(random.normal(key, [5, 2]), start);
    const bytes = files.encodeSafetensors({ model, state });
    expect(files.openSafetensors(bytes).names).toEqual([
      "model.layers.0.bias",
      "model.layers.0.weight",
      "model.layers.1.bias",
      "model.layers.1.weight",
      "state.layers.1.batchStateIndex.0",
      "state.layers.1.batchStateIndex.1",
      "state.layers.1.batchCounter",
    ]);
    const [other, fresh] = make();
    const back = files.loadSafetensors(bytes, { model: other, state: fresh });
    expect(tree.equal(back, { model, state })).toBe(true);
    const [, after] = train(np.ones([5, 2]), back.state);
    expectValues(after.get((model.layers[1] as nn.BatchNorm).batchCounter!), 2);
  });
});

describe("a sequence of layers", () => {
  test("hands the state to those that have one, also within another sequence", () => {
    const inner = () => new nn.Sequential([new Counter(), new nn.Lambda((x) => np.add(x, 1))]);
    const [model, state] = nn.makeWithState(() => new nn.Sequential([inner(), new nn.Identity(), inner()]))();
    expect([model.isStateful(), new nn.Sequential([new nn.Sequential([])]).isStateful()]).toEqual([
      true,
      false,
    ]);
    const [y, next] = model.forward(np.array([1]), state);
    expectValues(y, 3);
    expectValues(model.forward(np.array([1]), next)[0], 7);
    expect(() => model.forward(np.array([1]))).toThrow(
      "nn.Sequential: layer 0 has a state: call forward(x, state)",
    );
  });

  test("without such layers returns the state that it was given", () => {
    const state = new nn.State([]);
    const [y, same] = new nn.Sequential([new nn.Lambda(nn.relu)]).forward(np.array([-1, 1]), state);
    expectValues(y, [0, 1]);
    expect(same).toBe(state);
  });

  test("splits its key among all layers, with or without a state", () => {
    const dropout = new nn.Dropout(0.5);
    const [model, state] = nn.makeWithState(() => new nn.Sequential([new Counter(), dropout]))();
    const [y] = model.forward(np.ones([20]), state, { key });
    expectValues(y, values(dropout.forward(np.ones([20]), { key: random.split(key).get(1) })));
  });
});

test("normalisations take the place of one with a state", () => {
  const state = new nn.State([]);
  const x = np.array([
    [1, 2],
    [3, 5],
  ]);
  for (const norm of [new nn.LayerNorm([2, 2]), new nn.RMSNorm([2, 2]), new nn.GroupNorm(2, 2)]) {
    const [y, same] = norm.forward(x, state, {});
    expectValues(y, values(norm.forward(x)));
    expect(same).toBe(state);
  }
});

test("inference mode reaches every layer with such a field, and what those hold", () => {
  class Noisy extends nn.Module {
    readonly inference = false;
    readonly inner = [new nn.Dropout(0.1)];
  }
  const linear = new nn.Linear(2, 2, { key });
  const model = {
    norm: new nn.BatchNorm(2, "batch"),
    wrapped: new nn.SpectralNorm(linear, "weight", { key }),
    noisy: new Noisy(),
    attention: new nn.MultiheadAttention(1, 2, { key }),
  };
  const evaluated = nn.inferenceMode(model);
  const switches = ({ norm, wrapped, noisy, attention }: typeof model) =>
    [norm, wrapped, noisy, noisy.inner[0]!, attention.dropout].map((part) => part.inference);
  expect([switches(model), switches(evaluated)]).toEqual([new Array(5).fill(false), new Array(5).fill(true)]);
  expect(evaluated.noisy).toBeInstanceOf(Noisy);
  expect(tree.equal(nn.inferenceMode(evaluated, false), model)).toBe(true);
});
