import {
  type ArrayValue,
  evalShape,
  jit,
  lax,
  makeJaxpr,
  numpy as np,
  ShapeDtypeStruct,
  vmap,
} from "cotangent";
import { describe, expect, test } from "vitest";

describe("an array shares no memory with what it was made of", () => {
  test.each([
    new Float32Array([1, 2, 3]),
    new Int32Array([1, 2, 3]),
    new Uint8Array([1, 2, 3]),
    new Uint8ClampedArray([1, 2, 3]),
    new Float64Array([1, 2, 3]),
    Buffer.from([1, 2, 3]),
    new Uint8Array(new SharedArrayBuffer(3)).fill(1),
  ])("%o", (data) => {
    const before = Array.from(data);
    const [array, also, jitted, mapped] = [
      np.array(data),
      np.asarray(data),
      jit((x: ArrayValue) => x)(data as never),
      vmap((x: ArrayValue) => x)(data as never),
    ];
    data.fill(9);
    for (const x of [array, also, jitted, mapped]) expect(Array.from(x.data as Float32Array)).toEqual(before);
  });
  test("bigints", () => {
    const data = new BigInt64Array([1n, -2n]);
    const x = np.array(data);
    data.fill(9n);
    expect(x.toList()).toEqual([1, -2]);
    expect(jit((x: ArrayValue) => x)(new BigUint64Array([3n]) as never).toList()).toEqual([3]);
  });
  test("a list of typed arrays", () => {
    const row = new Float32Array([1, 2]);
    const x = np.array([row, row]);
    row.fill(9);
    expect(x.toList()).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });
});

describe("what an array gives is the caller's own", () => {
  test("data", () => {
    const x = np.array([1, 2, 3]);
    (x.data as Float32Array).fill(9);
    (x.toList() as number[]).fill(9);
    expect(x.toList()).toEqual([1, 2, 3]);
  });
  test("data of views: reshaped, transposed, sliced and converted arrays", () => {
    const x = np.array([
      [1, 2],
      [3, 4],
    ]);
    for (const view of [
      np.reshape(x, [4]),
      np.transpose(x),
      x.get(0),
      x.get(":", "0:1"),
      x.astype(np.float32),
      np.expandDims(x, 0),
      np.asarray(x),
      lax.copy(x),
      lax.stopGradient(x),
    ])
      (view.data as Float32Array).fill(9);
    expect(x.toList()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });
  test("results of jit that are its arguments or its constants", () => {
    const c = np.array([5, 6]);
    const f = jit((x: ArrayValue) => [x, c, np.add(x, c)]);
    const x = np.array([1, 2]);
    for (const out of f(x)) (out.data as Float32Array).fill(9);
    expect([x.toList(), c.toList(), f(x)[1]!.toList(), f(x)[2]!.toList()]).toEqual([
      [1, 2],
      [5, 6],
      [5, 6],
      [6, 8],
    ]);
  });
});

describe("lists that were given stay the caller's own", () => {
  const grown = <T>(list: number[], run: () => T): T => {
    const result = run();
    list.fill(77);
    list.push(88);
    return result;
  };
  const shapes: Readonly<Record<string, (list: number[]) => ArrayValue>> = {
    "np.zeros": (list) => np.zeros(list),
    "np.full": (list) => np.full(list, 1),
    "np.reshape": (list) => np.reshape(np.arange(6), list),
    "np.broadcastTo": (list) => np.broadcastTo(1, list),
    "lax.full": (list) => lax.full(list, 1),
    "lax.reshape": (list) => lax.reshape(np.arange(6), list),
    "lax.broadcast": (list) => lax.broadcast(1, list),
    "lax.broadcastInDim": (list) => lax.broadcastInDim(1, list, []),
    "lax.iota": (list) => lax.broadcastedIota("int32", list, 0),
  };
  test.each(Object.entries(shapes))("shapes: %s", (_, make) => {
    const list = [2, 3];
    expect(grown(list, () => make(list)).shape).toEqual([2, 3]);
    const again = [2, 3];
    const closed = grown(again, () => makeJaxpr(() => make(again))());
    expect(closed.outAvals[0]!.shape).toEqual([2, 3]);
    expect(String(closed)).not.toContain("77");
  });
  test("axes", () => {
    const [axes, permutation] = [[0], [1, 0]];
    const staged = makeJaxpr((x: ArrayValue) => [
      lax.reduceSum(x, axes),
      lax.transpose(x, permutation),
      lax.squeeze(np.expandDims(x, 0), axes),
      lax.rev(x, axes),
    ])(np.ones([2, 3]));
    axes.fill(77);
    permutation.fill(77);
    expect(String(staged)).not.toContain("77");
  });
  test("structs", () => {
    const list = [2, 3];
    const struct = grown(list, () => new ShapeDtypeStruct(list, np.float32));
    expect(evalShape((x: ArrayValue) => x, struct).shape).toEqual([2, 3]);
  });
});
