import { type Member, members, pairs, type Refusal, sampledTriples, triples } from "./matrix.ts";

/** How many of the triples are run and listed. */
export const sampleSize = 240;

const agrees = "✓";

/** The text of docs/composition.md, from what became of each composition. */
export function compositionPage(outcomeOf: (composition: readonly Member[]) => Refusal | null): string {
  const reasons: string[] = [];
  const mark = (composition: readonly Member[]): string => {
    const why = outcomeOf(composition)?.message;
    if (why === undefined) return agrees;
    if (!reasons.includes(why)) reasons.push(why);
    return String(reasons.indexOf(why) + 1);
  };
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
    [row(head), row(head.map((_, i) => (i === 0 ? "---" : ":-:"))), ...rows.map(row)].join("\n");

  const cells = members.map((a) => [a.name, ...members.map((b) => mark([a, b]))]);
  const sample = sampledTriples(sampleSize);
  const listed = members.map((a) => {
    const inside = sample.filter(([first]) => first === a);
    const texts = inside.map(([first, b, c]) => `${b!.name} of ${c!.name} ${mark([first!, b!, c!])}`);
    return `- **${a.name}** of: ${texts.join(", ")}.`;
  });
  const refusals = pairs.length - cells.flat().filter((cell) => cell === agrees).length;
  return `# What composes with what

This page is written by \`npm run docs:matrix\`, and a test checks that it is what that prints.

A cell stands for \`A(B(f))\`: the member of its row, applied to what the member of its column makes of a function of two
matrices. It was run on numbers and compared with what it means, to 10 digits: plain arithmetic, with derivatives by dual
numbers, a loop for each batch and \`if\` for each branch. No part of the library takes part in that.

${agrees} agrees, ${pairs.length - refusals} of ${pairs.length} pairs. A number is why it is refused, with an error that says so:

${"%reasons"}

A member makes of \`f(x, y)\`:

- \`grad\` and \`vjp\`: products with the transposed Jacobian in \`x\`; \`jvp\`, \`linearize\`, \`jacfwd\`: products with the
  Jacobian, along vectors that depend on \`x\`;
- \`vmap\`: the sum over a batch of two, for which branches and loops go different ways; "named axes" has in addition
  \`psum\` and \`axisIndex\` inside;
- \`customJvp\`, \`customVjp\`: \`f\` with a rule that says twice the derivative, so that it is seen to be used;
- \`cond\`, \`while\`, \`scan\`: \`f\` as a branch, and as the body of a loop;
- LoRA, Unitful, NamedArray: \`quaxify(f)\` of such values, whose result has their units or names; Zero: \`f(x, Zero)\`.

${table(["A of B", ...members.map(({ name }) => name)], cells)}

## Three deep

${sample.length} of the ${triples.length} triples, drawn by chance and always the same. \`npm run test:full\` runs all.

${listed.join("\n")}
`.replace("%reasons", () => reasons.map((why, i) => `${i + 1}. ${why}`).join("\n"));
}
