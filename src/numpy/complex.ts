import { isComplex, isInexact, toDType } from "../core/dtype.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { rad2deg } from "./elementwise.ts";
import { cast, defaultFloat, promote, toReal } from "./promotion.ts";
import { named, unary, type UnaryFunction } from "./ufunc.ts";

/** The real part. Dtype: float32 of complex64, else that of `x`. @see `jax.numpy.real` */
export const real: UnaryFunction = unary("real", (x) => (isComplex(x.dtype) ? lax.real(x) : x));
/** The imaginary part; 0 of real numbers. Dtype: float32 of complex64, else that of `x`. @see `jax.numpy.imag` */
export const imag: UnaryFunction = unary("imag", (x) =>
  isComplex(x.dtype) ? lax.imag(x) : lax.fullLike(x, 0),
);
/** The complex conjugate; real numbers are their own. @see `jax.numpy.conj` */
export const conj: UnaryFunction = unary("conj", (x) => (isComplex(x.dtype) ? lax.conj(x) : x));
/** {@link conj} under NumPy's long name. @see `jax.numpy.conjugate` */
export const conjugate: UnaryFunction = named("conjugate", (x) => conj(x));
/** Whether the imaginary part is not 0. Dtype: bool. @see `jax.numpy.iscomplex` */
export const iscomplex: UnaryFunction = named("iscomplex", (x) => notZero(imag(x)));
/** Whether the imaginary part is 0. Dtype: bool. @see `jax.numpy.isreal` */
export const isreal: UnaryFunction = named("isreal", (x) => lax.not(notZero(imag(x))));

const notZero = (x: ArrayValue): ArrayValue => (x.dtype === "bool" ? x : lax.ne(x, 0));

/**
 * The angle of complex numbers, from -π to π; of real ones, 0 or π. In degrees with `deg`.
 *
 * Shape: `[…s] → […s]`. Dtype: float.
 * @see `jax.numpy.angle`
 */
export function angle(
  z: Operand,
  ...rest: Optionals<[deg: boolean], { deg?: boolean | undefined }>
): ArrayValue {
  const { deg = false } = readOptions<{ deg?: boolean }>("np.angle", ["deg"], rest);
  const [x] = promote("np.angle", z);
  const dtype = isInexact(x.dtype) ? toReal(x.dtype) : toDType(defaultFloat());
  const [re, im] = [real(x), imag(x)].map((part) => cast(part, dtype, part.aval.weak, "np.angle"));
  const radians = lax.atan2(im!, re!);
  return deg ? rad2deg(radians) : radians;
}
