import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ArrayValue, inspect, makeJaxpr, numpy as np } from "cotangent";
import { inspectExport, inspectText } from "../../../src/bin/inspect-command.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = join(root, ".tmp", "bin");
beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const loss = (w: ArrayValue, x: ArrayValue): ArrayValue => np.sum(np.tanh(np.matmul(w, x)));
const program = makeJaxpr((x: ArrayValue) => np.sum(np.sin(x)))(np.ones([3]));
const module = { loss, program, applied: [loss, np.ones([2, 3]), np.ones([3])], count: 3 };
const show = (options: object, from: object = module): string =>
  // Only `ts` is a promise.
  inspectExport(from, "model.ts", { format: "text", ...options }) as string;

describe("inspect", () => {
  test("prints a program, or all stages of a function with its arguments", () => {
    expect(show({ export: "program" })).toBe(`${String(program)}\n`);
    expect(show({ export: "applied" })).toContain("── simplified ──");
    expect(show({ export: "loss", args: "f32[2,3] f32[3]" })).toBe(show({ export: "applied" }));
    expect(show({}, { program, other: 1 })).toBe(show({ export: "program" }));
  });

  test("prints one stage", () => {
    const traced = show({ export: "applied", stage: "traced" });
    expect(String(inspect.parseJaxpr(traced))).toBe(traced.trimEnd());
    expect(show({ export: "program", stage: "simplified" })).toContain("sin a");
  });

  test("prints JSON, which is read again, and graphs", () => {
    const json = show({ export: "applied", stage: "joint", format: "json" });
    expect(String(inspect.fromJSON(JSON.parse(json)))).toContain("dot_general");
    expect(inspectText(json, "a.json", { format: "text" })).toBe(show({ export: "applied", stage: "joint" }));
    expect(inspectText(String(program), "a.jaxpr", { format: "dot" })).toBe(
      inspect.toDot(inspect.parseJaxpr(String(program))),
    );
  });

  test("prints what the compiler makes of a function, and writes its module", () => {
    const kernels = inspect.kernels(loss)(np.ones([2, 3]), np.ones([3]));
    expect(show({ export: "applied", stage: "kernels" })).toBe(`${String(kernels)}\n`);
    expect(JSON.parse(show({ export: "applied", stage: "kernels", format: "json" }))).toEqual(
      JSON.parse(JSON.stringify(kernels)),
    );
    expect(inspectExport(module, "model.ts", { export: "applied", format: "wasm" })).toEqual(kernels.wasm);
    expect(show({ export: "program", stage: "kernels" })).toContain("1 kernel, ");
  });

  test("prints TypeScript, the function called as the export", async () => {
    expect(await inspectExport(module, "model.ts", { export: "applied", format: "ts" })).toContain(
      "export function applied(a: ArrayValue, b: ArrayValue): ArrayValue {",
    );
    expect(await inspectText(String(program), "a.txt", { format: "ts" })).toContain(
      "export function program(",
    );
  });

  test.each<readonly [options: object, message: string]>([
    [{}, "model.ts exports loss, program, applied: choose one with --export"],
    [{ export: "los" }, "there is no export los; did you mean loss?"],
    [{ export: "count" }, "count of model.ts is neither a function nor a program"],
    [{ export: "loss" }, 'loss is a function of 2: give the shapes of its arguments, as in --args "f32[3,4] f32[4]"'],
    [{ export: "loss", args: "f33[2]" }, "1:1: expected a dtype, got `f33[2]`"],
    [{ export: "program", args: "f32[2]" }, "--args is for functions"],
    [{ export: "program", stage: "kernels", format: "dot" }, "kernels are written as text, json, wasm"],
    [{ export: "program", stage: "traced", format: "wasm" }, "wasm is a format of kernels"],
    [{ export: "program", stage: "joint" }, "of a program there is no stage joint"],
    [{ export: "applied", stage: "join" }, "there is no stage join; did you mean joint?"],
    [{ export: "applied", format: "jsn" }, "there is no format jsn; did you mean json?"],
  ])("refuses %j", (options, message) => {
    expect(() => show(options)).toThrow(message);
  }); // prettier-ignore

  test("refuses what is no program", () => {
    expect(() => show({}, { a: 1 })).toThrow("exports no function, program or list");
    expect(() => inspectText("{", "a.json", { format: "text" })).toThrow("a.json is no JSON");
    expect(() => inspectText("{}", "a.json", { format: "text" })).toThrow("$.format");
    expect(() => inspectText("{ lambda", "a.txt", { format: "text" })).toThrow("1:9");
    expect(() => inspectText("", "a.txt", { format: "text", export: "f" })).toThrow(
      "--export is for modules",
    );
  });
});

describe("the command", () => {
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, ["--import", "tsx", join(root, "src/bin/cotangent.ts"), ...args], {
      encoding: "utf8",
      cwd: root,
    });

  test("reads a TypeScript module", () => {
    const file = join(folder, "model.ts");
    writeFileSync(
      file,
      'import { numpy as np } from "../../src/index.ts";\nexport const f = (x: unknown) => np.sin(x as never);\n',
    );
    const { stdout, stderr, status } = run("inspect", file, "--args", "f32[3]", "--stage", "traced");
    expect([stdout, stderr, status]).toEqual([
      "{ lambda ; a:f32[3]. let b:f32[3] = sin a in (b,) }\n",
      "",
      0,
    ]);
  });

  test("says how it is used, with another status for a command that is wrong than for a program that is", () => {
    expect(run("--help").stdout).toContain("usage: cotangent inspect <file>");
    expect([run("look").status, run("look").stderr]).toEqual([
      2,
      expect.stringContaining("there is no command look"),
    ]);
    const file = join(folder, "bad.jaxpr");
    writeFileSync(file, "{ lambda ; a:f32[3]. let b:f32[4] = sin a in (b,) }");
    const bad = run("inspect", file);
    expect([bad.status, bad.stdout, bad.stderr]).toEqual([
      1,
      "",
      expect.stringContaining("1:26: expected b:f32[3]"),
    ]);
    expect(run("inspect", join(folder, "none.ts")).status).toBe(1);
    expect(run("inspect", file, "--nope").stderr).toContain("--nope");
  });
}, 60_000);

test("a graph has a node for each operation, an edge for each value, a cluster for each inner program", () => {
  const dot = inspect.toDot(
    inspect.parseJaxpr(`{ lambda ; a:f32[3]. let
    b:f32[3] = jit[name=f jaxpr={ lambda ; a:f32[3]. let b:f32[3] = mul a 2.0:f32[] in (b,) }] a
  in (b, 1.0:f32[]) }`),
  );
  expect(dot).toMatchInlineSnapshot(`
    "digraph program {
      node [fontname=monospace];
      n0 [label="input 0\\nf32[3]", shape=oval];
      n1 [label="jit", shape=box];
      n1 [tooltip="b:f32[3] = jit[\\n  name=f\\n  jaxpr={ lambda ; a:f32[3]. let b:f32[3] = mul a 2.0:f32[] in (b,) }\\n] a"];
      n0 -> n1 [label="f32[3]"];
      subgraph cluster0 {
        label="jit jaxpr";
        n2 [label="input 0\\nf32[3]", shape=oval];
        n3 [label="mul · 2.0", shape=box];
        n3 [tooltip="b:f32[3] = mul a 2.0:f32[]"];
        n2 -> n3 [label="f32[3]"];
        n4 [label="output 0\\nf32[3]", shape=oval];
        n3 -> n4 [label="f32[3]"];
      }
      n5 [label="output 0\\nf32[3]", shape=oval];
      n1 -> n5 [label="f32[3]"];
      n6 [label="output 1 = 1.0\\nf32[]", shape=oval];
    }
    "
  `);
});
