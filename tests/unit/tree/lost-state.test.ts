import { expect, test } from "vitest";
import { leaves, TreeError } from "../../../src/tree/index.ts";
import { Dense, Linear, Module } from "./sample.ts";

class Counter extends Module {
  #count = 0;
  weight = new Dense(1);
  next = () => 1;
  get count() {
    return this.#count;
  }
}

test("private state is refused by name, with the remedy and the path", () => {
  const message = "private #count of Counter would be lost; use a plain (or TypeScript `private`) field";
  const path = [
    { kind: "key", key: "a" },
    { kind: "index", key: 0 },
  ];
  const error = expect.objectContaining({ code: "private-state", message, path });
  expect(() => leaves({ a: [new Counter()] })).toThrow(error);
  expect(() => leaves({ a: [new Counter()] })).toThrow(error); // each time, not only the first
});

test("private state of a superclass is refused, private methods too", () => {
  class Derived extends Counter {}
  class Method extends Module {
    #step() {
      return 1;
    }
    forward() {
      return this.#step();
    }
  }
  expect(() => leaves(new Derived())).toThrow("private #count of Counter");
  expect(() => leaves(new Method())).toThrow("private #step of Method");
});

test("static private members, and # in comments and text, are no state", () => {
  class Fine extends Module {
    static #made = 0;
    // #count = 0;
    color = "#count = 1";
    made() {
      return `#x; ${++Fine.#made}`;
    }
  }
  expect(leaves(new Fine())).toEqual([]);
});

test("an own arrow function that mentions `this` is refused", () => {
  class Stale extends Module {
    scale = 2;
    forward = async (x: number) => {
      return x * this.scale;
    };
  }
  expect(() => leaves([new Stale()])).toThrow(
    expect.objectContaining({
      code: "stale-function",
      message:
        "field forward of Stale is an arrow function that mentions `this`: " +
        "in a rebuilt Stale it would act on the old one; make it a method",
      path: [{ kind: "index", key: 0 }],
    }),
  );
});

test("a bound method is refused", () => {
  class Bound extends Module {
    forward = this.run.bind(this);
    run() {
      return this;
    }
  }
  expect(() => leaves(new Bound())).toThrow("field forward of Bound is a bound function");
});

test("functions that do not hold on to the instance are static fields", () => {
  class Fine extends Module {
    arrow = (x: number) => x; // not this
    text = () => "this";
    plain = function (this: unknown) {
      return this;
    };
    native = Math.sin;
  }
  expect(leaves(new Fine())).toEqual([]);
});

test("an arrow function from elsewhere keeps the `this` of its author", () => {
  class Trainer {
    readonly scale = 2;
    readonly linear = new Linear(new Dense(1), null, (x) => x * this.scale);
  }
  class Own extends Linear {}
  const { activation } = new Trainer().linear;
  expect(leaves(new Own(new Dense(1), null, activation))).toHaveLength(1);
});

test("only the first instance of a class is looked at", () => {
  class Changing extends Module {
    readonly f: unknown;
    constructor(f: unknown) {
      super();
      this.f = f;
    }
  }
  leaves(new Changing(null));
  expect(leaves(new Changing(Math.sin.bind(null)))).toEqual([]);
  expect(() => leaves(new Counter())).toThrow(TreeError);
});
