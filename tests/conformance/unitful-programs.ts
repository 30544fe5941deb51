import { type ArrayValue, grad, jit, jvp, lax, numpy as np, quaxify, vmap } from "cotangent";
import type { Program } from "./golden.ts";
import type { ValuePrograms } from "./value-programs.ts";

type Binary = (x: ArrayValue, y: ArrayValue) => unknown;
const binary = (f: Binary): Program => quaxify(f) as Program;

const add = binary((x, y) => np.add(x, y));
const multiply = binary((x, y) => np.multiply(x, y));
const less = binary((x, y) => np.less(x, y));
const product = (x: ArrayValue, y: ArrayValue) => np.multiply(x, y);
const square = (x: ArrayValue) => lax.mul(x, x);

type Ternary = (a: ArrayValue, b: ArrayValue, c: ArrayValue) => ArrayValue;
const ternary = (f: Ternary): Program => quaxify(f) as Program;

/** `a + b`, or `a + c`. */
const choose =
  (pred: boolean): Ternary =>
  (a, b, c) => {
    const sums = [(x: ArrayValue) => np.add(x, b), (x: ArrayValue) => np.add(x, c)] as const;
    return lax.cond(pred, ...sums, a);
  };
/** `a + b + b + …` until it is no less than `c`. */
const climb: Ternary = (a, b, c) =>
  lax.whileLoop(
    (x: ArrayValue) => np.squeeze(np.less(x, c)),
    (x: ArrayValue) => np.add(x, b),
    a,
  );
const switched: Ternary = (a, b, c) =>
  lax.switch(0, [() => np.add(a, b), () => np.add(a, c), () => np.add(np.add(a, b), c)]);
const each = [null, null, 0] as const;

const metres = (exponent: number, value: number) => ({
  type: "Unitful",
  array: { dtype: "float32", shape: [], data: [value] },
  units: { m: exponent },
});

export const unitful: ValuePrograms = {
  programs: {
    "unitful/add": add,
    "unitful/add_mismatch": add,
    "unitful/add_unitless_array": add,
    "unitful/bcast_add": add,
    "unitful/mul_same_dim": multiply,
    "unitful/mul_cancel": multiply,
    "unitful/mul_scalar_l": quaxify((x: ArrayValue) => np.multiply(3, x)) as Program,
    "unitful/mul_scalar_r": multiply,
    "unitful/mul_bcast": multiply,
    "unitful/pow_neg": quaxify((x: ArrayValue) => np.power(x, -1)) as Program,
    "unitful/lt": less,
    "unitful/lt_mismatch": less,
    "unitful/jit_mul": binary(jit(product)),
    "unitful/vmap_mul": binary(vmap(product)),
    "unitful/jvp_inside": binary((x, t) => jvp(square, [x], [t])),
    "unitful/grad_inside": quaxify(grad(square)) as Program,
    "unitful/cond_True": ternary(choose(true)),
    "unitful/cond_jit_True": ternary(jit(choose(true))),
    "unitful/cond_vmap_True": ternary(vmap(choose(true), { inAxes: each })),
    "unitful/cond_vmap_False": ternary(vmap(choose(false), { inAxes: each })),
    "unitful/cond_traced_pred_False": quaxify(
      (a: ArrayValue, b: ArrayValue, c: ArrayValue, pred: ArrayValue) =>
        lax.cond(pred, () => np.add(a, b), () => np.add(a, c)),
    ) as Program, // prettier-ignore
    "unitful/cond_jvp_False": binary((x, t) =>
      jvp((a: ArrayValue) => lax.cond(false, () => np.add(a, x), () => np.add(a, np.multiply(x, 2))), [x], [t]),
    ), // prettier-ignore
    "unitful/switch_0": ternary(switched),
    "unitful/while_basic": ternary(climb),
    "unitful/while_jit": ternary(jit(climb)),
    "unitful/while_vmap": ternary(vmap(climb, { inAxes: each })),
    "unitful/while_jvp": quaxify((x: ArrayValue, c: ArrayValue, t: ArrayValue) =>
      jvp((a: ArrayValue) => climb(a, x, c), [x], [t]),
    ) as Program,
    "unitful/while_metadata_change": binary((x, c) =>
      lax.whileLoop((a: ArrayValue) => np.less(a, c), (a: ArrayValue) => np.multiply(a, a), x),
    ), // prettier-ignore
    "unitful/scan_add": binary((c, xs) =>
      lax.scan((carry: ArrayValue, x: ArrayValue) => [np.add(carry, x), carry], c, xs),
    ), // prettier-ignore
    "unitful/scan_metadata_change": binary((c, xs) =>
      lax.scan((carry: ArrayValue, x: ArrayValue) => [np.multiply(carry, x), null], c, xs),
    ), // prettier-ignore
    "unitful/fori_add": quaxify((a: ArrayValue) =>
      lax.foriLoop(0, 3, (_i: ArrayValue, c: ArrayValue) => np.add(c, a), a),
    ) as Program,
  },
  better: {
    // ∂(x²) is 2·x·∂x, and the derivative of m² by m is in m.
    "unitful/jvp_inside": [metres(2, 4), metres(2, 4)],
    "unitful/grad_inside": metres(1, 4),
  },
  refusals: {
    "unitful/add_mismatch": "Cannot add two arrays with units {m: 1} and {kg: 1}.",
    "unitful/lt_mismatch": "Cannot compare two arrays with units {m: 1} and {s: 1}.",
    "unitful/add_unitless_array": "Cannot add two arrays with units {m: 1} and {}.",
    "unitful/while_metadata_change":
      "whileLoop: entry 0 of the carry, before and after the body, must have one structure",
    "unitful/scan_metadata_change":
      "scan: entry 0 of the carry, before and after the body, must have one structure",
  },
};
