import { ArgumentError } from "../core/errors.ts";
import type * as TsMorph from "ts-morph";
import type { ClosedJaxpr } from "../core/jaxpr.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import { ModuleText } from "./typescript-module.ts";

export interface TypeScriptOptions {
  /** What the function is called. Default: `program`. */
  readonly name?: string;
}

/**
 * A program as a TypeScript module that exports one function, which computes the same values: an operation a line, with its
 * shape and the line of the source that it comes from. Calls, loops and branches are functions; constants are part of the
 * module. Custom derivative rules and checkpoints are not: it is the function that is written, not its derivative.
 *
 * @throws ArgumentError when ts-morph is not installed, or the name is none; JaxprError that names the equation, where it
 * calls back into the host or has no counterpart in `lax`.
 * @example
 * import { toTypeScript } from "cotangent/typescript";
 * await writeFile("loss.ts", await toTypeScript(makeJaxpr(loss)(w, x), { name: "loss" }));
 */
export async function toTypeScript(program: ClosedJaxpr, ...rest: readonly unknown[]): Promise<string> {
  const { name = "program" } = readOptions<TypeScriptOptions>("toTypeScript", ["name"], rest);
  if (typeof name !== "string" || !/^[A-Za-z_$][\w$]*$/.test(name))
    throw new ArgumentError("typescript/name", `toTypeScript: name is an identifier, got ${describe(name)}`);
  const { Project, IndentationText, NewLineKind } = await load();
  const module = new ModuleText();
  const main = module.function(program, name);
  const project = new Project({
    useInMemoryFileSystem: true,
    manipulationSettings: { indentationText: IndentationText.TwoSpaces, newLineKind: NewLineKind.LineFeed },
  });
  const file = project.createSourceFile(`${name}.ts`);
  file.addStatements(
    module.constants.map(({ name, text, aval }) => `/** ${aval} */\nconst ${name}: ArrayValue = ${text};`),
  );
  file.addFunctions(
    module.functions.map(({ name, parameters, returns, results, statements }) => ({
      name,
      isExported: name === main,
      parameters: parameters.map((parameter) => ({ name: parameter.name, type: "ArrayValue" })),
      returnType: returns,
      statements: [...statements],
      docs: [`\`(${parameters.map(({ name, aval }) => `${name}: ${aval}`).join(", ")}) → ${results}\``],
    })),
  );
  // Comments have names of files.
  const text = file.getFullText().replace(/\/\/.*$/gm, "");
  const used = ["inspect", "lax", "np"].filter((word) => new RegExp(`\\b${word}\\.`).test(text));
  file.insertImportDeclaration(0, {
    moduleSpecifier: "cotangent",
    namedImports: [
      { name: "ArrayValue", isTypeOnly: true },
      ...used.map((word) => (word === "np" ? { name: "numpy", alias: "np" } : { name: word })),
    ],
  });
  file.formatText();
  return file.getFullText();
}

/** The one dependency of this file, which is optional. */
async function load(): Promise<typeof TsMorph> {
  try {
    return await import("ts-morph");
  } catch (cause) {
    throw new ArgumentError(
      "typescript/ts-morph",
      "toTypeScript needs the package ts-morph: install it with npm install ts-morph",
      { cause },
    );
  }
}
