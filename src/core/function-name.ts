/** Gives a function a name, for stacks and printing. */
export function setName<F extends object>(f: F, name: string): F {
  return Object.defineProperty(f, "name", { value: name, configurable: true });
}
