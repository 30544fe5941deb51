import { type ArrayValue, grad, jit, nn, numpy as np, random, vmap } from "cotangent";
import { describe, expect, test } from "vitest";
import { type Case, decode, expectMatch, load } from "./golden.ts";

type Options = Readonly<Record<string, unknown>>;
const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const named = (options: unknown): Options =>
  Object.fromEntries(Object.entries(options as Options).map(([name, value]) => [camel(name), value]));
const arrays = (options: Options): Options =>
  Object.fromEntries(
    Object.entries(options).map(([name, x]) => [
      name,
      name.endsWith("Lengths") ? np.array(x as number[], "int32") : x,
    ]),
  );

type Attention = (...args: ArrayValue[]) => ArrayValue;
const layers: Record<string, (params: Case["params"]) => Attention> = {
  dotProductAttention({ operands, options }) {
    const given = arrays(named(options));
    return (q, k, v, ...rest) => {
      const more = Object.fromEntries((operands as string[]).map((name, i) => [name, rest[i]]));
      return nn.dotProductAttention(q, k, v, { ...given, ...more });
    };
  },
  MultiheadAttention({ options, rotary, inference }) {
    const settings = named(options);
    const layer = new nn.MultiheadAttention(2, 4, { key: random.key(9), ...settings });
    const key = settings["dropoutP"] === undefined ? null : random.key(13);
    const rotate = vmap(new nn.RotaryPositionalEmbedding(2), { inAxes: 1, outAxes: 1 });
    const turned = (q: ArrayValue, k: ArrayValue, v: ArrayValue) => [rotate(q), rotate(k), v] as nn.Heads;
    const processHeads = rotary === true ? turned : undefined;
    return (q, k, v, mask) =>
      layer.forward(q, k, v, mask ?? null, {
        key,
        processHeads,
        inference: inference as boolean | undefined,
      });
  },
  RotaryPositionalEmbedding({ theta }) {
    const layer = new nn.RotaryPositionalEmbedding(6, { theta: theta as number });
    return (x) => layer.forward(x);
  },
};

const cases = load("attention");
const argumentsOf = (c: Case) => (c.inputs["args"] as unknown[]).map(decode) as ArrayValue[];

describe.each([
  ["eager", <F>(f: F) => f],
  ["jit", jit as <F>(f: F) => F],
] as const)("%s", (_, wrap) => {
  test.each(cases)("$name", (c) => {
    const args = argumentsOf(c);
    const f = layers[String(c.params["layer"])]!(c.params);
    const coarse = args[0]!.dtype === "bfloat16" ? { rtol: 2e-2, atol: 2e-2 } : { rtol: 1e-5, atol: 2e-6 };
    expectMatch(
      wrap(f as never as (...args: ArrayValue[]) => ArrayValue)(...args),
      c.expected["out"],
      coarse,
    );
    const floats = args.flatMap((x, i) => (x.dtype === "bool" ? [] : [i]));
    const loss = (...all: ArrayValue[]) => np.sum(np.square(np.astype(f(...all), "float32")));
    const grads = wrap(grad(loss, { argnums: floats }))(...args);
    expectMatch(grads, c.expected["grads"], coarse);
  });
});

test("the goldens with dropout differ from those without", () => {
  const out = (name: string) => cases.find((c) => c.name === name)!.expected["out"];
  expect(out("multihead/dropout")).not.toEqual(out("multihead/dropoutOff"));
});
