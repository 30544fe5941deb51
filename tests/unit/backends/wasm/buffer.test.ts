import { expect, test } from "vitest";
import { bufferOf, pinAll, unpinAll, WasmBuffer } from "../../../../src/backends/wasm/buffer.ts";
import { Heap } from "../../../../src/backends/wasm/heap.ts";
import { Residency } from "../../../../src/backends/wasm/residency.ts";
import { elementOfDType } from "../../../../src/backends/wasm/views.ts";
import { HostBuffer } from "../../../../src/core/backend.ts";
import { dtypeInfo, dtypes } from "../../../../src/core/dtype.ts";

const onHost = (residency: Residency, fill: number, length = 2048) =>
  bufferOf(new HostBuffer(new Float32Array(length).fill(fill)), residency);

test.each(dtypes)("data of dtype %s comes back from the device as it was", (dtype) => {
  const heap = new Heap();
  const residency = new Residency(heap);
  const { storage, lanes } = dtypeInfo[dtype];
  const data = new storage(3000 * lanes);
  const bytes = new Uint8Array(data.buffer);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7) % 251;
  const source = bufferOf(new HostBuffer(data), residency);
  pinAll([source]);
  const slot = residency.output(elementOfDType(dtype), data.length);
  heap.views.u8.copyWithin(slot.block!.address, source.address, source.address + bytes.length);
  const made = new WasmBuffer(residency, slot, residency.publish([slot]));
  unpinAll([source]);
  const back = made.read();
  expect(back.constructor).toBe(storage);
  expect(back.buffer).not.toBe(heap.memory.buffer);
  expect(new Uint8Array(back.buffer)).toEqual(bytes);
  expect(made.read()).toBe(back);
});

test("data in a subclass of a typed array is taken for what it is", () => {
  const residency = new Residency(new Heap());
  const buffer = bufferOf(new HostBuffer(Buffer.alloc(5000, 9)), residency);
  pinAll([buffer]);
  expect(residency.heap.views.u8[buffer.address + 4999]).toBe(9);
  unpinAll([buffer]);
});

test("data on the host is copied to the device once, however often it is an operand", () => {
  const residency = new Residency(new Heap());
  const host = new HostBuffer(new Float32Array(2048).fill(3));
  const buffer = bufferOf(host, residency);
  pinAll([buffer, buffer]);
  const { address } = buffer;
  expect(residency.heap.views.f32[address / 4 + 2047]).toBe(3);
  unpinAll([buffer, buffer]);
  expect(bufferOf(host, residency)).toBe(buffer);
  expect(bufferOf(buffer, residency)).toBe(buffer);
  pinAll([buffer]);
  expect(buffer.address).toBe(address);
  expect(residency.resident).toBe(8192);
  expect(buffer.read()).toBe(host.data);
  expect(bufferOf(host, new Residency(new Heap()))).not.toBe(buffer);
});

test("what was donated throws wherever it is used, and its memory is another's", () => {
  const heap = new Heap();
  const residency = new Residency(heap);
  const buffer = onHost(residency, 1);
  pinAll([buffer]);
  const { address } = buffer;
  const output = residency.adopt(buffer.donate(), "f32", 2048);
  expect(output.block!.address).toBe(address);
  expect([residency.resident, heap.live]).toEqual([8192, 8192]);
  unpinAll([buffer]);
  heap.views.f32.fill(2, address / 4, address / 4 + 2048);
  const result = new WasmBuffer(residency, output, residency.publish([output]));
  const refused = expect.objectContaining({
    name: "BackendError",
    code: "backend/donated",
    message: expect.stringContaining("Use what the call returned"),
  });
  expect(() => buffer.read()).toThrow(refused);
  expect(() => buffer.address).toThrow(refused);
  expect(() => buffer.donate()).toThrow(refused);
  expect(() => pinAll([buffer])).toThrow(refused);
  expect(buffer.donated).toBe(true);
  expect(result.read()).toEqual(new Float32Array(2048).fill(2));
});

test("data that was on the host when its copy was donated stays there", () => {
  const residency = new Residency(new Heap());
  const host = new HostBuffer(new Float32Array(2048).fill(5));
  const buffer = bufferOf(host, residency);
  pinAll([buffer]);
  residency.heap.free(buffer.donate());
  expect(residency.heap.live).toBe(0);
  const again = bufferOf(host, residency);
  expect(again).not.toBe(buffer);
  expect(again.read()).toEqual(new Float32Array(2048).fill(5));
});

test("an operand that something else uses cannot be donated", () => {
  const residency = new Residency(new Heap());
  const buffer = onHost(residency, 1);
  pinAll([buffer, buffer]);
  expect(() => buffer.donate()).toThrow(expect.objectContaining({ code: "backend/donated" }));
  unpinAll([buffer, buffer]);
  expect(buffer.read()[0]).toBe(1);
});

test("operands of a call are pinned together or not at all", () => {
  const residency = new Residency(new Heap());
  const [a, b, gone] = [onHost(residency, 1), onHost(residency, 2), onHost(residency, 3)];
  pinAll([gone]);
  residency.heap.free(gone.donate());
  pinAll([a]);
  unpinAll([a]);
  expect(() => pinAll([a, b, gone])).toThrow(expect.objectContaining({ code: "backend/donated" }));
  expect(residency.evict()).toBe(true);
  expect(residency.evict()).toBe(false);
  expect(residency.heap.live).toBe(0);
});

test("where operands do not fit, none stays pinned and the message says what they need", () => {
  const residency = new Residency(new Heap({ limit: 2 ** 20 }));
  const operands = Array.from({ length: 3 }, () => onHost(residency, 1, 100_000));
  expect(() => pinAll(operands)).toThrow(/^operands from the host need 400000 bytes/);
  while (residency.evict());
  expect(residency.heap.live).toBe(0);
  pinAll(operands.slice(1));
  unpinAll(operands.slice(1));
});

test("an operand that is on the device is not evicted for one that is not", () => {
  const residency = new Residency(new Heap(), { budget: 20_000 });
  const [old, fresh] = [onHost(residency, 1), onHost(residency, 2)];
  pinAll([old]);
  const { address } = old;
  unpinAll([old]);
  const between = onHost(residency, 3);
  pinAll([between]);
  unpinAll([between]);
  // `old` is the least recently used, and there is no room for `fresh` beside both.
  pinAll([fresh, old]);
  expect(old.address).toBe(address);
  expect(residency.resident).toBe(16_384);
});
