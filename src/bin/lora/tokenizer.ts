import { readFileSync } from "node:fs";
import type { Tokenizer } from "@huggingface/tokenizers";
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
  const json = path.endsWith(".txt") ? bertTokenizer(readFileSync(path, "utf8")) : readJSON(path);
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

function bertTokenizer(text: string): object {
  const pieces = text.trimEnd().split(/\r?\n/);
  const marks = ["[CLS]", "[SEP]"];
  const special = ["[PAD]", "[UNK]", ...marks, "[MASK]"].filter((piece) => pieces.includes(piece));
  const [first, last] = marks.map((id) => ({ SpecialToken: { id, type_id: 0 } }));
  const idOf = (piece: string): number => {
    const id = pieces.indexOf(piece);
    if (id < 0) throw new UsageError(`the vocabulary has no ${piece}, which BERT's has`);
    return id;
  };
  return {
    version: "1.0",
    added_tokens: special.map((content) => ({ id: idOf(content), content, special: true })),
    normalizer: { type: "BertNormalizer", clean_text: true, lowercase: true },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing",
      single: [first, { Sequence: { id: "A", type_id: 0 } }, last],
      special_tokens: Object.fromEntries(marks.map((id) => [id, { id, ids: [idOf(id)], tokens: [id] }])),
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
    },
  };
}
