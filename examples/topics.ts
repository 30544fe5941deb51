import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Tokenizer } from "@huggingface/tokenizers";
import { type ArrayValue, numpy as np } from "cotangent";
import { bertTokenizer } from "cotangent/models";
import { z } from "zod";

/** A file of data/minilm-topics. */
export const dataFile = (name: string): string =>
  fileURLToPath(new URL(`../data/minilm-topics/${name}`, import.meta.url));
const readText = (name: string): string => readFileSync(dataFile(name), "utf8");

/** Texts as pieces of words, and the numbers of their topics. */
export interface Topics {
  /** int32 `[n, 16]`, filled up with 0. */
  readonly ids: ArrayValue;
  /** bool `[n, 16]`: where there is a piece. */
  readonly mask: ArrayValue;
  /** int32 `[n]`. */
  readonly labels: ArrayValue;
}

/** Pieces of a text that the model looks at, with those that mark its begin and end. */
export const LENGTH = 16;

/** The tokenizer of BERT, lower-case, with the vocabulary of the data. */
export const readTokenizer = (): Tokenizer =>
  new Tokenizer(bertTokenizer(readText("vocab.txt").trimEnd().split("\n")), {});

/** Texts as pieces, cut to {@link LENGTH} or filled up to it. */
export function encode(tokenizer: Tokenizer, texts: readonly string[]): Pick<Topics, "ids" | "mask"> {
  const ids = new Int32Array(texts.length * LENGTH);
  const there = new Int32Array(texts.length * LENGTH);
  texts.forEach((text, row) => {
    const pieces = tokenizer.encode(text).ids;
    const kept = pieces.length > LENGTH ? [...pieces.slice(0, LENGTH - 1), pieces.at(-1)!] : pieces;
    ids.set(kept, row * LENGTH);
    there.fill(1, row * LENGTH, row * LENGTH + kept.length);
  });
  const rows = (data: Int32Array) => np.array(data).reshape([-1, LENGTH]);
  return { ids: rows(ids), mask: rows(there).astype("bool") };
}

const example = z.object({ text: z.string(), label: z.string() });
const dataset = z.object({
  labels: z.array(z.string()),
  train: z.array(example),
  val: z.array(example),
  test: z.array(example),
});

const readDataset = () => dataset.parse(JSON.parse(readText("wordnet-topics.json")));

/** The definitions of WordNet in data/minilm-topics, and the names of their twelve topics. */
export function readTopics(): { names: readonly string[]; train: Topics; val: Topics; test: Topics } {
  const { labels: names, ...parts } = readDataset();
  const tokenizer = readTokenizer();
  const topics = (examples: z.infer<typeof example>[]): Topics => ({
    ...encode(
      tokenizer,
      examples.map(({ text }) => text),
    ),
    labels: np.array(Int32Array.from(examples, ({ label }) => names.indexOf(label))),
  });
  return { names, train: topics(parts.train), val: topics(parts.val), test: topics(parts.test) };
}

/** The definitions as they are read, each with its topic. */
export function readDefinitions(): Pick<z.infer<typeof dataset>, "train" | "test"> {
  return readDataset();
}
/** Those to test on. */
export const readTestTexts = (): string[] => readDataset().test.map(({ text }) => text);

/** The examples at these indices. */
export const examplesAt = ({ ids, mask, labels }: Topics, indices: ArrayValue): Topics => ({
  ids: np.take(ids, indices, { axis: 0 }),
  mask: np.take(mask, indices, { axis: 0 }),
  labels: np.take(labels, indices, { axis: 0 }),
});
