/** Bits of the longest code. */
const LONGEST = 15;
/** Codes of lengths come in this order. */
const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** What symbols for lengths and distances stand for: a base, and the bits to be added to it. */
interface Steps {
  readonly base: readonly number[];
  readonly bits: readonly number[];
}
function steps(start: number, bits: readonly number[]): Steps {
  const base = bits.map((_, i) => bits.slice(0, i).reduce((sum, count) => sum + 2 ** count, start));
  return { base, bits };
}
/** `[0, 0, 1, 1, 2, 2, …]`: so many counts, each `times` times, after `plain` zeros. */
const growing = (plain: number, times: number, size: number): number[] =>
  Array.from({ length: size }, (_, i) => (i < plain ? 0 : Math.floor((i - plain) / times) + 1));
const lengths = steps(3, growing(8, 4, 28));
const distances = steps(1, growing(4, 2, 30));

/** For the next bits, as many as the longest code has, the symbol whose code they begin with, times 16, and the length of the code; 0 where there is none. */
type Codes = Uint16Array;

/** The canonical code of the given lengths; null where they have room for fewer symbols. */
function codesOf(sizes: ArrayLike<number>): Codes | null {
  let longest = 0;
  for (let symbol = 0; symbol < sizes.length; symbol++) longest = Math.max(longest, sizes[symbol]!);
  const codes = new Uint16Array(2 ** longest);
  let code = 0;
  for (let size = 1; size <= longest; size++) {
    for (let symbol = 0; symbol < sizes.length; symbol++) {
      if (sizes[symbol] !== size) continue;
      if (code >= 2 ** size) return null;
      let reversed = 0;
      for (let bit = 0; bit < size; bit++) reversed |= ((code >> bit) & 1) << (size - 1 - bit);
      for (let at = reversed; at < codes.length; at += 2 ** size) codes[at] = (symbol << 4) | size;
      code++;
    }
    code *= 2;
  }
  return codes;
}

type BothCodes = readonly [symbols: Codes, distances: Codes];
let fixed: BothCodes | undefined;
/** The codes of parts that have none of their own. */
function fixedCodes(): BothCodes {
  const sizeOf = (symbol: number): number => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8);
  const sizes = Array.from({ length: 288 }, (_, symbol) => sizeOf(symbol));
  return (fixed = [codesOf(sizes)!, codesOf(new Array<number>(30).fill(5))!]);
}

/**
 * The `size` bytes that were compressed to `bytes`. Whatever those are, no more memory than `size` is taken.
 *
 * @throws whatever `refuse` does, which is told what is wrong.
 * @see https://www.rfc-editor.org/rfc/rfc1951
 */
export function inflate(bytes: Uint8Array, size: number, refuse: (what: string) => never): Uint8Array {
  const out = new Uint8Array(size);
  let filled = 0;
  let at = 0;
  /** Bits that were read and not used, the next one lowest. */
  let held = 0;
  let count = 0;

  /** Has `n` bits at hand, beyond the end zeros. */
  const hold = (n: number): void => {
    for (; count < n; count += 8) held |= (bytes[at++] ?? 0) << count;
  };
  const drop = (n: number): void => {
    held >>>= n;
    count -= n;
    if (at - (count >> 3) > bytes.length) refuse("it ends too soon");
  };
  const take = (n: number): number => {
    hold(n);
    const value = held & (2 ** n - 1);
    drop(n);
    return value;
  };
  const symbol = (codes: Codes): number => {
    hold(LONGEST);
    const found = codes[held & (codes.length - 1)]!;
    if (found === 0) refuse("it has bits that are no code");
    drop(found & 15);
    return found >> 4;
  };
  const room = (n: number): void => {
    if (filled + n > size) refuse(`it holds more than the ${size} bytes that it should`);
  };

  const stored = (): void => {
    drop(count & 7);
    const length = take(16);
    if (take(16) !== (length ^ 0xffff)) refuse("the length of a part is wrong");
    room(length);
    // Whole bytes that are held were not used.
    at -= count >> 3;
    held = count = 0;
    if (at + length > bytes.length) refuse("it ends too soon");
    out.set(bytes.subarray(at, at + length), filled);
    at += length;
    filled += length;
  };
  const ownCodes = (): BothCodes => {
    const [symbols, far, own] = [take(5) + 257, take(5) + 1, take(4) + 4];
    const sizes = new Uint8Array(19);
    for (let i = 0; i < own; i++) sizes[lengthOrder[i]!] = take(3);
    const codes = codesOf(sizes) ?? refuse("its codes are too many");
    const all: number[] = [];
    while (all.length < symbols + far) {
      const next = symbol(codes);
      if (next < 16) all.push(next);
      else if (next === 16 && all.length === 0) refuse("it repeats a length before the first");
      else {
        const [value, times] =
          next === 16 ? [all.at(-1)!, take(2) + 3] : next === 17 ? [0, take(3) + 3] : [0, take(7) + 11];
        for (let i = 0; i < times; i++) all.push(value);
      }
    }
    if (all.length > symbols + far) refuse("it repeats a length too often");
    return [
      codesOf(all.slice(0, symbols)) ?? refuse("its codes are too many"),
      codesOf(all.slice(symbols)) ?? refuse("its codes are too many"),
    ];
  };
  const coded = ([symbols, far]: BothCodes): void => {
    for (;;) {
      const next = symbol(symbols);
      if (next === 256) return;
      if (next < 256) {
        room(1);
        out[filled++] = next;
        continue;
      }
      if (next > 285) refuse("it has a length that there is not");
      const length = next === 285 ? 258 : lengths.base[next - 257]! + take(lengths.bits[next - 257]!);
      const step = symbol(far);
      if (step >= distances.base.length) refuse("it has a distance that there is not");
      const distance = distances.base[step]! + take(distances.bits[step]!);
      if (distance > filled) refuse("it copies from before its start");
      room(length);
      // One by one: what is copied may overlap what it is copied to.
      for (const end = filled + length; filled < end; filled++) out[filled] = out[filled - distance]!;
    }
  };

  for (let last = 0; last === 0;) {
    last = take(1);
    const kind = take(2);
    if (kind === 0) stored();
    else if (kind === 1) coded(fixed ?? fixedCodes());
    else if (kind === 2) coded(ownCodes());
    else refuse("it has a part of no kind");
  }
  if (filled < size) refuse(`it holds ${filled} bytes, and should hold ${size}`);
  return out;
}
