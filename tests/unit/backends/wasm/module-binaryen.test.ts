import { describe, expect, test } from "vitest";
import { grad, lax, lora, makeJaxpr, nn, numpy as np, optim, quaxify, random } from "cotangent";
import { isSmall } from "../../../../src/backends/wasm/executable.ts";
import { hasRelaxedSimd, type Target } from "../../../../src/backends/wasm/features.ts";
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

const targets: readonly Target[] = [true, false].flatMap((shared) =>
  [true, false].map((relaxed) => ({ shared, relaxed })),
);
const moduleOf = (program: ClosedJaxpr, target: Target) => {
  const kernels = lowerProgram(optimise(program));
  return emitModule(kernels, planMemory(kernels, isSmall), target);
};

describe.each(programs)("the module of %s", (_name, program) => {
  test.each(targets)("is valid to the engine and to binaryen, for %o", (target) => {
    const { bytes, hostSteps } = moduleOf(program, target);
    expect(hostSteps).toEqual([]);
    if (!target.relaxed || hasRelaxedSimd())
      expect(WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>)).toBe(true);
    const { valid, text } = readBack(bytes);
    expect(valid).toBe(true);
    expect(text).toContain('(export "main"');
    expect(/\(memory .*\bshared\)/.test(text)).toBe(target.shared);
  });
});

test("products are added to sums in one instruction where the engine has one, and nothing else is", () => {
  const instructions = (program: ClosedJaxpr, relaxed: boolean): string =>
    readBack(moduleOf(program, { shared: false, relaxed }).bytes).text;
  const product = of((x, y) => np.matmul(x!, y!), zeros(40, 40), zeros(40, 40));
  expect(instructions(product, true)).toContain("f32x4.relaxed_madd");
  expect(instructions(product, true)).not.toContain("f32x4.add");
  expect(instructions(product, false)).not.toContain("relaxed");
  const elementwise = of((x, y) => np.add(np.multiply(x!, y!), x!), zeros(4096), zeros(4096));
  expect(instructions(elementwise, true)).not.toContain("relaxed");
});
