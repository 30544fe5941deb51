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
  },
};
