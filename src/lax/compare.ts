import type { DType } from "../core/dtype.ts";
import { type Binary, defineBinary, defineUnary, type Unary } from "./elementwise.ts";

const bool = { result: (): DType => "bool", jvp: "none" } as const;

/**
 * Whether `x = y`, elementwise; NaN equals nothing, and keys are equal if their words are.
 *
 * Shapes and errors as `add`. Dtype: any, both the same; the result is bool.
 * @see `jax.lax.eq`
 */
export const eq: Binary<"eq"> = defineBinary("eq", "any", bool);

/** Whether `x ≠ y`; as `eq`. @see `jax.lax.ne` */
export const ne: Binary<"ne"> = defineBinary("ne", "any", bool);

/** Whether `x < y`, elementwise; false beside NaN. Dtype: any but complex ones and keys. @see `jax.lax.lt` */
export const lt: Binary<"lt"> = defineBinary("lt", "ordered", bool);

/** Whether `x ≤ y`; as `lt`. @see `jax.lax.le` */
export const le: Binary<"le"> = defineBinary("le", "ordered", bool);

/** Whether `x > y`; as `lt`. @see `jax.lax.gt` */
export const gt: Binary<"gt"> = defineBinary("gt", "ordered", bool);

/** Whether `x ≥ y`; as `lt`. @see `jax.lax.ge` */
export const ge: Binary<"ge"> = defineBinary("ge", "ordered", bool);

/** Whether `x`, a float, is neither infinite nor NaN. @see `jax.lax.is_finite` */
export const isFinite: Unary<"is_finite"> = defineUnary("is_finite", "float", bool);
