import { lora, nn, random } from "cotangent";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { modulesOf, type NamedModule } from "../../../src/lora/modules.ts";
import { isTarget, targetsOf } from "../../../src/lora/targets.ts";

/** What PEFT does with the same configurations and names: tests/referee/peft_targets.py. */
const golden = JSON.parse(
  readFileSync(new URL("../../goldens/files/peft-targets.json", import.meta.url), "utf8"),
) as {
  readonly names: readonly string[];
  readonly rows: readonly { readonly config: object; readonly targets: Record<string, [number, number]> }[];
};

const linear = (name: string): NamedModule => ({ name, path: name, kind: "linear" });
const key = random.key(0);

describe("modules", () => {
  test.each(golden.rows)(
    "that PEFT adapts with $config are adapted, with its ranks and alphas",
    ({ config, targets }) => {
      const read = lora.loraConfigFromJSON(config);
      expect(new Set(golden.names.filter((name) => isTarget(read, name)))).toEqual(
        new Set(Object.keys(targets)),
      );
      if (Object.keys(targets).length === 0) return;
      const found = targetsOf(read, golden.names.map(linear));
      expect(Object.fromEntries(found.map(({ name, rank, alpha }) => [name, [rank, alpha]]))).toEqual(
        targets,
      );
    },
  );

  test("are those of the model, by their dotted paths", () => {
    class Block extends nn.Module {
      readonly dense = [new nn.Linear(2, 2, { key }), new nn.Linear(2, 3, { key })];
      readonly norm = new nn.LayerNorm(3);
    }
    const model = { blocks: [new Block()], table: new nn.Embedding(5, 2, { key }) };
    expect(modulesOf(model)).toEqual([
      { name: "blocks.0", path: "blocks.0", kind: null },
      { name: "blocks.0.dense.0", path: "blocks.0.dense.0", kind: "linear" },
      { name: "blocks.0.dense.1", path: "blocks.0.dense.1", kind: "linear" },
      { name: "blocks.0.norm", path: "blocks.0.norm", kind: null },
      { name: "table", path: "table", kind: "embedding" },
    ]);
    const named = modulesOf(model, {
      name: (path) => `bert.${path}`,
      kind: () => "transposed",
    });
    expect(named.at(-1)).toEqual({ name: "bert.table", path: "table", kind: "transposed" });
  });
});

describe("targets", () => {
  const modules: NamedModule[] = [linear("a.dense"), linear("lm_head"), linear("score"), { ...linear("a"), kind: null }, { ...linear("table"), kind: "embedding" }]; // prettier-ignore
  const names = (options: Parameters<typeof lora.loraConfig>[0]) =>
    targetsOf(lora.loraConfig(options), modules).map(({ name }) => name);

  test('"all-linear" are all linear modules but the output', () => {
    expect(names({ targetModules: "all-linear" })).toEqual(["a.dense", "score"]);
    expect(names({ targetModules: "All-Linear", taskType: "SEQ_CLS" })).toEqual(["a.dense"]);
    expect(names({ targetModules: "all-linear", excludeModules: ["dense"] })).toEqual(["score"]);
  });

  test("have a scaling of alpha over the rank, or over its root", () => {
    const scaling = (useRslora: boolean) =>
      targetsOf(lora.loraConfig({ r: 4, loraAlpha: 8, targetModules: ["score"], useRslora }), modules)[0]!
        .scaling;
    expect([scaling(false), scaling(true)]).toEqual([2, 4]);
  });

  test("that are none are refused, naming what there is", () => {
    expect(() => names({ targetModules: ["query"] })).toThrow(
      'targetModules ["query"] of the configuration means no module; what can be adapted is a.dense, lm_head, score, table',
    );
    expect(() => names({})).toThrow("targetModules null of the configuration means no module");
    expect(() => names({ targetModules: ["a", "score"] })).toThrow("means what cannot be adapted: a; what");
    expect(() => names({ targetModules: "(?i)score" })).toThrow("(?i) is not known here");
  });

  test("with two ranks of which neither is known to be first are refused", () => {
    const config = lora.loraConfig({ targetModules: ["x.1"], rankPattern: { "x.1": 2, 1: 3 } });
    expect(() => targetsOf(config, [linear("x.1")])).toThrow('the patterns "1", "x.1" all match x.1');
  });
});
