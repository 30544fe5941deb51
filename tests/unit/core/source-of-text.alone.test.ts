import { expect, test, vi } from "vitest";

test("where an engine has stacks as texts only, they are read", async () => {
  const before = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
  Object.defineProperty(Error, "prepareStackTrace", {
    value: undefined,
    writable: false,
    configurable: true,
  });
  try {
    vi.resetModules();
    const again = await import("../../../src/core/source.ts");
    const source = again.whileStaging(() => again.captureSource());
    expect(again.showSource(source)).toMatch(/core\/source-of-text\.alone\.test\.ts:\d+:\d+/);
  } finally {
    if (before) Object.defineProperty(Error, "prepareStackTrace", before);
    else Reflect.deleteProperty(Error, "prepareStackTrace");
  }
});
