import { parseArgs, type ParseArgsConfig } from "node:util";
import { UsageError } from "./usage-error.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

type Arguments<T extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; allowPositionals: true; options: T }>
>;

/** The options and the other arguments of a command. @throws UsageError when an option is not known, or has no value. */
export function argumentsOf<const T extends Options>(
  command: string,
  args: readonly string[],
  options: T,
): Arguments<T> {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (cause) {
    throw new UsageError(`cotangent ${command}: ${(cause as Error).message}`, { cause });
  }
}
