import { readFileSync } from "node:fs";
import type { ArrayValue } from "../../core/value.ts";
import * as np from "../../numpy/index.ts";
import { UsageError } from "../usage-error.ts";
import type { Encode } from "./tokenizer.ts";
import type { TrainingConfig } from "./training-config.ts";

/** Examples as arrays of one length. */
export interface Examples {
  /** int32 `[n, length]`, filled up with 0. */
  readonly ids: ArrayValue;
  /** bool `[n, length]`: where there is a piece. */
  readonly mask: ArrayValue;
  /** int32: of a classifier `[n]`; of a language model `[n, length]`, the piece that follows each. -100 does not count. */
  readonly labels: ArrayValue;
}
export const IGNORED = -100;

interface Row {
  readonly text: string;
  /** As a text. */
  readonly label: string | null;
}

/** The lines of a JSONL file. @throws UsageError on a line that is no example, by its number. */
export function readRows(path: string, { data, model }: TrainingConfig): readonly Row[] {
  const lines = readFileSync(path, "utf8").split("\n");
  const rows = lines.flatMap((line, i): Row[] => {
    if (line.trim() === "") return [];
    const fail = (what: string): never => {
      throw new UsageError(`${path}:${i + 1}: ${what}`);
    };
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch (error) {
      return fail((error as Error).message);
    }
    const fields = (typeof row === "object" && row !== null ? row : {}) as Readonly<Record<string, unknown>>;
    const [text, label] = [fields[data.textField], fields[data.labelField]];
    if (typeof text !== "string") return fail(`there is no text under ${JSON.stringify(data.textField)}`);
    if (model.kind === "llama") return [{ text, label: null }];
    if (typeof label === "string" || Number.isInteger(label)) return [{ text, label: String(label) }];
    return fail(`there is no label, a text or an integer, under ${JSON.stringify(data.labelField)}`);
  });
  if (rows.length === 0) throw new UsageError(`${path} has no examples`);
  return rows;
}

/** The labels that there are, in order. */
export const labelsOf = (rows: readonly Row[]): string[] =>
  [...new Set(rows.flatMap(({ label }) => label ?? []))].toSorted();

/** Examples as long as the longest, at most `maxLength`. @throws UsageError on a label that is not among `labels`. */
export function examplesOf(
  rows: readonly Row[],
  encode: Encode,
  labels: readonly string[],
  { data: { maxLength }, model }: TrainingConfig,
): Examples {
  const isClassifier = model.kind === "bert";
  const texts = rows.map(({ text }) => {
    const ids = encode(text);
    if (ids.length <= maxLength) return ids;
    // A text for a classifier ends with a mark also when it is cut.
    return isClassifier ? [...ids.slice(0, maxLength - 1), ids.at(-1)!] : ids.slice(0, maxLength);
  });
  const length = texts.reduce((most, ids) => Math.max(most, ids.length), 2);
  const ids = new Int32Array(rows.length * length);
  const there = new Uint8Array(ids.length);
  const next = new Int32Array(ids.length).fill(IGNORED);
  texts.forEach((text, row) => {
    ids.set(text, row * length);
    there.fill(1, row * length, row * length + text.length);
    next.set(text.slice(1), row * length);
  });
  const classes = Int32Array.from(rows, ({ label }) => {
    const known = label === null ? 0 : labels.indexOf(label);
    if (known < 0)
      throw new UsageError(
        `the label ${JSON.stringify(label)} is none of those to train on: ${labels.join(", ")}`,
      );
    return known;
  });
  const inRows = (flat: Int32Array | Uint8Array): ArrayValue => np.reshape(np.array(flat), [-1, length]);
  return {
    ids: inRows(ids),
    mask: np.astype(inRows(there), "bool"),
    labels: isClassifier ? np.array(classes) : inRows(next),
  };
}

/** The examples at these indices. */
export const examplesAt = ({ ids, mask, labels }: Examples, indices: ArrayValue): Examples => ({
  ids: np.take(ids, indices, { axis: 0 }),
  mask: np.take(mask, indices, { axis: 0 }),
  labels: np.take(labels, indices, { axis: 0 }),
});
