/** What the benchmarks call of jax-js, which is installed only for them. Every function consumes the arrays it is given. */
declare module "@jax-js/jax" {
  export interface JaxArray {
    readonly shape: number[];
    /** The array with one more owner. */
    readonly ref: JaxArray;
    reshape(shape: number[]): JaxArray;
    transpose(axes?: number[]): JaxArray;
    add(other: JaxArray | number): JaxArray;
    sub(other: JaxArray | number): JaxArray;
    mul(other: JaxArray | number): JaxArray;
    div(other: JaxArray | number): JaxArray;
    sum(axis?: number): JaxArray;
    dispose(): void;
  }
  type Arrays = readonly JaxArray[];
  type Leaves = JaxArray | { readonly [key: string]: Leaves } | readonly Leaves[];

  export function init(...devices: string[]): Promise<string[]>;
  export function defaultDevice(device?: string): string;
  export function blockUntilReady<T extends Leaves>(x: T): Promise<T>;
  export function jit<A extends readonly Leaves[], R extends Leaves>(f: (...args: A) => R): (...args: A) => R;
  export function grad<A extends readonly [Leaves, ...Leaves[]]>(
    f: (...args: A) => JaxArray,
  ): (...args: A) => A[0];
  export function valueAndGrad<A extends readonly [Leaves, ...Leaves[]]>(
    f: (...args: A) => JaxArray,
  ): (...args: A) => [JaxArray, A[0]];
  export function vmap<A extends Arrays>(f: (...args: A) => JaxArray): (...args: A) => JaxArray;
  export const tree: {
    ref<T extends Leaves>(x: T): T;
    dispose(x: Leaves): void;
  };
  export const nn: {
    relu(x: JaxArray): JaxArray;
    softmax(x: JaxArray, axis: number): JaxArray;
    logSoftmax(x: JaxArray, axis: number): JaxArray;
  };
  export const lax: {
    conv(x: JaxArray, w: JaxArray, strides: number[], padding: "SAME" | "VALID"): JaxArray;
    linalg: { cholesky(x: JaxArray): JaxArray };
  };
  export const numpy: {
    array(data: Float32Array | Int32Array): JaxArray;
    eye(n: number): JaxArray;
    take(x: JaxArray, indices: JaxArray, axis: number): JaxArray;
    sort(x: JaxArray): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    tanh(x: JaxArray): JaxArray;
    exp(x: JaxArray): JaxArray;
    sin(x: JaxArray): JaxArray;
    sqrt(x: JaxArray): JaxArray;
    square(x: JaxArray): JaxArray;
    sum(x: JaxArray, axis?: number | null, options?: { keepdims?: boolean }): JaxArray;
    mean(x: JaxArray, axis?: number | null, options?: { keepdims?: boolean }): JaxArray;
  };
}
