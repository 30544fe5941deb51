import { type ArrayValue, grad, jit, nn, numpy as np, tree } from "cotangent";
import { expect, test } from "vitest";

class Affine extends nn.Module {
  constructor(
    readonly scale: ArrayValue,
    readonly shift: ArrayValue,
    readonly power = 2,
  ) {
    super();
  }
  forward(x: ArrayValue): ArrayValue {
    return np.add(np.multiply(this.scale, np.power(x, this.power)), this.shift);
  }
}
const affine = new Affine(np.array(3), np.array(1));

test("the arrays of a module are its leaves, its numbers part of its structure", () => {
  expect(tree.leavesWithPath(affine).map(([path]) => tree.pathToString(path))).toEqual([".scale", ".shift"]);
  expect(String(tree.structure(affine))).toBe("Affine(scale=*, shift=*, power=2)");
});

test("the text of a module has the types of its arrays, traced ones too", () => {
  const texts: string[] = [];
  jit((m: Affine) => (texts.push(String(m)), m.shift))(affine);
  const text = "Affine(scale=f32[], shift=f32[], power=2)";
  expect([String(affine), ...texts]).toEqual([text, text]);
});

test("a module stands for its forward method in every transformation", () => {
  expect(jit(affine)(np.array(2)).item()).toBe(13);
  const gradient = grad((m: Affine, x: ArrayValue) => m.forward(x))(affine, np.array(2)) as Affine;
  expect(gradient).toBeInstanceOf(Affine);
  expect([gradient.scale.item(), gradient.shift.item(), gradient.power]).toEqual([4, 1, 2]);
});

test("tree.at makes another one", () => {
  const other = tree.at((m) => m.shift, affine, np.array(-1));
  expect([other.forward(np.array(1)).item(), affine.forward(np.array(1)).item()]).toEqual([2, 4]);
});

test("a module whose state would be lost is refused", () => {
  class Counter extends nn.Module {
    #calls = 0;
    forward(x: ArrayValue): ArrayValue {
      return np.multiply(x, ++this.#calls);
    }
  }
  expect(() => jit(new Counter())(np.array(1))).toThrow("private #calls of Counter would be lost");
});
