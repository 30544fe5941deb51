import "./numpy/methods.ts";
import "./backends/default.ts";

export { setBackend } from "./core/backend.ts";
export { config } from "./core/config.ts";
export type { DType, DTypeLike } from "./core/dtype.ts";
export {
  ArgumentError,
  BackendError,
  ConcretizationError,
  CotangentError,
  DifferentiationError,
  DispatchError,
  DTypeError,
  EscapedTracerError,
  FileError,
  JaxprError,
  MaterialiseError,
  NonFiniteError,
  ParseError,
  ShapeError,
  UnitsError,
} from "./core/errors.ts";
export type { ClosedJaxpr, Jaxpr } from "./core/jaxpr.ts";
export * as paramKinds from "./core/param-kind.ts";
export {
  type CheckpointPolicy,
  definePrimitive,
  type Derived,
  type Op,
  type Primitive,
} from "./core/primitive.ts";
export { ArrayValue, type Aval, Dense, NDArray, type Operand, Value } from "./core/value.ts";
export {
  checkpoint,
  checkpointName,
  type CheckpointOptions,
  checkpointPolicies,
  customJvp,
  type CustomJvp,
  type CustomJvpOptions,
  customVjp,
  type CustomVjp,
  type CustomVjpOptions,
  CustomVjpPrimal,
  customVjpPrimalTreeValues,
  ioCallback,
  jit,
  type JitOptions,
  pureCallback,
} from "./control/index.ts";
export { closureConvert } from "./interpreters/closure.ts";
export { hessian, jacfwd, jacrev, type JacobianOptions } from "./interpreters/jacobian.ts";
export { jet, type JetOptions } from "./interpreters/jet.ts";
export { jvp, type JvpOptions } from "./interpreters/jvp.ts";
export { linearTranspose } from "./interpreters/linear-transpose.ts";
export { linearize, type LinearizeOptions } from "./interpreters/linearize.ts";
export { evalShape, makeJaxpr, type MakeJaxprOptions, ShapeDtypeStruct } from "./interpreters/make-jaxpr.ts";
export { quaxify, type QuaxifyOptions, register, type RegisterOptions } from "./interpreters/quax.ts";
export { grad, type GradOptions, valueAndGrad, vjp, type VjpOptions } from "./interpreters/vjp.ts";
export { vmap, type VmapOptions } from "./interpreters/vmap.ts";
export { Zero } from "./interpreters/zero.ts";
export * as debug from "./control/debug.ts";
export * as files from "./files/index.ts";
export * as inspect from "./inspect/index.ts";
export * as lax from "./entry/lax.ts";
export * as lora from "./lora/index.ts";
export * as nn from "./nn/index.ts";
export * as numpy from "./entry/numpy.ts";
export * as ops from "./numpy/segment.ts";
export { ravelPytree } from "./numpy/ravel-pytree.ts";
export * as optim from "./optim/index.ts";
export * as random from "./random/index.ts";
export * as scipy from "./scipy/index.ts";
export * as tree from "./tree/index.ts";
export * as values from "./values/index.ts";
