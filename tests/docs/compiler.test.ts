import binaryen from "binaryen";
import { expect, test } from "vitest";
import {
  type ArrayValue,
  grad,
  inspect,
  lora,
  makeJaxpr,
  numpy as np,
  optim,
  quaxify,
  random,
} from "cotangent";
import { isSmall } from "../../src/backends/wasm/executable.ts";
import { emitModule } from "../../src/backends/wasm/module.ts";
import { lowerProgram } from "../../src/compiler/fusion/lower.ts";
import { planMemory } from "../../src/compiler/fusion/memory-plan.ts";
import { withoutSources } from "../settings.ts";

withoutSources();

// The texts that docs/compiler.md is about: `npx vitest run tests/docs/compiler.test.ts --update` writes them anew.

const forward = (w: ArrayValue, x: ArrayValue) => np.tanh(np.matmul(x, w));
const loss = (w: ArrayValue, x: ArrayValue, y: ArrayValue) =>
  np.mean(np.square(np.subtract(forward(w, x), y)));
const { init, update } = optim.sgd(0.5);
const step = (w: ArrayValue, state: readonly unknown[], x: ArrayValue, y: ArrayValue) => {
  const gradient = grad(quaxify(loss))(w, x, y);
  const [updates, next] = update(gradient, state, w);
  return [optim.applyUpdates(w, updates), next];
};
const w = new lora.LoraArray(np.ones([24, 16]), { rank: 2, key: random.key(0) });
const [x, y] = [np.ones([32, 24]), np.ones([32, 16])];

const file = (name: string): string => `../../docs/compiler/lora-step/${name}.txt`;

test("the program at each stage", async () => {
  const { traced, quaxified } = inspect.stages(loss)(w, x, y);
  await expect(`${String(traced)}\n`).toMatchFileSnapshot(file("1-traced"));
  await expect(`${String(quaxified)}\n`).toMatchFileSnapshot(file("2-quaxified"));
  await expect(`${String(makeJaxpr(step)(w, init(w), x, y))}\n`).toMatchFileSnapshot(
    file("3-differentiated"),
  );
});

test("what it is compiled to", async () => {
  const kernels = inspect.kernels(step)(w, init(w), x, y);
  await expect(`${String(kernels.program)}\n`).toMatchFileSnapshot(file("4-optimised"));
  const text = String(kernels).replace(/a module of .*/, "a module");
  await expect(`${text}\n`).toMatchFileSnapshot(file("5-kernels"));
  const [product] = kernels.statements.split("\n\n");
  await expect(`${product}\n`).toMatchFileSnapshot(file("6-statements"));
  // As it is for an engine without relaxed SIMD, which is what any engine has.
  const lowered = lowerProgram(kernels.program);
  const { bytes } = emitModule(lowered, planMemory(lowered, isSmall), { shared: true, relaxed: false });
  const module = binaryen.readBinary(bytes);
  const kernel = /^ \(func \$\d+ \(param \$0 i32\) \(param \$1 i32\) \(param \$2 i32\)\n[^]*?\n \)$/m;
  const [instructions] = kernel.exec(module.emitText())!;
  module.dispose();
  await expect(`${instructions}\n`).toMatchFileSnapshot(file("7-instructions"));
});
