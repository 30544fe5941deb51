import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { host } from "../../../src/host/browser.ts";

/** The Web Workers that were started, as far as a page sees them. */
const workers: FakeWorker[] = [];
class FakeWorker {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: ((event: { message?: string }) => void) | null = null;
  readonly posted: unknown[] = [];
  terminated = false;
  constructor(readonly url: string) {
    workers.push(this);
  }
  postMessage(data: unknown): void {
    this.posted.push(data);
  }
  terminate(): void {
    this.terminated = true;
  }
}

beforeEach(() => {
  workers.length = 0;
  vi.stubGlobal("Worker", FakeWorker);
});
afterEach(() => vi.unstubAllGlobals());

const message = vi.fn<(data: unknown) => void>();
const end = vi.fn<(why: unknown) => void>();
const program = (port: { postMessage(message: unknown): void }): void => port.postMessage("up");

test("a worker's program is a script in memory that runs on its global scope", async () => {
  host.spawn(program, { message, end });
  const script = await (await fetch(workers[0]!.url)).text();
  const up: unknown[] = [];
  // oxlint-disable-next-line typescript/no-implied-eval
  new Function("self", script)({ postMessage: (data: unknown) => up.push(data) });
  expect(up).toEqual(["up"]);
});

test("messages go both ways", () => {
  const thread = host.spawn(program, { message, end });
  thread.post(1);
  workers[0]!.onmessage?.({ data: 2 });
  expect(workers[0]!.posted).toEqual([1]);
  expect(message).toHaveBeenLastCalledWith(2);
});

test("a worker that fails is stopped, and its end is told once, with the reason", async () => {
  end.mockClear();
  const thread = host.spawn(program, { message, end });
  workers[0]!.onerror?.({ message: "Uncaught Error: no use" });
  await thread.terminate();
  expect(workers[0]!.terminated).toBe(true);
  expect(end.mock.calls).toEqual([["Uncaught Error: no use"]]);
  await expect(fetch(workers[0]!.url)).rejects.toThrow("fetch failed");
});
