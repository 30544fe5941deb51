import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import plugin from "cotangent/lint";
import { RuleTester } from "eslint";
import { describe, expect, it, test } from "vitest";

RuleTester.describe = describe;
RuleTester.it = it;

const flagged = (code: string, ...texts: readonly string[]) => ({
  code,
  errors: texts.map((text) => ({ messageId: "truthy", data: { text } })),
});

new RuleTester().run("no-array-truthiness", plugin.rules["no-array-truthiness"], {
  valid: [
    "if (np.any(x).toBool()) f();",
    "while (lax.lt(i, n).item()) i = next(i);",
    "const y = ready && np.sum(x);",
    "const y = mask ?? np.ones([3]);",
    "f(np.any(x) ?? y);",
    "if (np.isdtype(x.dtype, 'integral') || np.ndim(x)) f();",
    "if (x.less) f();",
    "if (Promise.all(jobs)) f();",
    "const ok = np.any(x); if (ok.toBool()) f();",
    "const ok = np.any(x); if (ok !== null) f();",
    "let ok = np.any(x); ok = ok.toBool(); if (ok) f();",
    "const { length } = np.stack(xs); if (length) f();",
    "const ok = np.any(x); function g(ok) { if (ok) f(); }",
    "function g(x) { if (x) f(); }",
    "const g = (x) => (x ? 1 : 2);",
    "xs.map((x) => (x ? 1 : 2));",
    "jit((x, flag) => (flag ? f(x) : x), { staticArgnums: [1] });",
    "jit((x, flag) => (flag ? f(x) : x), { staticArgnums: 1 });",
    "jit((x, flag) => (flag ? f(x) : x), { staticArgnums: which });",
    "grad((model, { train }) => (train ? f(model) : g(model)));",
    "cond((x) => (x ? 1 : 2), y);",
    "_.map(xs, (x) => (x ? 1 : 2));",
  ],
  invalid: [
    flagged("if (np.any(x)) f();", "np.any(x)"),
    flagged("while (lax.lt(i, n)) f();", "lax.lt(i, n)"),
    flagged("do f(); while (numpy.all(x));", "numpy.all(x)"),
    flagged("for (; i.less(n); ) f();", "i.less(n)"),
    flagged("const y = x.greater(0) ? 1 : 2;", "x.greater(0)"),
    flagged("const y = np.linalg.det(x) || 1;", "np.linalg.det(x)"),
    flagged("const y = x.equal(0).any() && f();", "x.equal(0).any()"),
    flagged("const y = !x.all();", "x.all()"),
    flagged("const y = Boolean(x.notEqual(0));", "x.notEqual(0)"),
    flagged("if (mask?.any()) f();", "mask?.any()"),
    flagged("if (ready && (x.any() || y.all())) f();", "x.any()", "y.all()"),
    flagged("if (ready ? x.any() : (f(), y.all())) f();", "x.any()", "y.all()"),
    flagged("if (x.any() ?? y.all()) f();", "x.any()", "y.all()"),
    flagged("const ok = np.any(x); if (ok) f();", "ok"),
    flagged("const ok = np.any(x), same = ok; if (!same) f();", "same"),
    flagged("const ok = np.any(x); const g = () => (ok ? 1 : 2);", "ok"),
    flagged("jit((x) => (x ? 1 : 2));", "x"),
    flagged("jit((x, flag) => (x ? 1 : flag ? 2 : 3), { staticArgnums: [1] });", "x"),
    flagged("ct.grad(function (x) { return x && f(x); });", "x"),
    flagged("vmap(([x, y]) => (y ? x : f(x)), { inAxes: 1 });", "y"),
    flagged("lax.cond(p, (x) => !x, (x) => x, y);", "x"),
    flagged("lax.scan((c, x) => (x ? [c, x] : [x, c]), 0, xs);", "x"),
    flagged("lax.whileLoop((c) => !c, (c) => c, true);", "c"),
    flagged("lax.foriLoop(0, 3, (i, c) => (i ? c : f(c)), 0);", "i"),
  ],
});

test("oxlint runs the rule on TypeScript and shows what to do instead", () => {
  const folder = mkdtempSync(join(tmpdir(), "cotangent-lint-"));
  try {
    writeFileSync(
      join(folder, "model.ts"),
      "export const f = (x: A) => (x.any()! as A ? 1 : 2);\ntype A = any;\n",
    );
    const at = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
    const config = { jsPlugins: [at("lint/index.js")], rules: { "cotangent/no-array-truthiness": "warn" } };
    writeFileSync(join(folder, ".oxlintrc.json"), JSON.stringify(config));
    const printed = execFileSync(process.execPath, [at("node_modules/oxlint/bin/oxlint"), "--format=unix"], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(printed).toContain("model.ts:1:29: `x.any()` is an array");
    expect(printed).toContain("lax.cond or np.where");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
