import { type ArrayValue, ArrayValue as ArrayValueClass, type Aval, type Value } from "../src/core/value.ts";
import { type DefaultRule, register } from "../src/interpreters/quax.ts";
import { add, mul, sub } from "../src/lax/index.ts";

// The classes of the `core/…` goldens.

/** Wraps an array, and may become it; without rules. */
export class P extends ArrayValueClass {
  constructor(readonly array: ArrayValue) {
    super();
  }
  override get aval(): Aval {
    return this.array.aval;
  }
  override materialise(): ArrayValue {
    return this.array;
  }
}

const rewrapped =
  (make: (x: ArrayValue) => Value): DefaultRule =>
  (prim, operands, params) =>
    prim
      .bind(
        operands.map((x) => x.materialise()),
        params,
      )
      .map(make);

/** Its default keeps it. */
export class D1 extends P {
  static default: DefaultRule = rewrapped((x) => new D1(x));
}
/** Another default. */
export class D2 extends P {
  static default: DefaultRule = rewrapped((x) => new D2(x));
}

/** `x · y + 100` for two of them. */
export class R extends P {}
register(mul, [R, R], ([x, y]) => new R(add(mul(x.array, y.array), 100)));

export class Sub extends R {}

/** Subtraction is ambiguous for two of them. */
export class Hi extends P {}
register(sub, [Hi, ArrayValueClass], ([x]) => x.array);
register(sub, [ArrayValueClass, Hi], ([, y]) => y.array);

/** Subtraction of two of them is decided by precedence. */
export class Pr extends P {}
register(sub, [Pr, ArrayValueClass], ([x]) => x.array, { precedence: 1 });
register(sub, [ArrayValueClass, Pr], ([, y]) => y.array);
