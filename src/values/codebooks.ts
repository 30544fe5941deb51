import type { ArrayValue } from "../core/value.ts";
import { array } from "../numpy/array.ts";

/** The 16 values of NF4: quantiles of the normal distribution, from -1 to 1, with 0 among them. @see `bitsandbytes` */
export const normal4: readonly number[] = [
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
  -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
  0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
]; // prettier-ignore

/** Powers of ten between which the values of {@link dynamic8} are. */
const DECADES = 7;

/**
 * 256 values from -1 to 1, which lie closer toward 0: from each power of ten to the next, twice as many as below it. Rounded
 * to float32 where PyTorch rounds.
 * @see `bitsandbytes.functional.create_dynamic_map`
 */
export const dynamic8: readonly number[] = signedDecades();

function signedDecades(): number[] {
  const { fround } = Math;
  const positive: number[] = [];
  const first = fround(0.1);
  for (let decade = 0; decade < DECADES; decade++) {
    const count = 2 ** decade;
    const step = fround(fround(1 - first) / count);
    const factor = fround(Number(`1e${decade - DECADES + 1}`));
    // Counted from the end that is nearer.
    const bound = (i: number): number => fround(2 * i < count ? first + step * i : 1 - step * (count - i));
    for (let i = 0; i < count; i++)
      positive.push(fround(factor * fround(fround(bound(i) + bound(i + 1)) / 2)));
  }
  return [...positive.map((x) => -x), 0, ...positive, 1].sort((a, b) => a - b);
}

const arrays = new Map<readonly number[], ArrayValue>();
/** A table as an array of float32: one for each, so that programs which use it in several places know that it is the same. */
export function arrayOf(table: readonly number[]): ArrayValue {
  let known = arrays.get(table);
  if (known === undefined) arrays.set(table, (known = array(table, "float32")));
  return known;
}
