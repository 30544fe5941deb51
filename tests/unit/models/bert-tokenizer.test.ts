import { Tokenizer } from "@huggingface/tokenizers";
import { bertTokenizer } from "cotangent/models";
import { expect, test } from "vitest";

const pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "fe", "##rm", "juice"];

test("texts are lower-case pieces of words between two marks", () => {
  const tokenizer = new Tokenizer(bertTokenizer(pieces), {});
  expect(tokenizer.encode("Ferm juice!").ids).toEqual([2, 4, 5, 6, 1, 3]);
});

test("a vocabulary without the marks is refused", () => {
  expect(() => bertTokenizer(["[UNK]", "[CLS]"])).toThrow("the vocabulary has no [SEP], which BERT's has");
});
