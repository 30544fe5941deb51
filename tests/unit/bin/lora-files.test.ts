import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ArrayValue, files, lora, numpy as np, values } from "cotangent";
import { afterAll, describe, expect, test } from "vitest";
import { dataFile } from "../../../examples/topics.ts";
import { loraCommand } from "../../../src/bin/lora/command.ts";
import { convOutputs, goldens, outputs, readBase, readConvBase, Tiny } from "../lora/tiny.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "cotangent-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const base = `${goldens}/base.safetensors`;
const expected = files.openSafetensors(`${goldens}/outputs.safetensors`);
const convBase = `${goldens}/base-conv.safetensors`;
const matrices = expected.names.filter((name) => name !== "conv");
const adapterOf = (name: string): string => `${goldens}/${name}`;
const encoder = dataFile("minilm-l3-wn.int8.safetensors");

const run = (...args: readonly string[]) => loraCommand(args, () => {});
const json = async (...args: readonly string[]) => JSON.parse(await run(...args, "--json")) as unknown;
const distance = (x: ArrayValue, y: ArrayValue) => np.max(np.abs(np.subtract(x, y))).item() as number;
const tensorsOf = (path: string): Map<string, ArrayValue> => {
  const file = files.openSafetensors(new Uint8Array(readFileSync(path)));
  return new Map(file.names.map((name) => [name, file.get(name)]));
};
/** A file with what `change` makes of the tensors of another. */
function changed(name: string, path: string, change: (tensors: Map<string, ArrayValue>) => void): string {
  const tensors = tensorsOf(path);
  change(tensors);
  files.saveSafetensors(at(name), tensors);
  return at(name);
}
/** A copy of an adapter with another configuration, or other tensors. */
function adapterWith(
  name: string,
  from: string,
  config: object,
  change?: (tensors: Map<string, ArrayValue>) => void,
) {
  cpSync(adapterOf(from), at(name), { recursive: true });
  const path = join(at(name), "adapter_config.json");
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, "utf8")) as object), ...config }));
  if (change)
    changed(`${name}/adapter_model.safetensors`, `${adapterOf(from)}/adapter_model.safetensors`, change);
  return at(name);
}
const outputsOf = (path: string): ArrayValue => outputs(files.loadSafetensors(path, new Tiny()));

describe("lora inspect", () => {
  test.each(matrices)("counts what the adapter has as the model with it does: %s", async (name) => {
    const { model, config } = lora.loadAdapter(adapterOf(name), readBase());
    const summary = lora.summary(model, { trainable: lora.trainable(model, config) });
    expect(await run("inspect", adapterOf(name), "--base", base)).toContain(summary.line);
    expect(await json("inspect", adapterOf(name))).toMatchObject({
      config: lora.loraConfigToJSON(config),
      modules: summary.weights.map(({ path, shape, parameters, terms: [term] }) => ({
        name: path.replace(/\.weight$/, "").replaceAll(/\[(\d)\]/g, ".$1").slice(1),
        shape,
        parameters,
        rank: term!.rank,
        scaling: term!.scaling,
      })).toSorted((x, y) => (x.name < y.name ? -1 : 1)),
      trainable: summary.trainable,
      total: null,
    });
  }); // prettier-ignore

  test("says of a pretrained encoder what PEFT does", async () => {
    const text = await run("inspect", dataFile("adapter-reference"), "--base", encoder);
    expect(text).toContain("adapter of sentence-transformers/paraphrase-MiniLM-L3-v2 for FEATURE_EXTRACTION");
    expect(text).toContain("\ntrainable params: 36,864 || all params: 6,959,232 || trainable%: 0.5297\n");
  });

  test("shows what is kept as a whole", async () => {
    expect(await run("inspect", adapterOf("saved"))).toMatch(/^classifier\.weight +F32 +\(3, 4\) +12$/m);
  });

  test("lists the tensors of a file", async () => {
    const file = changed("small.safetensors", base, (tensors) => {
      tensors.clear();
      tensors
        .set("w", np.zeros([3, 2], "int8"))
        .set("w_scale", np.ones([3]))
        .set("ids", np.arange(2));
    });
    expect(await run("inspect", file)).toBe(
      [
        "tensor   dtype  shape   bytes",
        "w_scale  F32    (3,)       12",
        "ids      I32    (2,)        8",
        "w        I8     (3, 2)      6",
        "3 tensors, 6 parameters, 26 bytes\n",
      ].join("\n"),
    );
    expect(await json("inspect", file)).toMatchObject({ kind: "safetensors", parameters: 6, bytes: 26 });
  });
});

describe("lora merge", () => {
  test.each(matrices)("gives a model with PEFT's outputs: %s", async (name) => {
    const out = at(`${name}.safetensors`);
    await run("merge", base, adapterOf(name), "--out", out);
    expect(distance(outputsOf(out), expected.get(name))).toBeLessThan(1e-5);
    expect(files.openSafetensors(new Uint8Array(readFileSync(out))).names).toEqual(
      files.openSafetensors(new Uint8Array(readFileSync(base))).names,
    );
  });

  test("gives a model with PEFT's outputs: conv", async () => {
    const out = at("conv.safetensors");
    await run("merge", convBase, adapterOf("conv"), "--out", out);
    expect(distance(convOutputs(readConvBase(out)), expected.get("conv"))).toBeLessThan(1e-5);
    expect(await run("inspect", adapterOf("conv"))).toMatch(/^conv +LoraKernel +\(6, 2, 3, 3\) /m);
  });

  test("finds modules whose names begin otherwise in the base", async () => {
    const renamed = changed("renamed.safetensors", base, (tensors) => {
      for (const [name, x] of Array.from(tensors)) {
        tensors.delete(name);
        tensors.set(`tiny.${name}`, x);
      }
    });
    const out = at("prefixed.safetensors");
    await run("merge", renamed, adapterOf("plain"), "--out", out, "--prefix", "tiny.");
    const merged = tensorsOf(out);
    await run("merge", base, adapterOf("plain"), "--out", out);
    for (const [name, x] of tensorsOf(out)) expect(merged.get(`tiny.${name}`)!.toList()).toEqual(x.toList());

    await expect(run("merge", renamed, adapterOf("plain"), "--out", out)).rejects.toThrow(
      'the adapter does not fit the base; names in the base have "tiny." in front, which --prefix adds:\n' +
        '  "layers.0.weight" is not in the file; the adapter takes (6, 4)',
    );
    const longer = adapterWith("longer", "plain", { target_modules: ["tiny.layers.0", "tiny.layers.1"] }, (tensors) => {
      for (const [name, x] of Array.from(tensors)) {
        tensors.delete(name);
        tensors.set(name.replace("model.layers", "model.tiny.layers"), x);
      }
    }); // prettier-ignore
    await expect(run("merge", base, longer, "--out", out)).rejects.toThrow(
      'names in the base lack "tiny.", which --strip takes away',
    );
    await expect(run("merge", base, longer, "--out", out, "--strip", "huge.")).rejects.toThrow(
      'no module of the adapter has a name that begins with "huge."',
    );
    await run("merge", base, longer, "--out", out, "--strip", "tiny.");
    expect(distance(outputsOf(out), expected.get("plain"))).toBeLessThan(1e-5);
  });

  test("takes weights that are stored [in, out]", async () => {
    const transposed = changed("transposed.safetensors", base, (tensors) => {
      for (const name of ["layers.0.weight", "layers.1.weight"]) tensors.set(name, tensors.get(name)!.T);
    });
    const out = at("merged-transposed.safetensors");
    await run("merge", transposed, adapterWith("fan", "plain", { fan_in_fan_out: true }), "--out", out);
    const again = changed("back.safetensors", out, (tensors) => {
      for (const name of ["layers.0.weight", "layers.1.weight"]) tensors.set(name, tensors.get(name)!.T);
    });
    expect(distance(outputsOf(again), expected.get("plain"))).toBeLessThan(1e-5);
    await expect(run("merge", transposed, adapterOf("plain"), "--out", out)).rejects.toThrow(
      '"layers.0.weight" has shape (4, 6); the adapter takes (6, 4)',
    );
  });

  test("makes floats of 8-bit weights, or quantises them again and says what that changed", async () => {
    const int8 = at("int8.safetensors");
    await run("convert", base, "--out", int8, "--quantise", "int8");
    const out = at("merged-int8.safetensors");
    await run("merge", int8, adapterOf("plain"), "--out", out);
    const floats = tensorsOf(out);
    expect(floats.get("layers.0.weight")!.dtype).toBe("float32");
    expect(floats.has("layers.0.weight_scale")).toBe(false);
    expect(floats.get("classifier.weight")!.dtype).toBe("int8");

    const { errors } = (await json("merge", int8, adapterOf("plain"), "--out", out, "--requantise")) as {
      errors: lora.MergeError[];
    };
    expect(errors.map(({ path }) => path)).toEqual(["layers.0.weight", "layers.1.weight"]);
    const again = tensorsOf(out);
    for (const { path, max } of errors) {
      const [integers, scales] = [again.get(path)!, again.get(`${path}_scale`)!];
      const weight = new values.Quantised(integers, np.expandDims(scales, 1)).dequantise();
      expect(max).toBeGreaterThan(0);
      expect(distance(weight, floats.get(path)!)).toBeCloseTo(max, 6);
    }
  });

  test("replaces what the adapter keeps as a whole, and adds what the base lacks", async () => {
    const out = at("kept.safetensors");
    const headless = changed("headless.safetensors", base, (tensors) => tensors.delete("classifier.weight"));
    expect(await json("merge", headless, adapterOf("saved"), "--out", out)).toMatchObject({
      merged: ["layers.1"],
      replaced: ["classifier.bias", "norm.bias", "norm.weight"],
      added: ["classifier.weight"],
    });
    expect(distance(outputsOf(out), expected.get("saved"))).toBeLessThan(1e-5);
  });

  test("leaves other tensors as they are, of any dtype, and keeps that of each weight", async () => {
    const wide = changed("wide.safetensors", base, (tensors) => {
      tensors.set("layers.0.weight", tensors.get("layers.0.weight")!.astype("bfloat16"));
    });
    // 2^60 + 1, which 32 bits do not hold, and floats of 8 bits, of which there are no arrays.
    const file = files.openSafetensors(new Uint8Array(readFileSync(wide)));
    const odd = (name: string, dtype: files.TensorDType, bytes: readonly number[]) =>
      ({ name, dtype, shape: [1], bytes: () => Uint8Array.from(bytes) }) as const;
    const sources = file.names.map((name) => ({ name, ...file.info(name), bytes: () => file.bytes(name) }));
    const others = [odd("step", "I64", [1, 0, 0, 0, 0, 0, 0, 16]), odd("f8", "F8_E4M3", [77])];
    files.writeTensors(wide, [...sources, ...others], { metadata: { format: "pt" } });

    const out = at("merged-wide.safetensors");
    await run("merge", wide, adapterOf("plain"), "--out", out);
    const merged = files.openSafetensors(new Uint8Array(readFileSync(out)));
    expect(merged.metadata).toEqual({ format: "pt" });
    for (const { name, bytes } of others) expect(merged.bytes(name)).toEqual(bytes());
    expect([merged.info("layers.0.weight").dtype, merged.info("layers.1.weight").dtype]).toEqual([
      "BF16",
      "F32",
    ]);
  });

  test("refuses a weight that is not finite, and leaves the file that is there", async () => {
    const infinite = adapterWith("infinite", "plain", {}, (tensors) => {
      const name = "base_model.model.layers.1.lora_A.weight";
      tensors.set(name, np.full(tensors.get(name)!.shape, Infinity));
    });
    writeFileSync(at("old"), "old");
    await expect(run("merge", base, infinite, "--out", at("old"))).rejects.toThrow(
      /layers\.1\.weight.* is not finite/,
    );
    expect(readFileSync(at("old"), "utf8")).toBe("old");
  });

  test("refuses an adapter to weights that were changed at its start", async () => {
    const pissa = adapterWith("pissa", "plain", { init_lora_weights: "pissa" });
    expect(await run("inspect", pissa)).toContain("trainable params");
    await expect(run("merge", base, pissa, "--out", at("x"))).rejects.toThrow('starts as "pissa"');
  });
});

describe("lora convert", () => {
  test("writes floats of another dtype, and all else as it is", async () => {
    const out = at("half.safetensors");
    const mixed = changed("mixed.safetensors", base, (tensors) => tensors.set("ids", np.arange(3)));
    expect(await run("convert", mixed, "--out", out, "--dtype", "bfloat16")).toBe(
      `9 tensors converted, 1 copied: ${out}\n`,
    );
    const [before, after] = [tensorsOf(mixed), tensorsOf(out)];
    for (const [name, x] of before) {
      const wanted = name === "ids" ? x : x.astype("bfloat16");
      expect(after.get(name)!.dtype).toBe(wanted.dtype);
      expect(after.get(name)!.toList()).toEqual(wanted.toList());
    }
  });

  test("makes 8-bit rows of matrices, and floats of them again", async () => {
    const [int8, back] = [at("rows.safetensors"), at("rows-back.safetensors")];
    const { errors } = (await json("convert", base, "--out", int8, "--quantise", "int8", "--dtype", "float16")) as {
      errors: lora.MergeError[];
    };
    expect(tensorsOf(int8).get("norm.weight")!.dtype).toBe("float16");
    await run("convert", int8, "--out", back, "--dtype", "float32");
    const [before, after] = [tensorsOf(base), tensorsOf(back)];
    expect([...after.keys()]).toEqual([...before.keys()]);
    expect(errors.map(({ path }) => path).toSorted()).toEqual(
      ["classifier", "layers.0", "layers.1", "table"].map((name) => `${name}.weight`),
    );
    for (const { path, max } of errors) {
      expect(distance(before.get(path)!, after.get(path)!)).toBeCloseTo(max, 6);
      expect(max).toBeLessThan(np.max(np.abs(before.get(path)!)).item() as number / 250);
    }
  }); // prettier-ignore

  test("writes an adapter of another dtype, with its configuration", async () => {
    const out = at("plain-half");
    await run("convert", adapterOf("plain"), "--out", out, "--dtype", "float16");
    expect(readFileSync(join(out, "adapter_config.json"))).toEqual(
      readFileSync(join(adapterOf("plain"), "adapter_config.json")),
    );
    const { model } = lora.loadAdapter(out, readBase());
    expect(distance(outputs(model), expected.get("plain"))).toBeLessThan(0.01);
    expect(await run("inspect", out, "--json")).toContain('"dtype": "F16"');
  });

  test("refuses numbers that the dtype does not hold", async () => {
    const large = changed("large.safetensors", base, (tensors) => tensors.set("large", np.array([1e5])));
    await expect(run("convert", large, "--out", at("x"), "--dtype", "float16")).rejects.toThrow(
      "large as float16 has numbers that are not finite",
    );
  });
});

test.each<readonly [message: string, args: readonly string[]]>([
  ["there is no command lora merg; did you mean lora merge?", ["merg"]],
  ["usage: cotangent lora <command>", []],
  ["usage: cotangent lora merge <base.safetensors> <adapter>", ["merge", base]],
  ["--out is missing", ["merge", base, adapterOf("plain")]],
  ["Unknown option '--output'", ["merge", "--output", "x"]],
  ["say what to convert to", ["convert", base, "--out", "x"]],
  ["--dtype is one of float32, float16, bfloat16, float64, not int8", ["convert", base, "--out", "x", "--dtype", "int8"]],
  ["--quantise is int8, not int4", ["convert", base, "--out", "x", "--quantise", "int4"]],
  ["an adapter has no weights to quantise", ["convert", adapterOf("plain"), "--out", "x", "--quantise", "int8"]],
])("usage: %s", async (message, args) => {
  await expect(run(...args)).rejects.toThrow(message);
}); // prettier-ignore

describe("the command", () => {
  const start = (...args: readonly string[]) =>
    spawnSync(process.execPath, ["--import", "tsx", join(root, "src/bin/cotangent.ts"), "lora", ...args], {
      encoding: "utf8",
      cwd: root,
    });

  test("prints JSON only, and its progress elsewhere", () => {
    const out = at("process.safetensors");
    const { status, stdout, stderr } = start("merge", base, adapterOf("plain"), "--out", out, "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ out, merged: ["layers.0", "layers.1"] });
    expect(stderr).toBe("merging 1/2 layers.0.weight\nmerging 2/2 layers.1.weight\n");
  });

  test("has a status for what failed, and another for what is wrong", () => {
    mkdirSync(at("empty"), { recursive: true });
    const failed = start("inspect", at("empty"));
    expect([failed.status, failed.stdout]).toEqual([1, ""]);
    expect(failed.stderr).toContain("adapter_config.json");
    const wrong = start("convert", base, "--nope");
    expect([wrong.status, wrong.stdout, wrong.stderr]).toEqual([2, "", expect.stringContaining("'--nope'")]);
  });

  test("explains itself, with examples that name each command", async () => {
    const help = await run("--help");
    for (const name of ["inspect", "merge", "convert"]) {
      expect(help).toMatch(new RegExp(`^  ${name} `, "m"));
      expect(await run(name, "--help")).toMatch(new RegExp(`^  cotangent lora ${name} `, "m"));
    }
  });
}, 60_000);
