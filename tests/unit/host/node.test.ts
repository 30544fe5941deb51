import { describe, expect, test } from "vitest";
import type { Port, Thread } from "../../../src/host/host.ts";
import { host } from "../../../src/host/node.ts";

/** As `Promise.withResolvers`, which Node 20 lacks. */
function deferred(): { promise: Promise<unknown>; resolve: (value: unknown) => void } {
  let resolve: (value: unknown) => void = () => {};
  return { promise: new Promise((settle) => (resolve = settle)), resolve: (value) => resolve(value) };
}

/** A thread that runs `program`, the messages that come from it, and what `end` was told. */
function spawned(program: (port: Port) => void): {
  thread: Thread;
  message: Promise<unknown>;
  end: Promise<unknown>;
} {
  const message = deferred();
  const end = deferred();
  return {
    thread: host.spawn(program, { message: message.resolve, end: end.resolve }),
    message: message.promise,
    end: end.promise,
  };
}

describe("a thread of Node", () => {
  test("gets what is posted, shares memory, and answers", async () => {
    const { thread, message } = spawned((port) => {
      port.onmessage = ({ data }) => port.postMessage(Atomics.add(data as Int32Array, 0, 5));
    });
    const words = new Int32Array(new SharedArrayBuffer(4)).fill(2);
    thread.post(words);
    expect(await message).toBe(2);
    expect(words[0]).toBe(7);
    await thread.terminate();
  });

  test("says what was thrown in it", async () => {
    const { end } = spawned(() => {
      throw new Error("no use");
    });
    expect(await end).toEqual(new Error("no use"));
  });

  test("ends when it closes its port, without a reason", async () => {
    const { thread, end } = spawned((port) => {
      port.onmessage = () => port.close();
    });
    thread.post("enough");
    expect(await end).toBeUndefined();
  });

  test("is terminated though it waits", async () => {
    const { thread, message, end } = spawned((port) => {
      port.postMessage("about to wait");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });
    await message;
    await thread.terminate();
    expect(await end).toBeUndefined();
  });
});

test("some thread runs here, and a nap ends", () => {
  expect(host.parallelism).toBeGreaterThanOrEqual(1);
  expect(host.nap()).toBeUndefined();
});

/** In a function of its own: the objects may stay in the registers of the one that made them. */
const refsOf = (kept: object, others: number): WeakRef<object>[] => [
  new WeakRef(kept),
  ...Array.from({ length: others }, () => new WeakRef({})),
];

test("what nobody has any more is collected within a synchronous loop, though a WeakRef was made of it", () => {
  const kept = {};
  const refs = refsOf(kept, 100);
  expect(host.collect!()).toBe(true);
  expect(refs.map((ref) => ref.deref()).filter((x) => x !== undefined)).toEqual([kept]);
});

test("a collection leaves microtasks to their time", async () => {
  const order: string[] = [];
  const later = Promise.resolve().then(() => order.push("microtask"));
  host.collect!();
  order.push("after the collection");
  await later;
  expect(order).toEqual(["after the collection", "microtask"]);
});
