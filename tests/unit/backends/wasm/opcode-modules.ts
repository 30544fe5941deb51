import type { Code } from "../../../../src/backends/wasm/code.ts";
import { ModuleBuilder } from "../../../../src/backends/wasm/encoder.ts";
import {
  type AtomicOpcode,
  type LaneOpcode,
  type LoadOpcode,
  type Opcode,
  opcodes,
  type PlainOpcode,
  type StoreOpcode,
} from "../../../../src/backends/wasm/opcodes.ts";

/** Every instruction. */
export const names = Object.keys(opcodes) as Opcode[];

/** A body for each instruction whose type its name does not say, or whose immediates are of their own kind. */
export const programs: Partial<Record<Opcode, (code: Code) => void>> = {
  unreachable: (code) => code.op("unreachable"),
  nop: (code) => code.op("nop"),
  return: (code) => code.return(),
  drop: (code) => code.i32Const(0).op("drop"),
  select: (code) => code.f32Const(0).f32Const(1).i32Const(0).op("select").op("drop"),
  block: (code) => code.block("v128").v128Const(Array(16).fill(0)).end().op("drop"),
  loop: (code) => code.loop().end(),
  if: (code) => code.i32Const(0).if().end(),
  else: (code) => code.i32Const(0).if("i64").i64Const(1n).else().i64Const(0n).end().op("drop"),
  end: (code) => code.block().end(),
  br: (code) => code.br(0),
  br_if: (code) => code.i32Const(0).brIf(0),
  br_table: (code) => code.block().i32Const(0).brTable([0, 1], 0).end(),
  call: (code) => code.call(0),
  call_indirect: (code) => code.i32Const(0).callIndirect([], []),
  "local.get": (code) => code.localGet(code.local("f64")).op("drop"),
  "local.set": (code) => code.f64Const(1).localSet(code.local("f64")),
  "local.tee": (code) => code.f64Const(1).localTee(code.local("f64")).op("drop"),
  "global.get": (code) => code.globalGet(0).op("drop"),
  "global.set": (code) => code.i32Const(1).globalSet(0),
  "i32.const": (code) => code.i32Const(1).op("drop"),
  "i64.const": (code) => code.i64Const(1n).op("drop"),
  "f32.const": (code) => code.f32Const(1).op("drop"),
  "f64.const": (code) => code.f64Const(1).op("drop"),
  "v128.const": (code) => code.v128Const(Array(16).fill(0)).op("drop"),
};

/** A module with one function for each of `instructions`: from parameters to results as its row says. */
export function moduleOf(instructions: readonly Opcode[]): Uint8Array {
  const module = new ModuleBuilder();
  module.importMemory("host", "memory", { initial: 1, maximum: 1, shared: true });
  const imported = module.importFunction("host", "f", [], []);
  module.table([imported]);
  module.global("i32", true);
  for (const name of instructions) {
    const program = programs[name];
    const type = opcodes[name].type;
    if (program) module.function([], [], program, name);
    else if (type) module.function(type.params, type.results, (code) => write(code, name), name);
  }
  return module.finish();
}

function write(code: Code, name: Opcode): void {
  code.type.params.forEach((_, i) => code.localGet(i));
  if (name === "i8x16.shuffle") code.shuffle(Array.from({ length: 16 }, (_, i) => 2 * i));
  else if (name.startsWith("v128.load") && name.endsWith("_lane"))
    code.loadLane(name as "v128.load8_lane", 1);
  else if (name.startsWith("v128.store") && name.endsWith("_lane"))
    code.storeLane(name as "v128.store8_lane", 1);
  else if (/_lane(_[su])?$/.test(name)) code.lane(name as LaneOpcode, 1);
  else if (opcodes[name].width === 0) code.op(name as PlainOpcode);
  else if (name.includes("atomic")) code.atomic(name as AtomicOpcode);
  else if (name.includes(".load")) code.load(name as LoadOpcode);
  else code.store(name as StoreOpcode);
}
