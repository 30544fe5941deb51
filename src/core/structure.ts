import { type Atom, ClosedJaxpr, Literal, type Var } from "./jaxpr.ts";
import { sameAval } from "./value.ts";

// Params and literals as keys of tables: a hash, and full equality where hashes agree.

const identities = new WeakMap<object, number>();
let identityCount = 0;
/** A number for an object that is only ever equal to itself. */
function identityOf(x: object): number {
  let id = identities.get(x);
  if (id === undefined) identities.set(x, (id = ++identityCount));
  return id;
}

const mix = (hash: number, x: number): number => Math.imul(hash ^ x, 0x9e3779b1) ^ (hash >>> 15);

function hashText(text: string): number {
  let hash = text.length;
  for (let i = 0; i < text.length; i++) hash = mix(hash, text.charCodeAt(i));
  return hash;
}

const float = new Float64Array(1);
const words = new Int32Array(float.buffer);
function hashNumber(x: number): number {
  if (Number.isNaN(x)) return 6;
  float[0] = x;
  return mix(words[0]!, words[1]!);
}

/** Arrays and plain objects are compared by what they hold, programs by what they do, everything else by identity. */
const isStructure = (x: object): boolean => {
  if (Array.isArray(x)) return true;
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === Object.prototype || prototype === null;
};

/** Equal for values that `sameStructure` says are equal. */
export function hashStructure(x: unknown): number {
  switch (typeof x) {
    case "number":
      return hashNumber(x);
    case "string":
      return hashText(x);
    case "boolean":
      return x ? 1 : 2;
    case "bigint":
      return hashText(String(x));
    case "function":
      return identityOf(x);
    case "object": {
      if (x === null) return 3;
      if (x instanceof ClosedJaxpr) return hashProgram(x);
      if (!isStructure(x)) return identityOf(x);
      let hash = 5;
      if (Array.isArray(x)) for (const item of x) hash = mix(hash, hashStructure(item));
      // The order of an object's keys does not matter.
      else
        for (const [key, value] of Object.entries(x))
          if (value !== undefined) hash = (hash + mix(hashText(key), hashStructure(value))) | 0;
      return hash;
    }
    default:
      return 4;
  }
}

/** Of the operations in their order and their numbers, not of params: nested programs cost no stack. */
function hashProgram({ jaxpr: { invars, eqns, outvars } }: ClosedJaxpr): number {
  let hash = hashAll([invars.length, outvars.length]);
  for (const { primitive, inputs } of eqns) {
    hash = mix(hash, identityOf(primitive));
    for (const x of inputs) hash = mix(hash, x instanceof Literal ? hashStructure(x.value.storage[0]) : 8);
  }
  return hash;
}

/** Equal dtype, weakness and bits. */
export function sameLiteral(a: Literal, b: Literal): boolean {
  if (a === b) return true;
  if (!sameAval(a.aval, b.aval)) return false;
  const [x, y] = [a.value.storage, b.value.storage];
  for (let i = 0; i < x.length; i++) if (!Object.is(x[i], y[i])) return false;
  return true;
}

/** Whether programs do the same with the same constants, whatever their variables are and wherever they come from. */
function sameProgram(a: ClosedJaxpr, b: ClosedJaxpr): boolean {
  const counterparts = new Map<Var, Var>();
  const define = (xs: readonly Var[], ys: readonly Var[]): boolean =>
    xs.length === ys.length &&
    xs.every((x, i) => {
      counterparts.set(x, ys[i]!);
      return sameAval(x.aval, ys[i]!.aval);
    });
  const sameAtoms = (xs: readonly Atom[], ys: readonly Atom[]): boolean =>
    xs.length === ys.length &&
    xs.every((x, i) => {
      const y = ys[i]!;
      if (!(x instanceof Literal)) return counterparts.get(x) === y;
      return y instanceof Literal && sameLiteral(x, y);
    });
  const [p, q] = [a.jaxpr, b.jaxpr];
  return (
    sameStructure(a.consts, b.consts) &&
    define(p.constvars, q.constvars) &&
    define(p.invars, q.invars) &&
    p.eqns.length === q.eqns.length &&
    p.eqns.every((eqn, i) => {
      const other = q.eqns[i]!;
      return (
        eqn.primitive === other.primitive &&
        sameAtoms(eqn.inputs, other.inputs) &&
        sameStructure(eqn.params, other.params) &&
        define(eqn.outputs, other.outputs)
      );
    }) &&
    sameAtoms(p.outvars, q.outvars)
  );
}

/**
 * Deep equality of plain data and of programs, with `Object.is` for all else: -0 is not 0, NaN is NaN. Programs are the
 * same if they do the same operations, to the param, in the same order, with the same constants.
 */
export function sameStructure(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof ClosedJaxpr) return b instanceof ClosedJaxpr && sameProgram(a, b);
  if (!isStructure(a) || !isStructure(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => sameStructure(item, b[i]));
  const [left, right] = [a, b] as Record<string, unknown>[] as [
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  const names = Object.keys(left).filter((name) => left[name] !== undefined);
  const count = Object.values(right).filter((value) => value !== undefined).length;
  return names.length === count && names.every((name) => sameStructure(left[name], right[name]));
}

/** A map from keys that are hashed by the caller and compared in full. */
export class StructureMap<K, V> {
  private readonly buckets = new Map<number, [key: K, value: V][]>();
  constructor(private readonly same: (a: K, b: K) => boolean) {}

  get(hash: number, key: K): V | undefined {
    return this.buckets.get(hash)?.find(([known]) => this.same(known, key))?.[1];
  }
  set(hash: number, key: K, value: V): void {
    const bucket = this.buckets.get(hash);
    if (bucket) bucket.push([key, value]);
    else this.buckets.set(hash, [[key, value]]);
  }
}

/** Combines hashes, in order. */
export const hashAll = (hashes: readonly number[]): number => hashes.reduce(mix, 7);
