import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync, Visitor } from "vite";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** The pages whose snippets are run: README.md and all of docs. */
export const pages: readonly string[] = [
  "README.md",
  ...readdirSync(join(root, "docs"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".md"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort(),
];

/** A block of code on a page. */
export interface Snippet {
  readonly page: string;
  /** Line of its first line of code. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** The snippets before it that it goes on from. */
  readonly before: readonly Snippet[];
}

/** What a fence may say: a language, and after `ts` that the snippet goes on from the one above it. */
const languages = new Set(["ts", "ts continued", "text", "sh", "json"]);

/**
 * The code blocks of a page.
 * @throws Error on a fence without a language, or with one that would not be run.
 */
export function snippetsOf(page: string, text = readFileSync(join(root, page), "utf8")): Snippet[] {
  const found: Snippet[] = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const fence = /^(\s*)```(.*)$/.exec(lines[i]!);
    if (fence === null) continue;
    const [, indent, info] = fence;
    const start = i + 1;
    while (++i < lines.length && lines[i]!.trim() !== "```");
    if (i === lines.length) throw new Error(`${page}:${start}: the code block does not end`);
    const language = info!.trim();
    if (!languages.has(language))
      throw new Error(
        `${page}:${start}: a code block is one of ${[...languages].join(", ")}, not "${language}"`,
      );
    const code = lines
      .slice(start, i)
      .map((line) => line.slice(indent!.length))
      .join("\n");
    const previous = found.findLast((snippet) => snippet.language.startsWith("ts"));
    if (language === "ts continued" && previous === undefined)
      throw new Error(`${page}:${start}: there is nothing that this snippet could continue`);
    const before = language === "ts continued" ? [...previous!.before, previous!] : [];
    found.push({ page, line: start + 1, language, code, before });
  }
  return found;
}

/** A statement, by its place in the code, and what it is said to print. */
interface Claim {
  readonly line: number;
  readonly expected: string;
}
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Program {
  /** The snippets before it and itself, as they are, but for the paths of imports. */
  readonly plain: string;
  readonly code: string;
  /** What must be checked at least once when the program runs. */
  readonly claims: readonly Claim[];
}

type Node = { readonly type: string; readonly start: number; readonly end: number };

/**
 * A snippet as a module of its own, with a call of `claim(k, printed)` in place of each statement that says what it
 * prints: in a comment `// → text` at its end or below it, whose further lines are indented as deep as the text.
 * Relative imports are relative to the page.
 *
 * @throws Error on code that does not parse, or a `// →` that belongs to no statement.
 */
export function programOf({ page, line, code, before }: Snippet): Program {
  const earlier = before.map((snippet) => snippet.code).join("\n");
  const source = earlier === "" ? code : `${earlier}\n${code}`;
  const offset = earlier === "" ? 0 : earlier.length + 1;
  const { program, comments, module, errors } = parseSync("snippet.ts", source, { sourceType: "module" });
  const lineAt = (index: number) => line + source.slice(offset, index).split("\n").length - 1;
  if (errors[0]) throw new Error(`${page}:${line}: ${errors[0].message}`);

  const statements: Node[] = [];
  const keep = (node: Node) => void statements.push(node);
  new Visitor({ ExpressionStatement: keep, VariableDeclaration: keep }).visit(program);

  const edits: Edit[] = [];
  const claims: Claim[] = [];
  for (const { start, end, text } of claimComments(source, comments)) {
    const statement = statements
      .filter((node) => node.end <= start && /^[\s;]*$/.test(source.slice(node.end, start)))
      .sort((a, b) => a.start - b.start)[0];
    if (statement === undefined)
      throw new Error(`${page}:${lineAt(start)}: "// →" stands after no statement`);
    if (start < offset) {
      edits.push({
        start: statement.start,
        end,
        text: unclaimed(source.slice(statement.start, statement.end), text),
      });
      continue;
    }
    edits.push({ start: statement.start, end, text: claimed(source, statement, claims.length, text) });
    claims.push({ line: lineAt(start), expected: text });
  }
  const folder = dirname(join(root, page));
  const imports = module.staticImports
    .map(({ moduleRequest }) => moduleRequest)
    .filter(({ value }) => value.startsWith("."))
    .map(({ value, start, end }): Edit => ({ start, end, text: JSON.stringify(join(folder, value)) }));
  const header =
    "const { claim, claimError } = globalThis as never as Record<string, (k: number, ...rest: unknown[]) => void>;";
  return {
    plain: `${edited(source, imports)}\nexport {};\n`,
    code: `${header}\n${edited(source, [...edits, ...imports])}\nexport {};\n`,
    claims,
  };
}

const edited = (source: string, edits: readonly Edit[]): string =>
  edits
    .toSorted((a, b) => b.start - a.start)
    .reduce((text, edit) => text.slice(0, edit.start) + edit.text + text.slice(edit.end), source);

/** Each `// → text`, its further lines joined to it. */
function claimComments(
  source: string,
  comments: readonly { type: string; value: string; start: number; end: number }[],
): { start: number; end: number; text: string }[] {
  const found: { start: number; end: number; text: string }[] = [];
  for (const { type, value, start, end } of comments) {
    if (type !== "Line") continue;
    const last = found.at(-1);
    if (value.startsWith(" → ")) found.push({ start, end, text: value.slice(3) });
    else if (last && value.startsWith("   ") && /^\n\s*$/.test(source.slice(last.end, start))) {
      last.text += `\n${value.slice(3)}`;
      last.end = end;
    }
  }
  return found;
}

const logged = /^console\.log\(([\s\S]*)\);?$/;

/** A statement of a snippet before: what it claims is tested there, and here it runs without a word. */
const unclaimed = (text: string, expected: string): string =>
  expected.startsWith("throws ")
    ? `try { ${text} } catch {}`
    : text.replace(logged, (_, values: string) => `void [${values}];`);

/** The statement with its claim checked. */
function claimed(source: string, statement: Node, k: number, expected: string): string {
  const text = source.slice(statement.start, statement.end);
  if (expected.startsWith("throws ")) {
    const body = statement.type === "ExpressionStatement" ? text : `{ ${text} }`;
    return `claimError(${k}, () => ${body.replace(/;$/, "")});`;
  }
  if (statement.type === "ExpressionStatement") {
    return `claim(${k}, ${logged.exec(text)?.[1] ?? text.replace(/;$/, "")});`;
  }
  const name = /^(?:const|let)\s+(\w+)/.exec(text)?.[1];
  if (name === undefined)
    throw new Error(
      `"// → ${expected}" stands after a declaration of several variables: print what it is about`,
    );
  return `${text}\nclaim(${k}, ${name});`;
}

/** Whether `printed` is as `expected`: `…` stands for anything, and a line may be broken anywhere between words. */
export function isAsClaimed(printed: string, expected: string): boolean {
  const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s+");
  return new RegExp(`^${expected.trim().split("…").map(escape).join("[^]*")}$`).test(printed.trim());
}
