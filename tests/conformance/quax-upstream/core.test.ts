import { ArrayValue, DispatchError, jit, lax, makeJaxpr, numpy as np, quaxify, register } from "cotangent";
import { expect, test } from "vitest";

// After Quax's test_core, from its description.

class Wrapper extends ArrayValue {
  constructor(readonly array: ArrayValue) {
    super();
  }
  override get aval() {
    return this.array.aval;
  }
  override materialise(): ArrayValue {
    return this.array;
  }
}

test("an inlined jit leaves no call in the program", () => {
  const f = jit((x: ArrayValue) => np.add(np.multiply(2, x), 1), { inline: true });
  const text = String(makeJaxpr(quaxify(f))(np.ones([3])));
  expect(text).not.toMatch(/pjit|jit\[/);
  expect(text).toContain("mul");
  expect(String(makeJaxpr((x: ArrayValue) => quaxify(f)(new Wrapper(x)))(np.ones([3])))).not.toMatch(/jit\[/);
});

test("a default of its own is asked where no rule matches, and only there", () => {
  const asked: string[] = [];
  class Recorded extends Wrapper {
    static default(prim: typeof lax.add, operands: readonly ArrayValue[], params: object): ArrayValue {
      asked.push(prim.primitive);
      return new Recorded(prim.bind(operands.map((x) => (x instanceof Recorded ? x.array : x)) as never, params)[0]!); // prettier-ignore
    }
  }
  register(lax.mul, [Recorded, Recorded], ([x, y]) => new Recorded(lax.mul(x.array, y.array)));
  const f = (a: ArrayValue, b: ArrayValue, c: ArrayValue) => np.add(a, np.multiply(b, c));
  const [two, three, four] = [2, 3, 4].map((x) => new Recorded(np.array(x)));
  const out = quaxify(f)(two!, three!, four!);
  expect(out).toBeInstanceOf(Recorded);
  expect([(out as Recorded).array.item(), asked]).toEqual([14, ["add"]]);

  asked.length = 0;
  const mixed = quaxify(f)(two!, np.array(3), four!);
  expect(mixed).toBeInstanceOf(Recorded);
  expect([(mixed as Recorded).array.item(), asked]).toEqual([14, ["mul", "add"]]);
});

test("two classes with defaults of their own are an error", () => {
  const keep = (prim: typeof lax.add, operands: readonly ArrayValue[], params: object): ArrayValue =>
    prim.bind(operands.map((x) => x.materialise()) as never, params)[0]!;
  class First extends Wrapper {
    static default = (...args: Parameters<typeof keep>) => keep(...args);
  }
  class Second extends Wrapper {
    static default = (...args: Parameters<typeof keep>) => keep(...args);
  }
  const run = () => quaxify(np.add)(new First(np.array(1)), new Second(np.array(2)));
  expect(run).toThrow(DispatchError);
  expect(run).toThrow("add: several classes define a default rule: First, Second");
});

test("a primitive without any rule is applied to plain arrays as it is", () => {
  const f = (x: ArrayValue, q: ArrayValue) => lax.zeta(x, q);
  const [x, q] = [np.array(2.5), np.array(0.3)];
  // A value among the arguments, so that there is a trace.
  const out = quaxify((x: ArrayValue, q: ArrayValue, _v: ArrayValue) => f(x, q))(
    x,
    q,
    new Wrapper(np.array(0)),
  );
  expect(out.item()).toBe(f(x, q).item());
});
