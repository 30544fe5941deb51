import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type ArrayValue,
  checkpoint,
  debug,
  grad,
  inspect,
  jit,
  lax,
  lora,
  makeJaxpr,
  nn,
  numpy as np,
  quaxify,
  random,
  vmap,
} from "cotangent";
import { toTypeScript } from "../../../src/entry/typescript.ts";
import type { ClosedJaxpr } from "../../../src/core/jaxpr.ts";
import { stage } from "../../../src/interpreters/stage.ts";
import { concrete, expectSameBits } from "../../laws/compare.ts";
import { applied, avalOfSample, drawAll, sampled } from "../../laws/samples.ts";
import { onBackend } from "../../settings.ts";

// Where an operation is the same to the bit in a call and outside of one.
onBackend("reference");

const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = join(root, ".tmp", "typescript");
beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let modules = 0;
/** The function that the module of a program exports. */
async function imported(
  program: ClosedJaxpr,
): Promise<(...xs: readonly ArrayValue[]) => readonly ArrayValue[]> {
  const path = join(folder, `module${modules++}.ts`);
  writeFileSync(path, await toTypeScript(program));
  const { program: run } = (await import(/* @vite-ignore */ path)) as {
    program: (...xs: readonly ArrayValue[]) => ArrayValue | ArrayValue[];
  };
  return (...xs) => {
    const out = run(...xs);
    return Array.isArray(out) ? out : [out];
  };
}

async function expectSame(program: ClosedJaxpr, inputs: readonly ArrayValue[], what: string): Promise<void> {
  const run = await imported(program);
  const expected = inspect.evalJaxpr(program, inputs);
  const got = run(...inputs);
  expect(got.length).toBe(expected.length);
  got.forEach((out, i) => {
    expect(out.aval, what).toEqual(expected[i]!.aval);
    expectSameBits(concrete(out), concrete(expected[i]!), what);
  });
}

test.each(sampled)("%s is a line that computes the same", async (name, prim) => {
  const { samples } = prim.rules;
  const cuts = samples.map((_, i) => samples.slice(0, i).reduce((n, { operands }) => n + operands.length, 0));
  const program = stage(
    (xs) =>
      samples.flatMap((sample, i) =>
        applied(prim, sample.params)(xs.slice(cuts[i], cuts[i]! + sample.operands.length)),
      ),
    samples.flatMap(({ operands }) => operands.map(avalOfSample)),
    "test",
  );
  await expectSame(
    program,
    samples.flatMap((sample) => drawAll(sample)),
    name,
  );
});

const x3 = np.array([0.5, -1, 2]);
const layer = jit(function layer(x: ArrayValue, w: ArrayValue) {
  return np.tanh(np.matmul(w, x));
});
const w33 = random.normal(random.key(0), [3, 3]);
const programs: readonly (readonly [name: string, f: (x: ArrayValue) => unknown])[] = [
  ["the gradient of calls", (x) => grad((y: ArrayValue) => np.sum(layer(layer(y, w33), w33)))(x)],
  ["a batch", (x) => vmap((y: ArrayValue) => nn.relu(y))(x)],
  ["a loop that ends by its carry", (x) => lax.whileLoop((y: ArrayValue) => np.less(np.sum(y), 100), (y: ArrayValue) => np.multiply(y, 2), x)],
  ["a loop with captured values and several carries", (x) => lax.foriLoop(0, 3, (i, [a, b]: [ArrayValue, ArrayValue]) => [np.add(a, np.multiply(b, i)), np.matmul(w33, b)], [x, x] as [ArrayValue, ArrayValue])],
  ["a scan", (x) => lax.scan((c: ArrayValue, y: ArrayValue) => [np.add(c, np.multiply(y, w33.get(0, 0))), np.sin(c)] as [ArrayValue, ArrayValue], np.float32(1), x)],
  ["a scan of its length only", (x) => lax.scan((c: ArrayValue) => [np.sin(c), null] as [ArrayValue, null], x, null, { length: 3, reverse: true })],
  ["branches", (x) => lax.switch(np.int32(1), [(y: ArrayValue) => np.sin(y), (y: ArrayValue) => np.matmul(w33, y)], x)],
  ["the gradient of a scan", (x) => grad((y: ArrayValue) => np.sum(lax.scan((c: ArrayValue, z: ArrayValue) => [np.multiply(c, z), np.sin(c)] as [ArrayValue, ArrayValue], np.float32(1), y)[1]))(x)],
  ["a checkpoint", (x) => grad(checkpoint((y: ArrayValue) => np.sum(np.sin(np.sin(y)))))(x)],
  ["a rewritten operation", (x) => quaxify((w: ArrayValue, y: ArrayValue) => np.matmul(w, y))(new lora.LoraArray(w33, { rank: 1, key: random.key(1) }), x)],
  ["constants", (x) => [np.multiply(x, np.array([NaN, -0, Infinity])), np.ones([30]), np.array([true, false]), random.key(3), np.weak(2, "float"), np.array([], { dtype: "int8" })]],
]; // prettier-ignore

describe("computes the same, to the bit:", () => {
  test.each(programs)("%s", async (name, f) => {
    await expectSame(makeJaxpr(f)(x3), [x3], name);
  });
});

test("reads as one would write it", async () => {
  const text = await toTypeScript(makeJaxpr((x: ArrayValue) => np.sum(np.multiply(layer(x, w33), 2)))(x3), {
    name: "loss",
  });
  expect(text.replace(/\S*typescript\.test\.ts:\d+:\d+( \(.*?\))?/g, "…")).toMatchInlineSnapshot(`
    "import { type ArrayValue, lax, numpy as np } from "cotangent";

    /** f32[3,3] */
    const constant: ArrayValue = np.array([[1.622642159461975, 2.0252647399902344, -0.4335944354534149], [-0.07861734926700592, 0.17609089612960815, -0.9720892310142517], [-0.49529874324798584, 0.49437859654426575, 0.6643493175506592]], { dtype: "float32" });

    /** \`(a: f32[3], b: f32[3,3]) → f32[3]\` */
    function layer(a: ArrayValue, b: ArrayValue): ArrayValue {
      const c = lax.dotGeneral.bind([b, a], { dimensionNumbers: [[[1], [0]], [[], []]], precision: null, preferredElementType: "float32" })[0]!; // f32[3], …
      const d = lax.tanh(c); // f32[3], …
      return d;
    }

    /** \`(a: f32[3]) → f32[]\` */
    export function loss(a: ArrayValue): ArrayValue {
      const b = layer(a, constant); // f32[3], …
      const c = lax.mul(b, 2); // f32[3], …
      const d = lax.reduceSum.bind([c], { axes: [0] })[0]!; // f32[], …
      return d;
    }
    "
  `);
});

test("every form has the types of the library", async () => {
  for (const [, f] of programs)
    writeFileSync(join(folder, `typed${modules++}.ts`), await toTypeScript(makeJaxpr(f)(x3)));
  const config = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      types: [],
      noUnusedLocals: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
    },
    include: ["*.ts", join(root, "src/host/*.d.ts")],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  let report = "";
  try {
    execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], {
      encoding: "utf8",
    });
  } catch (error) {
    report = (error as { stdout: string }).stdout;
  }
  expect(report).toBe("");
}, 120_000);

test("what calls the host is refused with its place", async () => {
  const program = makeJaxpr((x: ArrayValue) => (debug.print("{}", x), x))(x3);
  await expect(toTypeScript(program)).rejects.toThrow(
    /equation 1 of 1, `debug_print.*typescript\.test\.ts:\d+.*it has an effect/s,
  );
  await expect(toTypeScript(program, { name: "a b" })).rejects.toThrow("name is an identifier");
});
