/** The name of the method that Node's `console.log` calls. @see https://nodejs.org/api/util.html#utilinspectcustom */
export const inspectSymbol: unique symbol = Symbol.for("nodejs.util.inspect.custom");
