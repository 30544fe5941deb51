import { parseArgs } from "node:util";
import { z } from "zod";

/** The options of a command: `--name value`, or `--name` for booleans; each field of the schema has a default and a description. */
export function readSettings<Shape extends z.ZodRawShape>(
  command: string,
  schema: z.ZodObject<Shape>,
): z.infer<z.ZodObject<Shape>> {
  const fail = (message: string): never => {
    console.error(`${message}\nTry ${command} -- --help`);
    process.exit(2);
  };
  const fields = Object.entries(schema.shape) as [name: string, field: z.ZodType][];
  const isFlag = (field: z.ZodType) => typeof field.parse(undefined) === "boolean";
  const options = Object.fromEntries(
    fields.map(([name, field]) => [
      name,
      { type: isFlag(field) ? ("boolean" as const) : ("string" as const) },
    ]),
  );
  let given: Record<string, unknown>;
  try {
    ({ values: given } = parseArgs({ options: { ...options, help: { type: "boolean" } } }));
  } catch (error) {
    return fail((error as Error).message);
  }
  if (given["help"]) {
    console.log(`${command} -- [options]\n`);
    for (const [name, field] of fields)
      console.log(`  --${name.padEnd(14)}${field.description} (${String(field.parse(undefined) ?? "none")})`);
    process.exit(0);
  }
  const parsed = schema.safeParse(given);
  return parsed.success ? parsed.data : fail(z.prettifyError(parsed.error));
}

/** Options that every command has. */
export const common = {
  seed: z.coerce
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0)
    .describe("seed of everything random"),
  quick: z.boolean().default(false).describe("a few steps, for a try"),
};

/** How many steps are taken. */
export const stepsOf = ({ steps, quick }: { steps: number; quick: boolean }): number =>
  quick ? Math.min(10, steps) : steps;
