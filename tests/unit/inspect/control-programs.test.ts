import { describe, expect, test } from "vitest";
import {
  type ArrayValue,
  checkpoint,
  grad,
  inspect,
  jacfwd,
  jit,
  jvp,
  lax,
  linearize,
  makeJaxpr,
  numpy as np,
  vmap,
} from "cotangent";
import { concrete } from "../../laws/compare.ts";

// Programs that hold programs: their text and JSON say all of them.

const x3 = np.array([0.5, -1, 2]);
const scanned = (x: ArrayValue) =>
  lax.scan(
    (c: ArrayValue, y: ArrayValue) => [np.add(c, np.multiply(y, 2)), np.sin(c)] as [ArrayValue, ArrayValue],
    np.float32(1),
    x,
  )[1];
const branched = (x: ArrayValue) =>
  lax.cond(
    np.greater(np.sum(x), 0),
    (y: ArrayValue) => np.sin(y),
    (y: ArrayValue) => np.multiply(y, 2),
    x,
  );
const programs: readonly (readonly [name: string, f: (x: ArrayValue) => unknown])[] = [
  ["cond", branched],
  ["the gradient of cond", (x) => grad((y: ArrayValue) => np.sum(branched(y)))(x)],
  ["switch in a batch", (x) => vmap((y: ArrayValue) => lax.switch(np.astype(y, "int32"), [np.sin, np.cos, np.tan] as never, y))(x)],
  ["while", (x) => lax.whileLoop((y: ArrayValue) => np.less(np.sum(y), 100), (y: ArrayValue) => np.multiply(y, 2), x)],
  ["the derivative of while", (x) => jvp((z: ArrayValue) => lax.whileLoop((y: ArrayValue) => np.less(np.sum(y), 100), (y: ArrayValue) => np.multiply(y, 2), z), [x], [x])],
  ["a loop with numbers for its carry", (x) => lax.foriLoop(0, 3, (i: ArrayValue, c: ArrayValue) => np.add(c, np.multiply(x, i)), x)],
  ["a weak carry", (x) => lax.scan((c: ArrayValue, y: ArrayValue) => [np.multiply(c, 2), np.add(c, y)] as [ArrayValue, ArrayValue], np.weak(1, "int") as ArrayValue, x)],
  ["scan", scanned],
  ["the gradient of scan", (x) => grad((y: ArrayValue) => np.sum(scanned(y)))(x)],
  ["the gradient of a scan with a weak carry", (x) => grad((y: ArrayValue) => lax.scan((c: ArrayValue, z: ArrayValue) => [np.add(c, z), null] as [ArrayValue, null], np.weak(0.5, "float") as ArrayValue, y)[0])(x)],
  ["scan in scan in a batch", (x) => vmap((y: ArrayValue) => lax.scan((c: ArrayValue) => [np.add(c, np.sum(lax.scan((d: ArrayValue) => [np.multiply(d, y), d] as [ArrayValue, ArrayValue], c, null, { length: 2 })[1])), null] as [ArrayValue, null], y, null, { length: 2 })[0])(x)],
  ["a checkpoint in a loop", (x) => grad((y: ArrayValue) => np.sum(lax.scan(checkpoint((c: ArrayValue, z: ArrayValue) => [np.sin(np.multiply(c, z)), c] as [ArrayValue, ArrayValue]) as never, np.float32(1), y)[1] as ArrayValue))(x)],
  ["a linear solve", (x) => lax.customLinearSolve((v: ArrayValue) => np.multiply(v, 3), x, ((_f: unknown, b: ArrayValue) => np.divide(b, 3)) as never)],
  ["a cumulative reduction", (x) => lax.associativeScan(np.multiply as never, x)],
  ["a branch that is written ahead of the others", (x) => jacfwd(grad((y: ArrayValue) => np.sum(lax.foriLoop(0, 2, (_i: ArrayValue, c: ArrayValue) => np.tanh(lax.cond(np.greater(np.sum(c), 0), np.tanh, np.sin, c) as ArrayValue), y))))(x)],
  ["a loop and its derivative, which have variables in common", (x) => linearize((z: ArrayValue) => vmap((y: ArrayValue) => lax.whileLoop((y: ArrayValue) => np.less(y, 100), (y: ArrayValue) => np.multiply(y, 2), np.square(y)))(z), [x])[1](x)],
  ["calls in branches", (x) => lax.cond(true, jit((y: ArrayValue) => np.sin(y)), jit((y: ArrayValue) => np.cos(y)), x)],
]; // prettier-ignore

describe.each(programs)("%s", (_name, f) => {
  const program = makeJaxpr(f)(x3);
  const expected = inspect.evalJaxpr(program, [x3]);
  const same = (read: ReturnType<typeof inspect.parseJaxpr>): void => {
    inspect.checkJaxpr(read);
    expect(String(read)).toBe(String(program));
    inspect.evalJaxpr(read, [x3]).forEach((out, i) => {
      // A text does not tell a weak type; JSON does.
      expect(out.dtype).toBe(expected[i]!.dtype);
      expect(concrete(out).storage, "read").toEqual(concrete(expected[i]!).storage);
    });
  };

  test("is read as it was printed", () => {
    same(inspect.parseJaxpr(String(program), program.consts));
  });

  test("is read as it was written in JSON, and simplified too", () => {
    for (const form of [program, inspect.simplify(program)]) {
      const json = inspect.toJSON(form);
      const read = inspect.fromJSON(JSON.parse(JSON.stringify(json)));
      expect(inspect.toJSON(read)).toEqual(json);
      expect(read.outAvals).toEqual(form.outAvals);
      if (form === program) same(read);
    }
  });
});
