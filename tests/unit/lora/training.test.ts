import {
  type ArrayValue,
  checkpoint,
  grad,
  inspect,
  jit,
  lora,
  makeJaxpr,
  nn,
  numpy as np,
  optim,
  quaxify,
  random,
  tree,
  valueAndGrad,
  vmap,
} from "cotangent";
import { describe, expect, test } from "vitest";

class Block extends nn.Module {
  readonly attention: nn.MultiheadAttention;
  readonly norm = new nn.LayerNorm([8]);
  readonly mlp: nn.MLP;
  constructor(seed: number) {
    super();
    this.attention = new nn.MultiheadAttention(2, 8, { key: random.key(seed) });
    this.mlp = new nn.MLP(8, 8, 32, 1, { key: random.key(seed + 1), activation: nn.gelu });
  }
  forward(x: ArrayValue): ArrayValue {
    const y = np.add(x, this.attention.forward(x, x, x));
    return np.add(y, vmap(this.mlp)(vmap(this.norm)(y)));
  }
}
const x = random.normal(random.key(9), [32, 8]);

describe("blocks with adapters under a checkpoint", () => {
  const plain = (block: Block, y: ArrayValue) => block.forward(y);
  const gradOf = (count: number, run: typeof plain) => {
    const blocks = [...Array(count).keys()].map((i) =>
      lora.loraify(new Block(i), { rank: 2, key: random.key(i) }),
    );
    const through = quaxify((all: Block[], y: ArrayValue) => all.reduce((z, block) => run(block, z), y));
    const parts = tree.partition(blocks, lora.trainable(blocks)) as [Block[], Block[]];
    const loss = (part: Block[], rest: Block[]) =>
      np.mean(np.square(through(tree.combine(part, rest) as Block[], x)));
    return { gradient: grad(loss), parts };
  };

  test("have the same gradients", () => {
    const [kept, again] = [plain, checkpoint(plain)].map((run) => {
      const { gradient, parts } = gradOf(1, run);
      return tree.leaves(gradient(...parts)) as ArrayValue[];
    });
    expect(kept!.length).toBeGreaterThan(8);
    kept!.forEach((g, i) => expect(np.allclose(g, again![i]!, { rtol: 1e-5, atol: 1e-7 }).item()).toBe(true));
    expect(kept!.some((g) => np.any(g).item())).toBe(true);
  });

  test("need less memory", () => {
    const [kept, again] = [plain, checkpoint(plain)].map((run) => {
      const { gradient, parts } = gradOf(3, run);
      return inspect.peakBytes(inspect.simplify(makeJaxpr(gradient)(...parts)));
    });
    expect(again!).toBeLessThan(0.6 * kept!);
  });
});

describe("adapters of weights in bfloat16", () => {
  const config = { r: 2, loraAlpha: 4, targetModules: ["layers.0", "layers.1"] };
  const base = new nn.MLP(8, 3, 16, 1, { key: random.key(0) });
  const half = tree.map((w: ArrayValue) => np.astype(w, "bfloat16"), base);
  const labels = np.astype(
    np.argmax(np.matmul(x, random.normal(random.key(5), [8, 3])), { axis: 1 }),
    "int32",
  );

  const trainingOf = (model: nn.MLP) => {
    const [start, frozen] = tree.partition(model, lora.trainable(model)) as [nn.MLP, nn.MLP];
    const optimiser = optim.adam(0.05);
    const loss = (part: nn.MLP, rest: nn.MLP) =>
      optim.meanCrossEntropy(quaxify(vmap(tree.combine(part, rest) as nn.MLP))(x), labels)[0];
    const step = (part: nn.MLP, rest: nn.MLP, state: readonly unknown[]) => {
      const [value, gradient] = valueAndGrad(loss)(part, rest);
      const [updates, next] = optimiser.update(gradient, state, part);
      return [optim.applyUpdates(part, updates), next, value] as const;
    };
    return { step, start, frozen, state: optimiser.init(start) };
  };
  const adapted = lora.adapt(half, config, { key: random.key(1) });

  test("are float32, and train", () => {
    const { step, start, frozen, state: first } = trainingOf(adapted);
    const fast = jit(step);
    let [part, state] = [start, first];
    const losses: number[] = [];
    for (let i = 0; i < 40; i++) {
      const [next, moved, value] = fast(part, frozen, state);
      [part, state] = [next, moved];
      losses.push(value.item() as number);
    }
    expect(new Set(tree.leaves(part).map((leaf) => (leaf as ArrayValue).dtype))).toEqual(
      new Set(["float32"]),
    );
    expect(losses.at(-1)! < losses[0]! / 2).toBe(true);
    // 8 bits of each weight are gone, no more.
    const exact = optim.meanCrossEntropy(vmap(base)(x), labels)[0].item() as number;
    expect(Math.abs(losses[0]! - exact)).toBeLessThan(0.01);
  });

  test("never make a weight of float32", () => {
    const { step, start, frozen, state } = trainingOf(adapted);
    const text = String(makeJaxpr(step)(start, frozen, state));
    expect(text).toMatch(/bf16\[16,8\]/);
    expect(text).not.toMatch(/f32\[(16,8|8,16)\]/);
  });
});
