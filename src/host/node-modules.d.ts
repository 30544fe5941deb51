// What src/host/node.ts uses of Node: the library is compiled without Node's types, and tests with them.

declare module "node:os" {
  export function availableParallelism(): number;
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
