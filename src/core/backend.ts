import type { TypedArray } from "./dtype.ts";
import { BackendError, nearest } from "./errors.ts";
import type { ClosedJaxpr } from "./jaxpr.ts";
import type { AnyPrimitive } from "./primitive.ts";
import type { Aval, NDArray } from "./value.ts";

/** Data of one array, wherever its backend keeps it. */
export interface Buffer {
  /**
   * The elements, row by row; the caller must not write to them.
   * @throws BackendError when the backend cannot read synchronously (use `await array.read()`).
   */
  read(): TypedArray;
}

/** Data that lives in ordinary memory. */
export class HostBuffer implements Buffer {
  /** The same data as a backend keeps it: for that backend, to find it again. */
  mirror: Buffer | null = null;
  constructor(readonly data: TypedArray) {}
  read(): TypedArray {
    return this.data;
  }
}

/** A compiled program. */
export interface Executable {
  execute(inputs: readonly Buffer[]): Buffer[];
}

export interface CompileOptions {
  /** What messages call the program: the name of the function that it is of. */
  readonly name?: string;
  /** Which inputs nobody uses after a call: the program may overwrite them. None if not given. */
  readonly donated?: readonly boolean[] | null;
}

/** Runs programs. Whatever it cannot do for a dtype it refuses by name. */
export interface Backend {
  readonly name: string;
  /** Resolves once the backend can run. */
  ready(): Promise<void>;
  /** One primitive on concrete operands: eager evaluation. */
  apply(
    primitive: AnyPrimitive,
    operands: readonly NDArray[],
    params: object,
    outs: readonly Aval[],
  ): Buffer[];
  /**
   * Consts are part of the program; the inputs are the jaxpr's invars. Equations with effects run in the order of the
   * program, each as often as it says; those whose primitive has a `host` rule call it (`callHost`).
   */
  compile(program: ClosedJaxpr, options?: CompileOptions): Executable;
}

const backends = new Map<string, Backend>();
let current: Backend | undefined;

/** Makes a backend known; the first one becomes the default. */
export function defineBackend(backend: Backend): Backend {
  backends.set(backend.name, backend);
  current ??= backend;
  return backend;
}

/** The backend that runs what is called now. */
export function currentBackend(): Backend {
  if (current === undefined)
    throw new BackendError(
      "backend/none",
      "no backend is registered: import cotangent through one of its entry points",
    );
  return current;
}

/**
 * Chooses the backend by name, from now on.
 * @throws BackendError when no backend has that name.
 */
export function setBackend(name: string): void {
  const backend = backends.get(name);
  if (backend === undefined) {
    const near = nearest(name, backends.keys());
    throw new BackendError(
      "backend/unknown",
      `there is no backend "${name}"${near ? `; did you mean "${near}"?` : ""}; known: ${[...backends.keys()].join(", ")}`,
    );
  }
  current = backend;
}
