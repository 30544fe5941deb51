import { describe, expect, test } from "vitest";
import { config } from "../../../src/core/config.ts";
import {
  activeSource,
  captureSource,
  parseStack,
  showSource,
  userPosition,
  whileStaging,
  withSource,
} from "../../../src/core/source.ts";

const library = /^(.*src\/)core\/source\.ts$/.exec(
  new URL("../../../src/core/source.ts", import.meta.url).pathname,
)![1]!;

describe.each([
  [
    "V8",
    `Error
    at captureSource (${library}core/source.ts:50:21)
    at new Model (file:///home/me/model.ts:12:5)
    at async Promise.all (index 0)
    at file:///home/me/main.ts:3:1`,
  ],
  [
    "JavaScriptCore",
    `captureSource@${library}core/source.ts:50:21
Model@file:///home/me/model.ts:12:5
[native code]
@file:///home/me/main.ts:3:1`,
  ],
  [
    "SpiderMonkey",
    `captureSource@${library}core/source.ts:50:21
Model@file:///home/me/model.ts:12:5
@file:///home/me/main.ts:3:1
`,
  ],
])("a stack of %s", (_, stack) => {
  test("is parsed frame by frame", () => {
    expect(parseStack(stack)).toEqual([
      { functionName: "captureSource", file: `${library}core/source.ts`, line: 50, column: 21 },
      { functionName: "Model", file: "file:///home/me/model.ts", line: 12, column: 5 },
      { functionName: undefined, file: "file:///home/me/main.ts", line: 3, column: 1 },
    ]);
  });
  test("leads to the user's line", () => {
    expect(userPosition(stack)).toMatchObject({ file: "file:///home/me/model.ts", line: 12 });
    expect(showSource(stack)).toBe("me/model.ts:12:5 (Model)");
  });
});

test("frames of Windows and of the web are read", () => {
  const stack =
    "    at f (C:\\me\\model.ts:1:2)\n    at g (https://me.org/app.js?v=1:3:4)\n    at eval (eval at h (x.js:1:1), <anonymous>:5:6)";
  expect(parseStack(stack).map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual([
    "C:\\me\\model.ts:1:2",
    "https://me.org/app.js?v=1:3:4",
    expect.stringContaining("5:6"),
  ]);
});

test("no stack shows nothing", () => {
  expect(showSource(undefined)).toBeUndefined();
  expect(showSource("Error: no frames")).toBeUndefined();
  expect(showSource("    at node:internal/main:1:1")).toBeUndefined();
});

test("a source is captured only while staging, once for the outermost operation", () => {
  expect(captureSource()).toBeUndefined();
  whileStaging(() => {
    const source = captureSource();
    expect(showSource(source)).toMatch(/core\/source\.test\.ts:\d+:\d+/);
    withSource(source, () => {
      expect(captureSource()).toBe(source);
      expect(activeSource()).toBe(source);
    });
    expect(activeSource()).toBeUndefined();
  });
});

test("config.sources = false captures none", () => {
  config.sources = false;
  try {
    expect(whileStaging(captureSource)).toBeUndefined();
  } finally {
    config.sources = true;
  }
});

test("how stacks are written is as it was", () => {
  const { stackTraceLimit, prepareStackTrace } = Error;
  whileStaging(captureSource);
  expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  expect(Error.prepareStackTrace).toBe(prepareStackTrace);
});

test("operations at one place have one source, and those at another have another", () => {
  const captured = [0, 1].map(() => whileStaging(() => captureSource()));
  const other = whileStaging(() => captureSource());
  expect(captured[0]).toBe(captured[1]);
  expect(showSource(other)).not.toBe(showSource(captured[0]));
});
