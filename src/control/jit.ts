import { type Backend, currentBackend, type Executable } from "../core/backend.ts";
import { config, configVersion } from "../core/config.ts";
import { donating } from "../core/donation.ts";
import { ArgumentError } from "../core/errors.ts";
import type { ClosedJaxpr, Jaxpr } from "../core/jaxpr.ts";
import { isChecking } from "../core/numbers.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type Primitive } from "../core/primitive.ts";
import { boundAxes, describe, isEager, type NamedAxis, Tracer } from "../core/trace.ts";
import { type ArrayValue, type Aval, NDArray, sameAval, showAval, type Value } from "../core/value.ts";
import {
  argumentPath,
  arrayLeaf,
  avalsOf,
  type Flat,
  flattenArguments,
  flattenResult,
  toFunction,
} from "../interpreters/arguments.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { isQuaxified, registerVersion } from "../interpreters/quax.ts";
import { hoistConstants, stage } from "../interpreters/stage.ts";
import { sameZero, Zero } from "../interpreters/zero.ts";
import {
  batchOfCall,
  jvpOfCall,
  pruneOfCall,
  quaxifyOfCall,
  rematerialisedCall,
  transposeOfCall,
} from "./call.ts";
import { donatedInputs, type Positions } from "./donated-arguments.ts";
import { positionList, staticPositions, withoutStatics, withStatics } from "./static-arguments.ts";
import { joinOuts, residualsOf, splitJaxpr, transposedJaxpr } from "./transformed-jaxpr.ts";
import type { Traceable } from "../interpreters/signature.ts";
import { setName } from "../core/function-name.ts";

export interface JitParams {
  readonly name: string;
  readonly jaxpr: ClosedJaxpr;
}

/** Which inputs of one program are donated. */
type Donated = readonly boolean[];

/** By what was compiled: a jaxpr, or the mark of one whose inputs are donated. */
const executables = new WeakMap<Jaxpr | Donated, { backend: Backend; executable: Executable }>();
/** The compiled form of a jaxpr on the current backend. */
function executableOf(closed: ClosedJaxpr, name: string, donated: Donated | null): Executable {
  const backend = currentBackend();
  const key = donated ?? closed.jaxpr;
  const known = executables.get(key);
  if (known?.backend === backend) return known.executable;
  const executable = backend.compile(closed, { name, donated });
  executables.set(key, { backend, executable });
  return executable;
}

function run(
  closed: ClosedJaxpr,
  name: string,
  operands: readonly NDArray[],
  donated: Donated | null,
): NDArray[] {
  const outs = executableOf(closed, name, donated).execute(operands.map((x) => x.buffer));
  return outs.map((buffer, i) => new NDArray(closed.jaxpr.outvars[i]!.aval, buffer));
}

/** A call of a jaxpr, compiled as one program. @see `jax._src.pjit.jit_p` */
export const jitPrimitive: Primitive<"jit", readonly ArrayValue[], JitParams> = definePrimitive("jit", {
  params: { name: param.name, jaxpr: param.program },
  abstract: (_avals, { jaxpr }) => jaxpr.outAvals,
  effects: ({ jaxpr }) => jaxpr.jaxpr.effects,
  inline: ({ jaxpr }) => jaxpr,
  prune: pruneOfCall,
  evaluate: (operands, { name, jaxpr }) => run(jaxpr, name, operands as readonly NDArray[], null),
  stepwise: (operands, { jaxpr }) => evaluateJaxpr(jaxpr, operands),
  jvp: (primals, tangents, params) => jvpOfCall(jitPrimitive, primals, tangents, params),
  partialEvaluate: (operands, unknown, { name, jaxpr }, stageEquation) => {
    const split = splitJaxpr(jaxpr, unknown);
    const known = operands.filter((_, i) => !unknown[i]);
    const computed =
      split.known.jaxpr.outvars.length > 0 || split.known.jaxpr.effects.length > 0
        ? jitPrimitive.bind([...split.knownConsts, ...known], { name, jaxpr: split.known })
        : [];
    const waiting = operands.filter((_, i) => unknown[i]);
    const later = stageEquation(jitPrimitive, [...residualsOf(split, known, computed), ...waiting], {
      name,
      jaxpr: split.unknown,
    });
    return joinOuts(split, computed, later);
  },
  rematerialise: (operands, params, policy) => rematerialisedCall(jitPrimitive, operands, params, policy),
  transpose: (cotangents, operands, params) =>
    transposeOfCall(jitPrimitive, transposedJaxpr, cotangents, operands, params),
  batch: (operands, dims, size, params, axis) =>
    batchOfCall(jitPrimitive, operands, dims, size, params, axis),
  quaxify: (values, params) => quaxifyOfCall(jitPrimitive, values, params),
});

export interface JitOptions {
  /** Arguments that are part of the program rather than its input: primitives, functions or frozen objects. */
  readonly staticArgnums?: number | readonly number[];
  /**
   * Arguments whose arrays are not used after the call: the program may compute its results in their memory. Using one
   * throws, on every backend. Under another transformation, which may need them, nothing is donated.
   */
  readonly donateArgnums?: number | readonly number[];
  /** Leave no call behind where the function is traced by another one. */
  readonly inline?: boolean;
}

/** One program of a jitted function, and what has to be the same for it to apply. */
interface Entry {
  readonly version: number;
  /** Derivatives in it may be of structured values. */
  readonly quaxified: boolean;
  /** Named axes that were bound: their sizes, and whether they exist, may be anywhere in the program. */
  readonly axes: readonly NamedAxis[];
  readonly flat: Flat;
  readonly avals: readonly Aval[];
  /** Leaves of the arguments; static ones are compared, the others were arrays. */
  readonly leaves: readonly unknown[];
  readonly statics: readonly unknown[];
  readonly closed: ClosedJaxpr;
  readonly consts: readonly Value[];
  readonly donated: Donated | null;
  readonly out: Flat;
}

/** Programs that one jitted function keeps, the least recently used going first. */
const ENTRIES = 128;

/** Registrations and settings that every program depends on. */
const worldVersion = (): number => registerVersion() * 4096 + configVersion();

const sameStatic = (a: unknown, b: unknown): boolean =>
  Object.is(a, b) || (a instanceof Zero && b instanceof Zero && sameZero(a, b));

const sameAxes = (a: readonly NamedAxis[], b: readonly NamedAxis[]): boolean =>
  a.length === b.length && a.every(({ name, size }, i) => name === b[i]!.name && size === b[i]!.size);

/** Programs by function, so that `jit(f)` anywhere finds what another `jit(f)` compiled. */
const programs = new WeakMap<object, Entry[]>();

/**
 * `f`, compiled: traced once for each signature (trees, shapes, dtypes, static values), then run as one program.
 *
 * Numbers are traced, so a changing learning rate does not compile again; strings, functions, booleans, and numbers
 * inside Modules are static. With `config.explainCacheMisses` each further trace says what differed.
 * @throws ArgumentError when a static argument is mutable, an array is donated that is given twice, or `f` is asynchronous.
 * @example
 * const step = jit((w, x) => np.tanh(np.matmul(w, x)));
 * @see `jax.jit`
 */
export function jit<Args extends unknown[] = ArrayValue[], R = unknown>(
  f: Traceable<Args, R>,
  ...rest: Optionals<[], JitOptions>
): (...args: Args) => R {
  const {
    staticArgnums = [],
    donateArgnums = [],
    inline = false,
  } = readOptions<JitOptions>("jit", ["staticArgnums", "donateArgnums", "inline"], rest);
  const staticList = staticPositions(staticArgnums, "jit");
  const donateList = positionList(donateArgnums, "donateArgnums", "jit", "jit/donate");
  const { name } = toFunction(f, "jit");
  const module = typeof f === "object" ? f : null;
  // A Module is an argument of its own forward: another one of the same class and shapes runs the same program.
  const target = (module ? module.forward : f) as (...args: unknown[]) => unknown;
  const call = module ? (self: unknown, ...args: unknown[]) => target.apply(self, args) : target;
  const shared = staticList.length === 0 && donateList.length === 0 && !inline;
  const entries: Entry[] = (shared ? programs.get(target) : undefined) ?? [];
  if (shared) programs.set(target, entries);
  const scratch: unknown[] = [];

  const jitted = (...given: unknown[]): unknown => {
    const statics: unknown[] = [];
    const count = given.length;
    const args = staticList.length === 0 ? given : dynamicArguments(given, staticList, statics, name);
    if (module) args.unshift(module);
    const axes = boundAxes();
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!;
      const operands = matching(entry, args, statics, axes, scratch);
      if (operands === null) continue;
      if (i > 0) entries.unshift(...entries.splice(i, 1));
      return finish(entry, operands, name, inline);
    }
    if (config.explainCacheMisses && entries.length > 0)
      console.info(explainMiss(name, entries[0]!, args, statics, axes));
    const { entry, operands } = traceEntry(call, name, args, statics, {
      donated: donateList,
      statics: staticList,
      count,
      before: module ? 1 : 0,
    });
    // A program with tracers of an outer transformation among its constants is of use only now.
    if (!entry.consts.some((x) => x instanceof Tracer)) {
      entries.unshift(entry);
      if (entries.length > ENTRIES) entries.pop();
    }
    return finish(entry, operands, name, inline);
  };
  setName(jitted, name);
  return jitted as (...args: Args) => R;
}

/** The arrays among the arguments if the entry's program applies to them; else null. */
function matching(
  entry: Entry,
  args: unknown[],
  statics: readonly unknown[],
  axes: readonly NamedAxis[],
  leaves: unknown[],
): ArrayValue[] | null {
  if (entry.version !== worldVersion() || entry.quaxified !== isQuaxified()) return null;
  if (!sameAxes(axes, entry.axes)) return null;
  for (let i = 0; i < statics.length; i++) if (!Object.is(statics[i], entry.statics[i])) return null;
  leaves.length = 0;
  if (!entry.flat.treedef.match(args, leaves)) return null;
  const { slots } = entry.flat;
  const operands: ArrayValue[] = [];
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i]!;
    const leaf = leaves[i];
    if (slot < 0) {
      if (!sameStatic(leaf, entry.leaves[i])) return null;
      continue;
    }
    const array = leaf instanceof NDArray ? leaf : arrayLeaf(leaf, "jit", () => "");
    if (array === null || !sameAval(array.aval, entry.avals[slot]!)) return null;
    operands.push(array);
  }
  return operands;
}

function traceEntry(
  call: (...args: unknown[]) => unknown,
  name: string,
  args: unknown[],
  statics: readonly unknown[],
  positions: Positions,
): { entry: Entry; operands: readonly ArrayValue[] } {
  const flat = flattenArguments(args, "jit");
  const leaves: unknown[] = [];
  flat.treedef.match(args, leaves);
  const label = `jit of ${name}`;
  let out: Flat | undefined;
  const body = (inputs: readonly ArrayValue[]) => {
    const rebuilt = flat.rebuild(inputs) as unknown[];
    out = flattenResult(call(...withStatics(rebuilt, statics, positions.statics, positions.before)), label);
    return out.arrays;
  };
  const version = worldVersion();
  const avals = avalsOf(flat.arrays);
  const { closed, consts } = hoistConstants(
    stage(body, avals, label, (index) => argumentPath(flat.paths[index]!)),
  );
  const kept = leaves.map((leaf, i) => (flat.slots[i]! < 0 ? leaf : null));
  // The arrays of this call are not kept with the program.
  const entry = {
    version,
    quaxified: isQuaxified(),
    axes: boundAxes(),
    flat: { ...flat, arrays: [] },
    avals,
    leaves: kept,
    statics,
    closed,
    consts,
    donated: donatedInputs(positions, consts.length, flat.paths, label),
    out: { ...out!, arrays: [] },
  };
  return { entry, operands: flat.arrays };
}

function finish(
  { closed, consts, donated, out }: Entry,
  operands: readonly ArrayValue[],
  name: string,
  inline: boolean,
): unknown {
  const all = consts.length === 0 ? operands : [...(consts as readonly ArrayValue[]), ...operands];
  const bound = (): ArrayValue[] =>
    inline ? evaluateJaxpr(closed, all) : jitPrimitive.bind(all as ArrayValue[], { name, jaxpr: closed });
  if (!isEager() || !all.every((x) => x instanceof NDArray)) return out.rebuild(bound());
  const checking = isChecking();
  if (donated === null) return out.rebuild(checking ? bound() : run(closed, name, all, null));
  return out.rebuild(donating(all, donated, () => (checking ? bound() : run(closed, name, all, donated))));
}

/** @throws ArgumentError when a static argument is mutable: the program would not see the change. */
function dynamicArguments(
  args: readonly unknown[],
  staticList: readonly number[],
  statics: unknown[],
  name: string,
): unknown[] {
  const dynamic = withoutStatics(args, staticList, statics, `jit of ${name}`);
  const mutable = statics.find(
    (value) => typeof value === "object" && value !== null && !Object.isFrozen(value),
  );
  if (mutable === undefined) return dynamic;
  throw new ArgumentError(
    "jit/static",
    `jit of ${name}: static argument ${args.indexOf(mutable)} is ${describe(mutable)}, which can change without notice: pass a number, string or function, or freeze it with Object.freeze`,
  );
}

/** What differs from the program used last, in words. */
function explainMiss(
  name: string,
  entry: Entry,
  args: unknown[],
  statics: readonly unknown[],
  axes: readonly NamedAxis[],
): string {
  const reasons: string[] = [];
  if (entry.version !== worldVersion()) reasons.push("a rule was registered or a setting changed since");
  if (entry.quaxified !== isQuaxified())
    reasons.push(`under quaxify: ${String(entry.quaxified)} → ${String(isQuaxified())}`);
  if (!sameAxes(axes, entry.axes))
    reasons.push(`the named axes: ${showAxes(entry.axes)} → ${showAxes(axes)}`);
  statics.forEach((value, i) => {
    if (!Object.is(value, entry.statics[i]))
      reasons.push(`static argument ${i}: ${describe(entry.statics[i])} → ${describe(value)}`);
  });
  const flat = flattenArguments(args, "jit");
  if (!flat.treedef.equals(entry.flat.treedef))
    reasons.push(`the arguments' structure: ${String(entry.flat.treedef)} → ${String(flat.treedef)}`);
  else {
    const leaves: unknown[] = [];
    flat.treedef.match(args, leaves);
    flat.slots.forEach((slot, i) => {
      const before = entry.flat.slots[i]!;
      if (slot >= 0 && before >= 0) {
        const [was, is] = [entry.avals[before]!, flat.arrays[slot]!.aval];
        if (!sameAval(was, is))
          reasons.push(`${argumentPath(flat.paths[slot]!)}: ${showWeak(was)} → ${showWeak(is)}`);
      } else if (!sameStatic(leaves[i], entry.leaves[i]))
        reasons.push(`a static leaf: ${describe(entry.leaves[i])} → ${describe(leaves[i])}`);
    });
  }
  return `jit of ${name} is traced again: ${reasons.length > 0 ? reasons.join("; ") : "the program was dropped, or its constants were traced"}`;
}

const showAxes = (axes: readonly NamedAxis[]): string =>
  axes.length === 0 ? "none" : axes.map(({ name, size }) => `${name} (${size})`).join(", ");
const showWeak = (aval: Aval): string => showAval(aval) + (aval.weak ? " (weak)" : "");
