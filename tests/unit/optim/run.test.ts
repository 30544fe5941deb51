import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { files, numpy as np, optim, random } from "cotangent";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bits, train } from "./run/training.ts";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cotangent-run-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a run", () => {
  test("that is killed at any moment goes on as if it had not been, to the bit", async () => {
    const program = join(folder, "killed.mjs");
    await build({
      entryPoints: [at("run/killed.ts")],
      outfile: program,
      bundle: true,
      platform: "node",
      format: "esm",
      alias: { cotangent: at("../../../src/index.ts"), "#host": at("../../../src/host/node.ts") },
      logLevel: "error",
    });
    const path = join(folder, "killed.safetensors");
    const attempt = (what: string, which: number) =>
      spawnSync(process.execPath, [program, path, what, String(which)], { encoding: "utf8" });
    const expected = bits(train(join(folder, "whole.safetensors")));

    const kills: [what: string, which: number, printed: string][] = [
      ["writeSync", 1, ""], // the very first file is half written
      ["step", 3, "from 0\n"],
      ["writeSync", 5, "from 2\n"],
      ["renameSync", 1, "from 2\n"],
      ["fsyncSync", 2, "from 2\n"], // the new file has its name
    ];
    for (const [what, which, printed] of kills) {
      const { signal, stdout, stderr } = attempt(what, which);
      expect([what, which, signal, stdout, stderr]).toEqual([what, which, "SIGKILL", printed, ""]);
    }
    const { stdout, stderr } = attempt("nothing", 0);
    expect(stderr).toBe("");
    expect(stdout).toBe(`from 4\n${expected}`);
  });

  test("saves everything that it is made of, and every number that there is", () => {
    const path = join(folder, "all.safetensors");
    const state = {
      w: np.array([0.1, -0, NaN, Infinity]),
      half: np.ones([2], "bfloat16"),
      weak: np.weak(0.5, "float"),
      key: random.key(7),
      gone: null,
      count: np.int32(3),
    };
    const run = new optim.Run(path, state);
    for (const x of [0.1, NaN, -Infinity, -0, 1e-320]) run.advance(state, { x });
    run.advance(state, { y: np.array(0.25) });
    run.save();
    const again = new optim.Run(path, { ...state, w: np.zeros([4]), weak: np.weak(0, "float") });
    expect(bits(again)).toBe(bits(run));
    expect(again.metrics).toEqual({
      x: [[0, 0.1], [1, NaN], [2, -Infinity], [3, -0], [4, 1e-320]], // prettier-ignore
      y: [[5, 0.25]],
    });
    expect([again.step, again.state.weak.aval.weak, again.state.key.dtype]).toEqual([6, true, "key<fry>"]);
    expect(files.openSafetensors(path).names).toContain("state.half");
  });

  test("evaluates and saves when it is time to", () => {
    const path = join(folder, "times.safetensors");
    const seen: number[] = [];
    const evaluate = ({ n }: { n: ReturnType<typeof np.int32> }, step: number) => {
      seen.push(step);
      return { double: np.multiply(2, n) };
    };
    const run = new optim.Run(path, { n: np.int32(0) }, { saveEvery: 3, evaluate, evaluateEvery: 2 });
    const savedStep = () => new optim.Run(path, { n: np.int32(0) }).step;
    const saved = [0, 1, 2, 3, 4].map((i) => {
      if (i > 0) run.advance({ n: np.int32(i) });
      return savedStep();
    });
    expect(saved).toEqual([0, 0, 0, 3, 3]);
    expect(seen).toEqual([2, 4]);
    expect(run.metrics).toEqual({ double: [[2, 4], [4, 8]] }); // prettier-ignore
    expect(readdirSync(folder).filter((name) => name.startsWith("times"))).toEqual(["times.safetensors"]);
  });

  test("without a file is kept in memory", () => {
    const run = new optim.Run(null, [np.ones([1])], { saveEvery: 1 });
    run.advance([np.zeros([1])], { loss: 3 });
    expect([run.step, run.metrics]).toEqual([1, { loss: [[0, 3]] }]);
  });

  test("refuses a file that is none of its own, and what is no number", () => {
    const path = join(folder, "other.safetensors");
    const state = { w: np.ones([2]) };
    files.saveSafetensors(path, { state });
    expect(() => new optim.Run(path, state)).toThrow("is no run that was saved");
    for (const run of [
      "{",
      '{"step":-1,"metrics":{},"weak":[]}',
      '{"step":1,"metrics":{"x":[[0,"1"]]},"weak":[]}',
    ]) {
      files.saveSafetensors(path, { state }, { metadata: { run } });
      expect(() => new optim.Run(path, state)).toThrow("is no run that was saved");
    }
    files.saveSafetensors(path, { state }, { metadata: { run: '{"step":1,"metrics":{},"weak":[]}' } });
    expect(new optim.Run(path, state).step).toBe(1);
    expect(() => new optim.Run(path, { w: np.ones([3]) })).toThrow("the tree takes F32 of shape (3,)");
    expect(() => new optim.Run(join(folder, "none/x"), state)).toThrow("no such file or directory");
    writeFileSync(path, "text");
    expect(() => new optim.Run(path, state)).toThrow("this is no safetensors file");
    const run = new optim.Run(null, state);
    expect(() => run.advance(state, { loss: np.ones([2]) })).toThrow("loss is no number, got NDArray f32[2]");
    expect(() => run.advance(state, { loss: "1" as never })).toThrow("got the string");
    expect(() => new optim.Run(null, state, { saveEvery: 0 })).toThrow("saveEvery is a positive integer");
  });
});

describe("batches", () => {
  test("have each example once in an epoch, in an order that the key says", () => {
    const batchAt = optim.batches(10, 3, random.key(0));
    const epochOf = (first: number, at = batchAt) =>
      [0, 1, 2].flatMap((i) => at(first + i).toList() as number[]);
    for (const first of [0, 3, 6]) expect(new Set(epochOf(first)).size).toBe(9);
    expect(epochOf(0)).not.toEqual(epochOf(3));
    expect(epochOf(3)).toEqual(epochOf(3, optim.batches(10, 3, random.key(0))));
    expect(epochOf(3)).not.toEqual(epochOf(3, optim.batches(10, 3, random.key(1))));
    const order = random.permutation(random.foldIn(random.key(0), 1), 10).toList() as number[];
    expect(epochOf(3)).toEqual(order.slice(0, 9));
  });

  test("are not larger than all", () => {
    expect(() => optim.batches(3, 4, random.key(0))).toThrow("at most all, got the number 4 of the number 3");
  });
});
