export {
  customJvp,
  type CustomJvp,
  customJvpCall,
  type CustomJvpOptions,
  type CustomJvpRule,
  type DefjvpOptions,
} from "./custom.ts";
export { jit, type JitOptions, jitPrimitive } from "./jit.ts";
