import { quaxify } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectSame, leaves, modules } from "./modules.ts";
import { data } from "./table.ts";
import { MyArray } from "./wrapper.ts";

// After Quax's test_lax/test_jax_array and test_numpy/test_jax_array: on plain arrays a function does inside of quaxify
// what it does outside, though every primitive has a rule. Where sizes depend on elements, Quax 0.4.6 fails.

describe.each(modules)("%s", (_name, _module, table) => {
  test.each(Object.entries(table))("%s", (_name, { call }) => {
    const expected = leaves(call(data));
    // The option has it traced, though there is nothing to box; so does a value that is captured.
    const captured = new MyArray(data.x);
    const beside = quaxify((d: typeof data, _: MyArray) => call(d));
    for (const actual of [leaves(quaxify(call, { strict: true })(data)), leaves(beside(data, captured))]) {
      expect(actual).toHaveLength(expected.length);
      actual.forEach((leaf, i) => {
        expect(leaf).not.toBeInstanceOf(MyArray);
        expectSame(leaf, expected[i]);
      });
    }
  });
});
