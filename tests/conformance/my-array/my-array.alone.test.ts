import { type ArrayValue, CotangentError, jit, lax, numpy as np, quaxify } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectSame, isArray, leaves, modules } from "./modules.ts";
import { data, type Data, kept, type Row } from "./table.ts";
import { MyArray } from "./wrapper.ts";

// After Quax's test_lax/test_myarray and test_numpy/test_myarray: every function, over a wrapper that a user could have
// written, keeps the wrapper or drops it as the table says.

const wrapped = Object.fromEntries(
  Object.entries(data).map(([name, x]) => [name, new MyArray(x)]),
) as unknown as Data;

function check(row: Row, run: (d: Data) => unknown): void {
  if (row.kind === "refused") return expect(() => run(wrapped)).toThrow(CotangentError);
  if (row.kind === "shown") return expect(run(wrapped)).toMatch(/\(float32\[2,2\]\)$/);
  const [actual, expected] = [leaves(run(wrapped)), leaves(row.call(data))];
  expect(actual).toHaveLength(expected.length);
  actual.forEach((leaf, i) => expectSame(leaf, expected[i]));
  const held = actual.filter(isArray).map((leaf) => leaf instanceof MyArray);
  const due = row.kind === "mixed" ? row.kept : held.map(() => row.kind === "kept");
  expect(held).toEqual(due);
}

describe.each(modules)("%s", (_name, module, table) => {
  test("every function of it is in the table, and nothing else", () => {
    const functions = Object.entries(module).filter(([, f]) => typeof f === "function" || isPrimitive(f));
    expect(Object.keys(table).toSorted()).toEqual(functions.map(([name]) => name).toSorted());
  });
  test.each(Object.entries(table))("%s", (_name, row) => {
    check(row, row.call);
    check(row, quaxify(row.call));
    if (row.kind === "kept" || row.kind === "mixed") check(row, jit(quaxify(row.call)));
    if (row.kind !== "refused" || !row.sized) return;
    check(kept(row.sized), row.sized);
    check(kept(row.sized), quaxify(row.sized));
  });
});

const isPrimitive = (f: unknown): boolean => typeof f === "object" && f !== null && "primitive" in f;

test.each([true, false])("cond over functions that return a captured wrapper, where it is %s", (pred) => {
  const choose = (pred: ArrayValue | boolean, x: ArrayValue, y: ArrayValue): ArrayValue =>
    lax.cond(
      pred,
      () => x,
      () => y,
    );
  const [x, y] = [wrapped.x, wrapped.y];
  for (const f of [choose, quaxify(choose)])
    for (const p of [pred, np.array(pred)]) {
      const out = f(p, x, y);
      expect(out).toBeInstanceOf(MyArray);
      expectSame(out, pred ? data.x : data.y);
    }
});
