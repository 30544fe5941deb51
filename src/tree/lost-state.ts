import { TreeError } from "./errors.ts";
import { nodeKind, type NodeType } from "./node-type.ts";
import type { Path } from "./path.ts";

const notCode = /\/\*[^]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[^]|[^`\\])*`/g;
const arrowStart = /^(?:async\b\s*)?(?:\(|[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=>)/u;
const ownInstance = /(?<![.\w$])(?:this|super)\b(?!\s*:)/;
const privateMember =
  /(?<![.(/[])(\bstatic\s*)?(?:\b(?:async|get|set)\b\s*|\*\s*)*(#[$\p{ID_Continue}]+)\s*(?=[=;(}]|$)/gmu;

const sourceOf = (fn: unknown): string => Function.prototype.toString.call(fn);

/** Without comments and text; what a template interpolates stays. */
function codeOf(source: string): string {
  return source.replace(notCode, (text) =>
    text.startsWith("`") ? (text.match(/\$\{[^}]*\}/g) ?? []).join() : " ",
  );
}

function privateNames(classSource: string): string[] {
  return [...codeOf(classSource).matchAll(privateMember)].flatMap(([, isStatic, name]) =>
    isStatic === undefined && name !== undefined ? [name] : [],
  );
}

/**
 * The classes whose code made an instance, from its own up to (and without) the one that declares `nodeKind`.
 */
function lineage(prototype: object): readonly { readonly name: string; readonly source: string }[] {
  const classes = [];
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const Class = at.constructor;
    if (at !== prototype && Object.hasOwn(Class, nodeKind)) break;
    if (Class === Object) break;
    classes.push({ name: Class.name, source: sourceOf(Class) });
  }
  return classes;
}

/** Why a function that is a field of an instance would not follow it into a rebuilt one, if so. */
function staleness(fn: unknown, classSources: readonly string[]): string | undefined {
  if (typeof fn !== "function") return undefined;
  const source = sourceOf(fn);
  if (fn.name.startsWith("bound ") && source.includes("[native code]")) return "a bound function";
  const isArrow = arrowStart.test(source) && source.includes("=>");
  // An arrow function that was written elsewhere and passed in has the `this` of its author, not of the
  // instance.
  const isOwn =
    isArrow && ownInstance.test(codeOf(source)) && classSources.some((text) => text.includes(source));
  return isOwn ? "an arrow function that mentions `this`" : undefined;
}

const sound = new WeakSet<NodeType>();

/**
 * Checks, for the first instance of each class, that an instance rebuilt from its fields is as good: no own
 * function that holds on to the old instance, no `#private` state. (Private state compiled to WeakMaps cannot
 * be seen.)
 *
 * @throws TreeError `stale-function` or `private-state`; `path` is asked for the path of `node` only then.
 */
export function checkRebuildable(type: NodeType, node: object, path: () => Path): void {
  if (sound.has(type)) return;
  const classes = lineage(type.prototype);
  for (const { name, source } of classes) {
    const [lost] = privateNames(source);
    if (lost === undefined) continue;
    const remedy = "use a plain (or TypeScript `private`) field";
    throw new TreeError("private-state", `private ${lost} of ${name} would be lost; ${remedy}`, path());
  }
  const sources = classes.map(({ source }) => source);
  for (const [field, value] of Object.entries(node)) {
    const kind = staleness(value, sources);
    if (kind === undefined) continue;
    const { name } = type;
    const reason = `field ${field} of ${name} is ${kind}: in a rebuilt ${name} it would act on the old one`;
    throw new TreeError("stale-function", `${reason}; make it a method`, path());
  }
  sound.add(type);
}
