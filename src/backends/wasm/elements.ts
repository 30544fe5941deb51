import { type Storage, storageBytes } from "../../compiler/kernel/expression.ts";
import type { Code } from "./code.ts";
import { lanesBytes } from "./lanes.ts";
import type { LoadOpcode, StoreOpcode } from "./opcodes.ts";

// Elements of arrays, to and from what they are inside a kernel.

const scalarLoads: Readonly<Record<Storage, LoadOpcode>> = {
  i8: "i32.load8_s",
  u8: "i32.load8_u",
  bool: "i32.load8_u",
  i16: "i32.load16_s",
  u16: "i32.load16_u",
  i32: "i32.load",
  i64: "i64.load",
  f32: "f32.load",
  f64: "f64.load",
};
const scalarStores: Readonly<Record<Storage, StoreOpcode>> = {
  i8: "i32.store8",
  u8: "i32.store8",
  bool: "i32.store8",
  i16: "i32.store16",
  u16: "i32.store16",
  i32: "i32.store",
  i64: "i64.store",
  f32: "f32.store",
  f64: "f64.store",
};

/** An element. The address is on the stack. */
export function loadElement(code: Code, storage: Storage, offset: number): void {
  code.load(scalarLoads[storage], { offset });
  if (storage === "bool") code.i32Const(0).op("i32.ne");
}

/** `lanes` elements in a row; what is behind them in memory is not read. The address is on the stack. */
export function loadElements(code: Code, storage: Storage, offset: number, lanes: number): void {
  const bytes = lanes * storageBytes[storage];
  const align = storageBytes[storage];
  if (bytes === 16) code.load("v128.load", { offset, align });
  else if (bytes === 8) code.load("v128.load64_zero", { offset, align });
  else if (bytes === 4) code.load("v128.load32_zero", { offset, align });
  else {
    const address = code.local("i32");
    const vector = code.local("v128");
    code.localSet(address).v128Const(new Uint8Array(16)).localSet(vector);
    for (const { from, size } of piecesOf(bytes)) {
      code.localGet(address).localGet(vector);
      const place = { offset: offset + from, align: Math.min(size, align) };
      code.loadLane(`v128.load${bitsOf[size]}_lane`, from / size, place).localSet(vector);
    }
    code.localGet(vector);
  }
  switch (storage) {
    case "i8":
      code.op("i16x8.extend_low_i8x16_s").op("i32x4.extend_low_i16x8_s");
      return;
    case "u8":
      code.op("i16x8.extend_low_i8x16_u").op("i32x4.extend_low_i16x8_u");
      return;
    case "bool":
      code.op("i16x8.extend_low_i8x16_u").op("i32x4.extend_low_i16x8_u");
      code.v128Const(new Uint8Array(16)).op("i32x4.ne");
      return;
    case "i16":
      code.op("i32x4.extend_low_i16x8_s");
      return;
    case "u16":
      code.op("i32x4.extend_low_i16x8_u");
      return;
    default:
  }
}

/** Writes an element. The address and the value are on the stack. */
export const storeElement = (code: Code, storage: Storage, offset: number): void =>
  void code.store(scalarStores[storage], { offset });

/** Writes `lanes` elements in a row. The address and the vector are on the stack. */
export function storeElements(code: Code, storage: Storage, offset: number, lanes: number): void {
  const align = storageBytes[storage];
  if (storage === "bool") code.v128Const(lanesBytes([1, 1, 1, 1], "i32")).op("v128.and");
  if (storageBytes[storage] === 1) code.v128Const(narrow(1)).op("i8x16.swizzle");
  else if (storageBytes[storage] === 2) code.v128Const(narrow(2)).op("i8x16.swizzle");
  const bytes = lanes * storageBytes[storage];
  if (bytes === 16) {
    code.store("v128.store", { offset, align });
    return;
  }
  const address = code.local("i32");
  const value = code.local("v128");
  code.localSet(value).localSet(address);
  for (const { from, size } of piecesOf(bytes)) {
    code.localGet(address).localGet(value);
    const place = { offset: offset + from, align: Math.min(size, align) };
    code.storeLane(`v128.store${bitsOf[size]}_lane`, from / size, place);
  }
}

/** The bits of what a lane is moved as, by its bytes. */
const bitsOf = { 8: 64, 4: 32, 2: 16, 1: 8 } as const;
const sizes = [8, 4, 2, 1] as const;

/** The first bytes of a vector, in as few pieces as lanes can be moved in. */
function piecesOf(bytes: number): { readonly from: number; readonly size: keyof typeof bitsOf }[] {
  const pieces = [];
  for (let from = 0; from < bytes;) {
    const size = sizes.find((n) => n <= bytes - from && from % n === 0)!;
    pieces.push({ from, size });
    from += size;
  }
  return pieces;
}

/** For each of four lanes, its first bytes. */
const narrow = (bytes: number): number[] =>
  Array.from({ length: 16 }, (_, i) => (i < 4 * bytes ? 4 * Math.floor(i / bytes) + (i % bytes) : 0x80));
