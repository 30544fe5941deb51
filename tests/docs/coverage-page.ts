import { readdirSync, readFileSync } from "node:fs";
import * as cotangent from "cotangent";

type Status = "must" | "later" | "never";
interface Entry {
  /** As its peer spells it. */
  readonly name: string;
  /** As we do, with the namespace. */
  readonly ours: string;
  readonly status: Status;
  readonly reason: string;
}
interface Module {
  readonly title: string;
  readonly namespace: string;
  readonly entries: readonly Entry[];
}

const root = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

/** `snake_case` in camelCase; an underscore at the end stays. */
const camelCase = (name: string): string =>
  name.replaceAll(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());

/** docs/coverage.json: what each name of the peers is to us. A status reads `must`, `must as NAME`, `later: why`, `never: why`. */
export const modules: readonly Module[] = Object.entries(
  JSON.parse(read("docs/coverage.json")) as Record<string, { ours: string; names: Record<string, string> }>,
).map(([title, { ours, names }]) => ({
  title,
  namespace: ours,
  entries: Object.entries(names).map(([name, text]) => {
    const [, status, as, reason = ""] = /^(must|later|never)(?: as (\S+))?(?:: (.+))?$/.exec(text) ?? [];
    if (status === undefined) throw new Error(`docs/coverage.json: ${title}.${name}: "${text}"`);
    return { name, ours: `${ours}.${as ?? camelCase(name)}`, status: status as Status, reason };
  }),
}));

const namespaces = [...new Set(modules.map((m) => m.namespace))];

/** What is at a path such as `numpy.linalg.norm`, or undefined. */
const at = (path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>(
      (inside, name) => (inside as Record<string, unknown> | undefined)?.[name],
      cotangent as unknown,
    );
export const isPresent = (path: string): boolean => at(path) !== undefined;

/** Whether it is called: a function, a class, a primitive; not a constant, a dtype or a namespace. */
const isCalled = (path: string): boolean => {
  const value = at(path);
  return typeof value === "function" || (typeof value === "object" && value !== null && "primitive" in value);
};

/** Whether it is a plain object of functions, such as a distribution. */
const isMethods = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  Object.getPrototypeOf(value) === Object.prototype &&
  Object.values(value).every((method) => typeof method === "function");

/** Everything that is called, by path, of a namespace and of those in it that the table does not have. */
const callsOf = (namespace: string): string[] =>
  Object.keys((at(namespace) as object | undefined) ?? {})
    .toSorted()
    .flatMap((name) => {
      const path = `${namespace}.${name}`;
      if (isCalled(path)) return [path];
      const value: unknown = at(path);
      const isNamespace = Object.prototype.toString.call(value) === "[object Module]";
      return (isNamespace || isMethods(value)) && !namespaces.includes(path) ? callsOf(path) : [];
    });
export const present: readonly string[] = namespaces.flatMap(callsOf).toSorted();

/** Texts of tests that hold values against something: not the sweep over wrappers, which compares functions with themselves. */
function testTexts(): string[] {
  const files = readdirSync(new URL("tests/", root), { recursive: true, encoding: "utf8" });
  const sources = files.filter(
    (file) => /^(unit|conformance|laws)\/.*\.ts$/.test(file) && !file.includes("my-array"),
  );
  const goldens = files.filter((file) => /^goldens\/.*\.json$/.test(file));
  return [...sources, ...goldens].map((file) => read(`tests/${file}`));
}

const aliases: Readonly<Record<string, string>> = { np: "numpy" };

/** The paths that a text names: in an expression, an import, or as what a golden is of. */
function* pathsIn(text: string): Generator<string> {
  for (const [, head, chain] of text.matchAll(/\b(np|numpy|lax|random|nn|optim|scipy)((?:\.\w+)+)/g)) {
    const names = chain!.slice(1).split(".");
    for (let n = 1; n <= names.length; n++) yield [aliases[head!] ?? head!, ...names.slice(0, n)].join(".");
  }
  for (const [, names, folder] of text.matchAll(/import \{([^}]*)\} from "[./]*\/src\/([a-z/-]+)\.ts"/g))
    for (const name of names!.split(",")) {
      const folders = folder!.split("/");
      for (let n = 1; n <= folders.length; n++)
        yield [
          ...folders.slice(0, n),
          name
            .trim()
            .replace(/^type /, "")
            .split(" as ")[0]!,
        ].join(".");
    }
  for (const [, key, name] of text.matchAll(/"(fn|layer)": ?"(\w+)"/g))
    yield `${key === "fn" ? "random" : "nn"}.${camelCase(name!)}`;
}

/** What is present and no test of values names. */
export function untested(): string[] {
  const named = new Set(testTexts().flatMap((text) => [...pathsIn(text)]));
  return present.filter((path) => !named.has(path));
}

/** What must be there and is not yet. */
export const missing: readonly string[] = modules.flatMap((m) =>
  m.entries.filter((e) => e.status === "must" && !isPresent(e.ours)).map((e) => e.ours),
);

/** The text of docs/coverage.md. */
export function coveragePage(): string {
  const code = (name: string): string => `\`${name}\``;
  const short = (path: string, namespace: string): string => code(path.slice(namespace.length + 1));
  const sections = modules.map(({ title, namespace, entries }) => {
    const there = entries.filter((e) => isPresent(e.ours));
    const notYet = entries.filter((e) => e.status === "must" && !isPresent(e.ours));
    const absent = entries.filter((e) => e.status !== "must" && !isPresent(e.ours));
    const reasonOf = (e: Entry): string => `${e.status}: ${e.reason}`;
    const reasons = [...new Set(absent.map(reasonOf))];
    const listed = new Set(modules.flatMap((m) => m.entries.map((e) => e.ours)));
    // Two peers share a namespace: what neither has is named once.
    const isLast = modules.findLast((m) => m.namespace === namespace)!.title === title;
    const further = isLast ? callsOf(namespace).filter((path) => !listed.has(path)) : [];
    return [
      `## ${title}`,
      `${code(namespace)}: ${there.length} of ${entries.length} names.`,
      there.map((e) => short(e.ours, namespace)).join(" "),
      ...(further.length ? [`Also: ${further.map((p) => short(p, namespace)).join(" ")}`] : []),
      ...(notYet.length ? [`Not yet: ${notYet.map((e) => short(e.ours, namespace)).join(" ")}`] : []),
      ...reasons.map((reason) => {
        const some = absent.filter((e) => reasonOf(e) === reason);
        return `*${reason[0]!.toUpperCase()}${reason.slice(1)}.* ${some.map((e) => code(e.name)).join(" ")}`;
      }),
    ].join("\n\n");
  });
  return `# What is there of JAX, Equinox and Optax

This page is written by \`npm run docs:coverage\` from [coverage.json](coverage.json), which says of each name of jax 0.10.2,
equinox 0.13.8 and optax 0.2.8 whether it must be there, may come later or never will, and from what the library exports. A
test checks that the page is what that prints, and that no function is there without a test of its values.

${sections.join("\n\n")}
`;
}
