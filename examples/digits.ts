import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { type ArrayValue, numpy as np, random } from "cotangent";

/** Images `[n, 64]` in 0..1, and their labels `[n]` in 0..9. */
export interface Digits {
  readonly images: ArrayValue;
  readonly labels: ArrayValue;
}

/** Reads the 1,797 handwritten digits of data/digits. */
export function readDigits(): Digits {
  const text = gunzipSync(readFileSync(new URL("../data/digits/digits.csv.gz", import.meta.url))).toString(
    "utf8",
  );
  const rows = text
    .trim()
    .split("\n")
    .map((line) => line.split(",").map(Number));
  if (rows.some((row) => row.length !== 65 || row.some(Number.isNaN)))
    throw new Error("data/digits/digits.csv.gz is not 65 numbers a row");
  return {
    images: np
      .array(Float32Array.from(rows.flatMap((row) => row.slice(0, 64).map((pixel) => pixel / 16))))
      .reshape([-1, 64]),
    labels: np.array(Int32Array.from(rows, (row) => row[64]!)),
  };
}

/** The rows at these indices. */
export const rowsAt = ({ images, labels }: Digits, indices: ArrayValue): Digits => ({
  images: np.take(images, indices, { axis: 0 }),
  labels: np.take(labels, indices, { axis: 0 }),
});

/** The rows whose label is below `limit`, or from it on. */
export function withLabels(digits: Digits, keep: (label: number) => boolean): Digits {
  const labels = digits.labels.toList() as number[];
  const indices = labels.flatMap((label, i) => (keep(label) ? [i] : []));
  return rowsAt(digits, np.array(Int32Array.from(indices)));
}

/** A random part for training and the rest for testing. */
export function split(digits: Digits, fraction: number, key: ArrayValue): { train: Digits; test: Digits } {
  const n = digits.labels.size;
  const order = random.permutation(key, n);
  const cut = Math.round(n * fraction);
  return { train: rowsAt(digits, order.get(`:${cut}`)), test: rowsAt(digits, order.get(`${cut}:`)) };
}
