import { readFileSync } from "node:fs";
import type { Tokenizer } from "@huggingface/tokenizers";
import { ArgumentError } from "../../core/errors.ts";
import { bertTokenizer } from "../../models/index.ts";
import { UsageError } from "../usage-error.ts";
import { readJSON } from "./training-config.ts";

/** Numbers of the pieces of a text. */
export type Encode = (text: string) => readonly number[];

/**
 * The tokenizer of a `tokenizer.json`, or a lower-case one of BERT with the pieces of a text file, one in a line.
 *
 * @throws UsageError when the package that reads it is not installed.
 */
export async function readTokenizer(path: string): Promise<Encode> {
  const library = await tokenizers();
  const json = path.endsWith(".txt") ? wordPieces(readFileSync(path, "utf8")) : readJSON(path);
  const tokenizer = new library.Tokenizer(json as object, {});
  return (text) => tokenizer.encode(text).ids;
}

async function tokenizers(): Promise<{ readonly Tokenizer: typeof Tokenizer }> {
  try {
    return await import("@huggingface/tokenizers");
  } catch (cause) {
    if ((cause as { readonly code?: string }).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new UsageError("training on texts needs a tokenizer: npm install @huggingface/tokenizers", {
      cause,
    });
  }
}

function wordPieces(text: string): object {
  try {
    return bertTokenizer(text.trimEnd().split(/\r?\n/));
  } catch (cause) {
    throw cause instanceof ArgumentError ? new UsageError(cause.message, { cause }) : cause;
  }
}
