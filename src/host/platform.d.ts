// The few globals, common to Node and browsers, that src may use: it is compiled without Node's and the DOM's types.

interface Console {
  debug(...data: unknown[]): void;
  error(...data: unknown[]): void;
  info(...data: unknown[]): void;
  log(...data: unknown[]): void;
  warn(...data: unknown[]): void;
}
declare var console: Console;

interface Performance {
  now(): number;
}
declare var performance: Performance;

interface TextEncoder {
  encode(input?: string): Uint8Array;
}
declare var TextEncoder: { new (): TextEncoder };

interface TextDecoder {
  decode(input?: ArrayBuffer | ArrayBufferView): string;
}
declare var TextDecoder: {
  new (label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }): TextDecoder;
};

declare function atob(data: string): string;
declare function btoa(data: string): string;

declare namespace WebAssembly {
  interface Module {}
  var Module: {
    new (bytes: ArrayBuffer | ArrayBufferView): Module;
    imports(module: Module): { readonly module: string; readonly name: string; readonly kind: string }[];
  };

  type Imports = Record<string, Record<string, Memory | ((...values: never[]) => unknown)>>;
  interface Instance {
    readonly exports: Record<string, unknown>;
  }
  var Instance: { new (module: Module, imports?: Imports): Instance };

  interface Memory {
    readonly buffer: ArrayBuffer | SharedArrayBuffer;
    grow(pages: number): number;
  }
  var Memory: { new (limits: { initial: number; maximum?: number; shared?: boolean }): Memory };

  var RuntimeError: { new (message?: string): Error };

  function validate(bytes: ArrayBuffer | ArrayBufferView): boolean;
}
