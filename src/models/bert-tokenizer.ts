import { ArgumentError } from "../core/errors.ts";

/**
 * The `tokenizer.json` of a lower-case BERT with these pieces of words, in the order of their numbers: the lines of its
 * `vocab.txt`.
 *
 * @throws ArgumentError when a piece that BERT marks texts with is not among them.
 * @example
 * new Tokenizer(models.bertTokenizer(text.trimEnd().split("\n")), {}); // of @huggingface/tokenizers
 * @see Wu et al., "Google's neural machine translation system" (2016), for word pieces
 */
export function bertTokenizer(pieces: readonly string[]): object {
  const marks = ["[CLS]", "[SEP]"];
  const special = ["[PAD]", "[UNK]", ...marks, "[MASK]"].filter((piece) => pieces.includes(piece));
  const [first, last] = marks.map((id) => ({ SpecialToken: { id, type_id: 0 } }));
  const idOf = (piece: string): number => {
    const id = pieces.indexOf(piece);
    if (id < 0)
      throw new ArgumentError("models/vocabulary", `the vocabulary has no ${piece}, which BERT's has`);
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
