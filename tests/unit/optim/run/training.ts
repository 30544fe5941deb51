import {
  type ArrayValue,
  jit,
  lora,
  nn,
  numpy as np,
  optim,
  quaxify,
  random,
  tree,
  valueAndGrad,
  vmap,
} from "cotangent";

const xs = random.normal(random.key(1), [10, 4]);
const ys = np.astype(np.greater(np.sum(xs, { axis: 1 }), 0), "int32");
const base = new nn.Linear(4, 2, { key: random.key(2) });

/** A training of 6 steps, of which every 2nd is saved: adapters with dropout, in an order that changes from epoch to epoch. */
export function train(file: string, afterStep: (step: number) => void = () => {}) {
  const model = lora.loraify(base, { rank: 2, alpha: 4, dropout: 0.2, key: random.key(3) });
  const [adapters, frozen] = tree.partition(model, lora.trainable(model));
  const optimiser = optim.adam(optim.warmupLinearDecaySchedule(0, 0.1, 2, 6));
  const lossOf = (part: nn.Linear, key: ArrayValue | null, x: ArrayValue, y: ArrayValue) => {
    const whole = tree.combine(part, frozen) as nn.Linear;
    return optim.meanCrossEntropy(quaxify(vmap(key === null ? whole : lora.withKey(whole, key)))(x), y);
  };
  const step = jit(({ part, moments, key }: typeof start, x: ArrayValue, y: ArrayValue) => {
    const [next, own] = random.split(key);
    const [[loss], gradient] = valueAndGrad((p: nn.Linear) => lossOf(p, own!, x, y), { hasAux: true })(part);
    const [updates, moved] = optimiser.update(gradient, moments, part);
    return [{ part: optim.applyUpdates(part, updates), moments: moved, key: next! }, loss] as const;
  });
  const start = { part: adapters, moments: optimiser.init(adapters), key: random.key(4) };
  const run = new optim.Run(file, start, {
    saveEvery: 2,
    evaluateEvery: 3,
    evaluate: ({ part }) => ({ whole: lossOf(part, null, xs, ys)[0] }),
  });
  const batchAt = optim.batches(10, 3, random.key(5));
  while (run.step < 6) {
    const rows = batchAt(run.step);
    const [next, loss] = step(run.state, np.take(xs, rows, { axis: 0 }), np.take(ys, rows));
    run.advance(next, { loss });
    afterStep(run.step);
  }
  run.save();
  return run;
}

/** The state and the metrics of a run, to the bit. */
export const bits = (run: Pick<optim.Run<unknown>, "state" | "metrics">): string =>
  JSON.stringify([
    run.metrics,
    tree.leavesWithPath(run.state).map(([path, leaf]) => {
      const { dtype, aval } = leaf as ArrayValue;
      const numbers = np.ravel(
        dtype === "key<fry>" ? random.keyData(leaf as ArrayValue) : (leaf as ArrayValue),
      );
      return [tree.pathToString(path), aval.weak, numbers.toList()];
    }),
  ]);
