import { BackendError } from "../../core/errors.ts";
import { Bytes } from "./bytes.ts";
import { Code, valType } from "./code.ts";
import type { FunctionType, ValType } from "./opcodes.ts";

/** Sizes of a memory, in pages of 64 KiB. */
export interface MemoryLimits {
  readonly initial: number;
  readonly maximum?: number;
  /** Whether threads share it: then it has a `maximum`. */
  readonly shared?: boolean;
}

/** What a declared function is, and once it is defined its body. */
interface Declared {
  readonly type: FunctionType;
  body: Bytes | null;
}

const MAGIC = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const SECTION = { type: 1, import: 2, function: 3, table: 4, global: 6, export: 7, element: 9, code: 10 };
const FUNCTION = 0x00;
const MEMORY = 0x02;
const FUNCREF = 0x70;

/**
 * A module of WebAssembly as it is put together: imports, then functions, tables and globals in any order.
 * @see https://webassembly.github.io/spec/core/binary/modules.html
 */
export class ModuleBuilder {
  readonly #types = new Entries();
  readonly #typeIndices = new Map<string, number>();
  readonly #imports = new Entries();
  readonly #tables = new Entries();
  readonly #elements = new Entries();
  readonly #globals = new Entries();
  readonly #exports = new Entries();
  readonly #functions: Declared[] = [];
  #importedFunctions = 0;

  /** Imports memory 0. @throws BackendError it is `shared` and has no `maximum`. */
  importMemory(module: string, name: string, { initial, maximum, shared = false }: MemoryLimits): void {
    if (shared && maximum === undefined)
      throw new BackendError(
        "backend/wasm-memory",
        `shared memory ${module}.${name} needs a maximum of pages`,
      );
    const out = this.#import(module, name, MEMORY);
    out.byte((maximum === undefined ? 0 : 1) | (shared ? 2 : 0));
    out.u32(initial);
    if (maximum !== undefined) out.u32(maximum);
  }

  /** Index of an imported function. @throws BackendError a function of the module's own has that index already. */
  importFunction(
    module: string,
    name: string,
    params: readonly ValType[],
    results: readonly ValType[],
  ): number {
    if (this.#functions.length > 0)
      throw new BackendError(
        "backend/wasm-imports",
        `${module}.${name} is imported after functions were declared`,
      );
    this.#import(module, name, FUNCTION).u32(this.#typeIndex({ params, results }));
    return this.#importedFunctions++;
  }

  /** Index of a function that `body` writes; `exportName` exports it. */
  function(
    params: readonly ValType[],
    results: readonly ValType[],
    body: (code: Code) => void,
    exportName?: string,
  ): number {
    const index = this.declare(params, results, exportName);
    this.define(index, body);
    return index;
  }

  /** Index of a function that `define` will write, and that others may call before. */
  declare(params: readonly ValType[], results: readonly ValType[], exportName?: string): number {
    const index =
      this.#importedFunctions + this.#functions.push({ type: { params, results }, body: null }) - 1;
    if (exportName !== undefined) {
      const out = this.#exports.add();
      out.name(exportName);
      out.byte(FUNCTION);
      out.u32(index);
    }
    return index;
  }

  /** Writes a declared function. @throws BackendError it is imported, unknown or written already. */
  define(index: number, body: (code: Code) => void): void {
    const declared = this.#functions[index - this.#importedFunctions];
    if (!declared || declared.body)
      throw new BackendError(
        "backend/wasm-function",
        `function ${index} is ${declared ? "defined already" : "not declared"}`,
      );
    const code = new Code(declared.type, (type) => this.#typeIndex(type));
    body(code);
    declared.body = code.finish();
  }

  /** Index of a table of functions, for `callIndirect`: by their places in `functions`. */
  table(functions: readonly number[]): number {
    const index = this.#tables.count;
    const table = this.#tables.add();
    table.byte(FUNCREF);
    table.byte(1); // a minimum and a maximum
    table.u32(functions.length);
    table.u32(functions.length);
    const out = this.#elements.add();
    out.u32(2); // into a table of any index
    out.u32(index);
    constant(out, "i32", 0);
    out.byte(0); // functions, by index
    out.u32(functions.length);
    for (const each of functions) out.u32(each);
    return index;
  }

  /** Index of a global with its first value, zero unless given. */
  global(type: Exclude<ValType, "v128">, mutable: boolean, init: number | bigint = 0): number {
    const out = this.#globals.add();
    out.byte(valType(type));
    out.byte(mutable ? 1 : 0);
    constant(out, type, init);
    return this.#globals.count - 1;
  }

  /** The module's bytes. @throws BackendError a declared function was not defined. */
  finish(): Uint8Array {
    const functions = new Entries();
    const code = new Entries();
    this.#functions.forEach(({ type, body }, i) => {
      if (!body)
        throw new BackendError(
          "backend/wasm-function",
          `function ${this.#importedFunctions + i} is not defined`,
        );
      functions.add().u32(this.#typeIndex(type));
      code.add().sized(body.view());
    });
    const out = new Bytes();
    out.raw(MAGIC);
    this.#types.write(out, SECTION.type);
    this.#imports.write(out, SECTION.import);
    functions.write(out, SECTION.function);
    this.#tables.write(out, SECTION.table);
    this.#globals.write(out, SECTION.global);
    this.#exports.write(out, SECTION.export);
    this.#elements.write(out, SECTION.element);
    code.write(out, SECTION.code);
    return out.view().slice();
  }

  #import(module: string, name: string, kind: number): Bytes {
    const out = this.#imports.add();
    out.name(module);
    out.name(name);
    out.byte(kind);
    return out;
  }

  #typeIndex({ params, results }: FunctionType): number {
    const key = `${params.join()}:${results.join()}`;
    const known = this.#typeIndices.get(key);
    if (known !== undefined) return known;
    this.#typeIndices.set(key, this.#types.count);
    const out = this.#types.add();
    out.byte(0x60);
    out.sized(params.map(valType));
    out.sized(results.map(valType));
    return this.#types.count - 1;
  }
}

/** The entries of one section, one after another. */
class Entries {
  readonly #bytes = new Bytes();
  count = 0;

  /** Where the next entry is to be written. */
  add(): Bytes {
    this.count += 1;
    return this.#bytes;
  }

  write(out: Bytes, section: number): void {
    if (this.count === 0) return;
    const count = new Bytes();
    count.u32(this.count);
    out.byte(section);
    out.u32(count.length + this.#bytes.length);
    out.raw(count.view());
    out.raw(this.#bytes.view());
  }
}

/** A constant as the expression that a section has: an instruction and an end. */
function constant(out: Bytes, type: Exclude<ValType, "v128">, value: number | bigint): void {
  const code = new Code({ params: [], results: [type] }, () => 0);
  if (type === "i64") code.i64Const(BigInt(value));
  else if (type === "i32") code.i32Const(Number(value));
  else if (type === "f32") code.f32Const(Number(value));
  else code.f64Const(Number(value));
  out.raw(code.finish().view().subarray(1)); // after the number of its locals
}
