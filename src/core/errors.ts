/**
 * Base of every error that the library throws on purpose. `code` is stable across versions; the message says what
 * was expected, what came, and what to do.
 */
export class CotangentError extends Error {
  constructor(
    /** Stable identifier, such as `shape/broadcast`. */
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
    captureDeepStack(this);
  }
}

/** Frames of a stack; V8's own ten may all be the library's, and the user looks for a line of theirs. */
const FRAMES = 50;
function captureDeepStack(error: Error): void {
  const v8 = Error as {
    stackTraceLimit?: number;
    captureStackTrace?: (error: Error, below: unknown) => void;
  };
  const before = v8.stackTraceLimit;
  if (before === undefined || before >= FRAMES) return;
  v8.stackTraceLimit = FRAMES;
  v8.captureStackTrace?.(error, error.constructor);
  v8.stackTraceLimit = before;
}

/** Adds to the message of an error, also where its stack shows it. */
export function appendMessage(error: Error, text: string): void {
  // Engines write the stack, with the message of that moment, when it is first read.
  const { message, stack } = error;
  error.message += text;
  if (typeof stack === "string") error.stack = stack.replace(message, () => error.message);
}

/** Shapes, axes or sizes that do not fit the operation. */
export class ShapeError extends CotangentError {}

/** A dtype that is unknown, not accepted by the operation, or not what another operand has. */
export class DTypeError extends CotangentError {}

/** Units of quantities that do not fit the operation. */
export class UnitsError extends CotangentError {}

/** An argument of the wrong kind: an unknown option, a fraction where an integer is due, an invalid key. */
export class ArgumentError extends CotangentError {}

/** A traced value was used where only a concrete one makes sense (`if (x > 0)`, `item()`, a shape). */
export class ConcretizationError extends CotangentError {}

/** A tracer was used after, or outside, the transformation that made it. */
export class EscapedTracerError extends CotangentError {}

/** Differentiation of something that has no derivative, or in a way that it does not support. */
export class DifferentiationError extends CotangentError {}

/** Multiple dispatch found no rule, several equally narrow ones, or a rule that returned something else. */
export class DispatchError extends CotangentError {}

/** A structured value was asked to become a plain array and refuses. */
export class MaterialiseError extends CotangentError {}

/** A jaxpr that breaks its own rules: scoping, avals, arity. */
export class JaxprError extends CotangentError {}

/** The text of a jaxpr, or its JSON, that says no program. */
export class ParseError extends JaxprError {
  constructor(
    code: string,
    caller: string,
    /** Where the fault is: `3:14` is line 3, column 14 of a text; `$.jaxpr.eqns[2]` a path in JSON. */
    readonly place: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, `${caller}: ${place}: ${message}`, options);
  }
}

/** With `config.debugNans` or `config.debugInfs`: an operation made a NaN, or an infinity. */
export class NonFiniteError extends CotangentError {
  constructor(
    code: string,
    message: string,
    /** Name of the primitive whose output it is, or of a function that is looked at as a whole: `np.hypot`. */
    readonly primitive: string,
    /** The user's line, as `file:line:column (function)`, where it is known. */
    readonly source: string | undefined,
  ) {
    super(code, message);
  }
}

/** A file that cannot be read or written, or whose bytes are not what its format or its reader asks for. */
export class FileError extends CotangentError {}

/** A backend lacks what a program needs. */
export class BackendError extends CotangentError {}

/** The name in `candidates` closest to `name` by edit distance, for "did you mean" remedies. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 2)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, substitution));
    }
    previous = row;
  }
  return previous[b.length]!;
}
