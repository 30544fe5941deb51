// What src/host uses of Node: the library is compiled without Node's types, and tests with them.

declare module "node:crypto" {
  export function randomUUID(): string;
}

declare module "node:fs" {
  export function closeSync(file: number): void;
  export function existsSync(path: string): boolean;
  export function fstatSync(file: number): { readonly size: number; isFile(): boolean };
  export function fsyncSync(file: number): void;
  export function mkdirSync(path: string, options: { recursive: true }): void;
  export function openSync(path: string, flags: "r" | "wx"): number;
  export function readSync(file: number, into: Uint8Array, at: number, length: number, from: number): number;
  export function realpathSync(path: string): string;
  export function renameSync(from: string, to: string): void;
  export function rmSync(path: string, options: { force: true }): void;
  export function writeSync(file: number, from: Uint8Array, at: number): number;
}

declare module "node:os" {
  export function availableParallelism(): number;
}

declare module "node:path" {
  export function dirname(path: string): string;
}

declare module "node:process" {
  export const platform: string;
  export const stdout: { readonly isTTY?: boolean; write(text: string): boolean };
}

declare module "node:v8" {
  export function setFlagsFromString(flags: string): void;
}

declare module "node:vm" {
  export function createContext(object: object, options: { microtaskMode: "afterEvaluate" }): object;
  export function runInNewContext(code: string): unknown;
  export class Script {
    constructor(code: string);
    runInContext(context: object): unknown;
  }
}

declare module "node:worker_threads" {
  export class Worker {
    constructor(source: string, options: { eval: true; execArgv: string[] });
    on(event: "message", listener: (data: unknown) => void): this;
    on(event: "error", listener: (error: unknown) => void): this;
    on(event: "exit", listener: (code: number) => void): this;
    postMessage(message: unknown): void;
    terminate(): Promise<number>;
    unref(): void;
  }
}
