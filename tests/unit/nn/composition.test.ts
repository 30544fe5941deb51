import { type ArrayValue, nn, numpy as np, random } from "cotangent";
import { describe, expect, test } from "vitest";

const [k1, k2] = random.split(random.key(19));

describe("a sequence of layers", () => {
  test("applies one after another", () => {
    const [first, last] = [new nn.Linear(3, 4, { key: k1! }), new nn.Linear(4, 2, { key: k2! })];
    const model = new nn.Sequential([first, new nn.Lambda(nn.relu), new nn.Identity(), last]);
    const x = np.array([0.3, -0.7, 2]);
    expect(model.forward(x).toList()).toEqual(last.forward(nn.relu(first.forward(x))).toList());
    expect(new nn.Sequential([]).forward(x)).toBe(x);
  });

  test("gives each layer a key of its own", () => {
    const seen: (ArrayValue | null | undefined)[] = [];
    class Watch extends nn.Module {
      forward(x: ArrayValue, options?: nn.ForwardOptions): ArrayValue {
        seen.push(options?.key);
        return x;
      }
    }
    const key = random.key(5);
    const model = new nn.Sequential([new Watch(), new Watch()]);
    model.forward(np.array([1]), { key });
    expect(seen.map((k) => random.keyData(k!).toList())).toEqual(
      random.keyData(random.split(key, 2)).toList(),
    );
    model.forward(np.array([1]));
    expect(seen.slice(2)).toEqual([null, null]);
  });

  test("is made of layers", () => {
    expect(() => new nn.Sequential([nn.relu as never])).toThrow(
      "layer 0 has no forward method, it is the function relu: wrap it in nn.Lambda",
    );
    expect(() => new nn.Lambda(3 as never)).toThrow("nn.Lambda takes a function, got the number 3");
  });
});
