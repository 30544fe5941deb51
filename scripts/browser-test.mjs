// Opens the page of docs/how-to/use-in-a-browser.md in Chromium, with cross-origin isolation and without, and runs programs
// there: in the page, in a worker, and in Node, all on one file that holds the whole library.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { exporting, sizes } from "./bundle.mjs";
import { withChromium } from "./chromium.mjs";
import { root } from "./packed.mjs";

/** @typedef {typeof import("../tests/browser/programs.ts")} Programs */
/** @typedef {ReturnType<Programs["results"]>} Results */
/** @typedef {{ isolated: boolean, shared: boolean, results: Results }} Answer */

/** The most that the whole library may weigh, in kB gzipped. */
const most = 430;
/** How far from Node's a number that came of Math's functions may be, relative to its size. */
const tolerance = 1e-5;

const guide = readFileSync(join(root, "docs/how-to/use-in-a-browser.md"), "utf8");
/** What the groups of `pattern` match in the guide, all over it. @param {RegExp} pattern */
function stated(pattern) {
  const found = [...guide.matchAll(pattern)].flatMap(([, ...groups]) => groups);
  assert(found.length > 0, `the guide has nothing like ${String(pattern)}`);
  return found;
}
const [html = ""] = stated(/^```text\n(<!doctype html>.*?)^```$/gms);
const [shown] = stated(/^The page shows `(.*)`\.$/gm);
const isolation = stated(/^(Cross-Origin-[\w-]+: \S+)$/gm).map((header) => header.split(": "));
assert.equal(isolation.length, 2);
const [policy = ""] = stated(/^Content-Security-Policy: (.+)$/gm);
const weights = stated(/one\s+ES\s+module\s+of\s+(\d+)\s+kB,\s+(\d+)\s+kB\s+gzipped/g);

const library = await exporting("*");
const { plain, gzipped } = sizes(library);
console.log(`all of it: ${plain.toFixed(1)} kB, gzipped ${gzipped.toFixed(1)} kB`);
assert(gzipped < most, `all of it weighs more than ${most} kB gzipped`);
for (const [k, found] of [plain, gzipped].entries())
  assert(Math.abs(Number(weights[k]) - found) < found / 10, `the guide says ${weights[k]} kB`);

const { outputFiles } = await build({
  entryPoints: [join(root, "tests/browser/programs.ts")],
  bundle: true,
  format: "esm",
  target: "es2022",
  write: false,
  alias: { cotangent: "./cotangent.js" },
  external: ["./cotangent.js"],
});
// Threads are tested below the library's face, as it is in sources.
const threads = await build({
  entryPoints: [join(root, "tests/browser/threads.ts")],
  bundle: true,
  format: "esm",
  target: "es2022",
  keepNames: true,
  write: false,
  tsconfigRaw: "{}",
});
const answer = `({
  isolated: crossOriginIsolated,
  shared: typeof SharedArrayBuffer === "function",
  results: results(),
})`;
/** @type {Record<string, string>} */
const files = {
  "index.html": html,
  "cotangent.js": library,
  "programs.js": outputFiles[0]?.text ?? "",
  "threads.js": threads.outputFiles[0]?.text ?? "",
  "worker.js": `import { results } from "./programs.js"; postMessage(${answer});`,
  "smoke.js": readFileSync(join(root, "tests/consumer/smoke.js"), "utf8"),
  "policy.html": "<!doctype html><title>under a policy</title>",
  "favicon.ico": "", // a browser asks for it unasked
};

/** What Node makes of the programs. @returns {Promise<Results>} */
async function inNode() {
  const folder = join(root, ".tmp/browser");
  mkdirSync(folder, { recursive: true });
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    /** @type {Programs} */
    const { results } = await import(pathToFileURL(join(folder, "programs.js")).href);
    return results();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Serves the files while `body` runs, the page `policy.html` under that policy.
 *
 * @param {boolean} isolated
 * @param {(url: string) => Promise<void>} body
 * @param {string} [policy]
 */
async function withServer(isolated, body, policy) {
  const server = createServer(({ url = "/" }, response) => {
    const name = url === "/" ? "index.html" : url.slice(1);
    const text = files[name];
    response.writeHead(text === undefined ? 404 : 200, {
      "Content-Type": extname(name) === ".html" ? "text/html" : "text/javascript",
      ...(isolated && Object.fromEntries(isolation)),
      ...(policy !== undefined && name === "policy.html" && { "Content-Security-Policy": policy }),
    });
    response.end(text);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  assert(address !== null && typeof address === "object");
  try {
    await body(`http://127.0.0.1:${address.port}/`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** @template T @param {Promise<T>} promise */
const inTime = (promise) =>
  Promise.race([
    promise,
    setTimeout(120_000, undefined, { ref: false }).then(() => assert.fail("no answer within two minutes")),
  ]);

/**
 * What the page and its worker answer.
 *
 * @param {import("playwright-core").Browser} browser
 * @param {string} url
 * @returns {Promise<Record<"page" | "worker", Answer>>}
 */
async function opened(browser, url) {
  const page = await browser.newPage();
  /** @type {string[]} */
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => problems.push(`${message.text()} (${message.location().url})`));
  await page.goto(url, { waitUntil: "load" });
  assert.equal(await page.textContent("output"), shown, "the page of the guide");
  // What a user does first, on the library's name in the import map.
  assert((await inTime(page.evaluate(`import("./smoke.js").then(({ checks }) => checks)`))) > 10);
  const answers = {
    page: await inTime(page.evaluate(`import("./programs.js").then(({ results }) => ${answer})`)),
    worker: await inTime(
      page.evaluate(`new Promise((resolve, reject) => {
        const worker = new Worker("./worker.js", { type: "module" });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      })`),
    ),
  };
  if (answers.page.isolated)
    assert.deepEqual(await inTime(page.evaluate(`import("./threads.js").then(({ threads }) => threads())`)), [
      3,
      true,
      "wasm/worker",
      3,
      true,
      "wasm/worker",
      3,
      2,
      1,
    ]);
  assert.deepEqual(problems, [], "the page reports errors");
  await page.close();
  return answers;
}

/**
 * What a large compiled program computes, or the code of the error, and what the console says.
 *
 * @param {import("playwright-core").Browser} browser
 * @param {string} url
 */
async function underPolicy(browser, url) {
  const page = await browser.newPage();
  /** @type {string[]} */
  const said = [];
  page.on("console", (message) => said.push(message.text()));
  await page.goto(`${url}policy.html`, { waitUntil: "load" });
  /** @type {unknown} */
  const found = await inTime(
    page.evaluate(`import("./cotangent.js").then(async ({ config, jit, numpy: np, setBackend }) => {
      setBackend("wasm");
      config.threads = 2;
      try {
        const sum = jit((x) => np.sum(np.exp(np.negative(x))));
        const x = np.zeros([1_000_000]);
        sum(x);
        await new Promise((resolve) => setTimeout(resolve, 500)); // for the threads
        return sum(x).item();
      } catch (error) {
        return error.code;
      }
    })`),
  );
  await page.close();
  return { found, said };
}

/** @param {unknown} x @returns {number[]} */
const numbersIn = (x) => (Array.isArray(x) ? x.flatMap(numbersIn) : [Number(x)]);

/** @param {Results} found @param {Results} wanted @param {string} where */
function compare(found, wanted, where) {
  assert.deepEqual(found.exact, wanted.exact, `${where} differs from Node`);
  for (const [name, arrays] of Object.entries(wanted.close)) {
    const [left, right] = [numbersIn(found.close[name]), numbersIn(arrays)];
    assert.equal(left.length, right.length, name);
    for (const [i, x] of left.entries()) {
      const y = right[i] ?? NaN;
      assert(
        Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(y)),
        `${where}, ${name}: ${x}, in Node ${y}`,
      );
    }
  }
}

const expected = await inNode();
await withChromium(async (browser) => {
  /** @type {Results[]} */
  const seen = [];
  for (const isolated of [true, false])
    await withServer(isolated, async (url) => {
      for (const [place, { results, ...found }] of Object.entries(await opened(browser, url))) {
        const where = `${place}, ${isolated ? "isolated" : "not isolated"}`;
        assert.deepEqual(found, { isolated, shared: isolated }, where);
        compare(results, expected, where);
        assert.deepEqual(results, seen[0] ?? results, `${where}: other bits than in the first page`);
        seen.push(results);
        console.log(`${where}: ${Object.values(results).flatMap(Object.keys).length} programs agree`);
      }
    });

  const cases = /** @type {const} */ ([
    [policy, 1_000_000, []],
    [
      policy.replace("worker-src blob:", "worker-src 'none'"),
      1_000_000,
      [/a worker thread could not be started/],
    ],
    [policy.replace(" 'wasm-unsafe-eval'", ""), "wasm/module", []],
  ]);
  for (const [given, wanted, warnings] of cases)
    await withServer(
      true,
      async (url) => {
        const { found, said } = await underPolicy(browser, url);
        assert.equal(found, wanted, given);
        const own = said.filter((text) => text.startsWith("cotangent: "));
        assert.equal(own.length, warnings.length, `${given}: ${said.join("; ")}`);
        warnings.forEach((pattern, i) => assert.match(own[i] ?? "", pattern));
        if (given === policy) assert.deepEqual(said, [], given);
        console.log(`${given}: ${String(found)}`);
      },
      given,
    );
});
