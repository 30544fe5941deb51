/** Bytes that grow at their end, with the encodings of WebAssembly's binary format. */
export class Bytes {
  #data = new Uint8Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written so far: a view, which later writes may leave behind. */
  view(): Uint8Array {
    return this.#data.subarray(0, this.#length);
  }

  byte(value: number): void {
    if (this.#length === this.#data.length) this.#reserve(1);
    this.#data[this.#length++] = value;
  }

  /** Appends `bytes` as they are. */
  raw(bytes: ArrayLike<number>): void {
    this.#reserve(bytes.length);
    this.#data.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /**
   * LEB128 of an integer in `[0, 2³²)`.
   * @throws RangeError `value` is another number.
   * @see https://webassembly.github.io/spec/core/binary/values.html#integers
   */
  u32(value: number): void {
    if (value >>> 0 !== value) throw new RangeError(`${value} is no unsigned integer of 32 bits`);
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }

  /**
   * Signed LEB128 of an integer in `[-2³¹, 2³²)`; from 2³¹ on it is that with the same 32 bits.
   * @throws RangeError `value` is another number.
   */
  s32(value: number): void {
    if ((value | 0) !== value && value >>> 0 !== value) throw new RangeError(`${value} has no 32 bits`);
    let rest = value | 0;
    for (; rest < -0x40 || rest > 0x3f; rest >>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest & 0x7f);
  }

  /**
   * Signed LEB128 of an integer in `[-2⁶³, 2⁶⁴)`; from 2⁶³ on it is that with the same 64 bits.
   * @throws RangeError `value` is another number.
   */
  s64(value: bigint): void {
    let rest = BigInt.asIntN(64, value);
    if (rest !== value && BigInt.asUintN(64, value) !== value)
      throw new RangeError(`${value} has no 64 bits`);
    for (; rest < -0x40n || rest > 0x3fn; rest >>= 7n) this.byte(Number(rest & 0x7fn) | 0x80);
    this.byte(Number(rest & 0x7fn));
  }

  /** The low `count` bytes of `bits`, the lowest first. */
  little(bits: bigint, count: number): void {
    for (let i = 0; i < count; i++) this.byte(Number((bits >> BigInt(8 * i)) & 0xffn));
  }

  /** A string as its length and its bytes in UTF-8. */
  name(text: string): void {
    this.sized(new TextEncoder().encode(text));
  }

  /** Bytes after their number. */
  sized(bytes: ArrayLike<number>): void {
    this.u32(bytes.length);
    this.raw(bytes);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#data.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#data.length));
    grown.set(this.#data.subarray(0, this.#length));
    this.#data = grown;
  }
}
