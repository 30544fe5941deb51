import { CotangentError, lora } from "cotangent";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { seeded } from "../seeded.ts";
import { goldens, readBase } from "./tiny.ts";

const base = readBase();
const config = readFileSync(`${goldens}/patterns/adapter_config.json`, "utf8");
const tensors = new Uint8Array(readFileSync(`${goldens}/patterns/adapter_model.safetensors`));

const values = [
  -1,
  0,
  1.5,
  1e300,
  2 ** 53,
  null,
  true,
  "",
  "x",
  "(",
  "[a",
  "(a+)+$",
  [],
  [1],
  ["("],
  {},
  { a: -1 },
];

/** "loaded", or the code of the error. */
function loaded(files: lora.AdapterFiles): string {
  try {
    lora.loadAdapter(files, base);
    return "loaded";
  } catch (error) {
    if (!(error instanceof CotangentError)) throw error;
    return error.code;
  }
}
const counted = (results: readonly string[], result: string): number =>
  results.filter((x) => x === result).length;

test("200 configurations with another value are read, or refused by name", () => {
  const random = seeded(1);
  const names = Object.keys(JSON.parse(config) as object);
  const results = Array.from({ length: 200 }, () => {
    const change = { [names[random(names.length)]!]: values[random(values.length)] };
    return loaded({ tensors, config: JSON.stringify({ ...(JSON.parse(config) as object), ...change }) });
  });
  expect(counted(results, "lora/config")).toBeGreaterThan(60);
  expect(counted(results, "loaded")).toBeGreaterThan(20);
});

test("100 configurations with another character are read, or refused by name", () => {
  const random = seeded(2);
  const results = Array.from({ length: 100 }, () => {
    const at = random(config.length);
    return loaded({
      tensors,
      config: config.slice(0, at) + '"{}[],:1aN\\'[random(11)]! + config.slice(at + 1),
    });
  });
  expect(counted(results, "lora/config")).toBeGreaterThan(40);
});

test("100 files of tensors with flipped bits are read, or refused by name", () => {
  const random = seeded(3);
  const results = Array.from({ length: 100 }, () => {
    const bytes = tensors.slice();
    for (let i = 0; i < 3; i++) bytes[random(450)]! ^= 1 << random(8);
    return loaded({ tensors: bytes, config });
  });
  expect(counted(results, "files/safetensors") + counted(results, "lora/keys")).toBeGreaterThan(90);
});

test("a configuration without bounds is refused before memory is taken", () => {
  const with_ = (text: string) => loaded({ tensors, config: config.replace('"r": 2', `"r": ${text}`) });
  expect(with_("NaN")).toBe("lora/config");
  expect(with_("1e15")).toBe("lora/keys");
  expect(with_("1e400")).toBe("lora/config");
});
