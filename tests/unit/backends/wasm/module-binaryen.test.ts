import { describe, expect, test } from "vitest";
import { grad, lax, lora, makeJaxpr, nn, numpy as np, optim, quaxify, random } from "cotangent";
import { limitsOf } from "../../../../src/backends/wasm/device.ts";
import { isSmall } from "../../../../src/backends/wasm/executable.ts";
import { emitModule } from "../../../../src/backends/wasm/module.ts";
import { lowerProgram } from "../../../../src/compiler/fusion/lower.ts";
import { planMemory } from "../../../../src/compiler/fusion/memory-plan.ts";
import { optimise } from "../../../../src/compiler/optimise.ts";
import type { ClosedJaxpr } from "../../../../src/core/jaxpr.ts";
import type { ArrayValue } from "../../../../src/core/value.ts";
import { modelPrograms } from "../../compiler/model-programs.ts";
import { readBack } from "./binaryen-module.ts";

const of = (f: (...xs: ArrayValue[]) => unknown, ...args: readonly unknown[]): ClosedJaxpr =>
  makeJaxpr(f as never)(...(args as never[]));
const zeros = (...shape: number[]): ArrayValue => np.zeros(shape);
const halves = (...shape: number[]): ArrayValue => np.zeros(shape, { dtype: "bfloat16" });
const bytes = (...shape: number[]): ArrayValue => np.zeros(shape, { dtype: "uint8" });

/** Forward, backward and update of a network that is large enough for tiles, panels and threads. */
const { init, update } = optim.adam(1e-3);
type Weights = readonly ArrayValue[];
const loss = ([a, b]: Weights, x: ArrayValue, y: ArrayValue): ArrayValue =>
  np.mean(np.square(np.subtract(np.matmul(nn.relu(np.matmul(x, a!)), b!), y)));
const adamStep = (
  weights: Weights,
  state: ReturnType<typeof init>,
  x: ArrayValue,
  y: ArrayValue,
): unknown => {
  const [updates, next] = update(grad(loss)(weights, x, y), state, weights);
  return [optim.applyUpdates(weights, updates), next];
};
const weights = [zeros(130, 257), zeros(257, 66)];

const adapted = new lora.LoraArray(zeros(200, 300), { rank: 4, key: random.key(0) });
const loraLoss = quaxify((w: ArrayValue, x: ArrayValue) => np.sum(np.tanh(np.matmul(x, w))));

const programs: readonly (readonly [name: string, program: ClosedJaxpr])[] = [
  ...modelPrograms,
  [
    "a step of Adam on a network",
    of(adamStep as never, weights, init(weights), zeros(65, 130), zeros(65, 66)),
  ],
  ["the gradient of an adapter", of(grad(loraLoss as never) as never, adapted, zeros(70, 200))],
  [
    "the gradient of a softmax attention",
    of(
      grad((q: ArrayValue) => np.sum(np.matmul(nn.softmax(np.matmul(q, np.matrixTranspose(q))), q))) as never,
      zeros(3, 50, 16),
    ),
  ],
  [
    "a loop until a number is small",
    of((x) => lax.whileLoop((y: ArrayValue) => np.greater(np.max(y), 1e-3), (y: ArrayValue) => np.multiply(y, 0.5), x!), zeros(37)), // prettier-ignore
  ],
  ["branches", of((i, x) => lax.switch(i!, [np.sin, np.cos, (y: ArrayValue) => np.cumsum(y, { axis: 0 })] as never, x!), np.array(1, "int32"), zeros(9, 5))], // prettier-ignore
  ["a stable sort of keys with their places", of((x) => [np.sort(x!), np.argsort(x!)], zeros(7, 100))],
  ["random numbers", of((x) => np.add(x!, random.normal(random.key(3), [1000])), zeros(1000))],
  ["16-bit floats", of((x, y) => nn.gelu(np.matmul(x!, y!)), halves(33, 20), halves(20, 17))],
  [
    "bytes and booleans",
    of((x) => np.where(np.greater(x!, 3), np.bitwiseXor(x!, 85), np.zerosLike(x!)), bytes(1001)),
  ],
  ["complex numbers", of((x) => np.exp(lax.complex(x!, np.sin(x!))), zeros(40))],
  ["scattered and gathered rows", of((x, i) => x!.at(i!).add(x!.get(i!)), zeros(30, 8), np.zeros([5], { dtype: "int32" }))], // prettier-ignore
];

describe.each(programs)("the module of %s", (_name, program) => {
  test.each([true, false])(
    "is valid to the engine and to binaryen, its memory being shared: %s",
    (shared) => {
      const kernels = lowerProgram(optimise(program));
      const { bytes, hostSteps } = emitModule(kernels, planMemory(kernels, isSmall), limitsOf(shared));
      expect(hostSteps).toEqual([]);
      expect(WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>)).toBe(true);
      const { valid, text } = readBack(bytes);
      expect(valid).toBe(true);
      expect(text).toContain('(export "main"');
      expect(/\(memory .*\bshared\)/.test(text)).toBe(shared);
    },
  );
});
