import { config } from "../../core/config.ts";
import { UsageError } from "../usage-error.ts";
import type { Given } from "./subcommand.ts";

/** An option that must be given. @throws UsageError when it is not. */
export function required(values: Given["values"], name: string): string {
  const value = values[name];
  if (typeof value === "string") return value;
  throw new UsageError(`--${name} is missing; --help says more`);
}

/** What `read` makes of a file, which is then closed. */
export function reading<File extends { close(): void }, T>(file: File, read: (file: File) => T): T {
  try {
    return read(file);
  } finally {
    file.close();
  }
}

/** Calls `body` with arrays of 64 bits, so that tensors of any dtype are what they are in their file. */
export function withWideDtypes<T>(body: () => T): T {
  const before = config.enableX64;
  config.enableX64 = true;
  try {
    return body();
  } finally {
    config.enableX64 = before;
  }
}
