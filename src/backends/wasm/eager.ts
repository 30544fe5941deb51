import type { Buffer, CompileOptions, Executable } from "../../core/backend.ts";
import { ClosedJaxpr, Var } from "../../core/jaxpr.ts";
import type { AnyPrimitive } from "../../core/primitive.ts";
import { sizeOf } from "../../core/shape.ts";
import { hashAll, hashStructure, sameStructure, StructureMap } from "../../core/structure.ts";
import { type Aval, type NDArray, sameAval } from "../../core/value.ts";

interface Call {
  readonly primitive: AnyPrimitive;
  readonly params: object;
  readonly avals: readonly Aval[];
}

const sameCall = (a: Call, b: Call): boolean =>
  a.primitive === b.primitive &&
  a.avals.length === b.avals.length &&
  a.avals.every((aval, i) => sameAval(aval, b.avals[i]!)) &&
  sameStructure(a.params, b.params);

/** Elements from which on a compiled kernel takes less time than plain loops, its call included. */
let smallest = 2048;
/** Sets from how many elements on operations outside of `jit` are compiled; returns what it was. */
export function compileEagerFrom(elements: number): number {
  const before = smallest;
  smallest = elements;
  return before;
}

/** Programs of one equation that are kept. */
const ENTRIES = 1024;

/** Runs single primitives by programs of one equation, which are compiled once for each of their avals and params. */
export class EagerCalls {
  private known = new StructureMap<Call, Executable>(sameCall);
  private count = 0;

  constructor(private readonly compile: (closed: ClosedJaxpr, options: CompileOptions) => Executable) {}

  /** Whether it is worth it. */
  static isWorthwhile(operands: readonly NDArray[], outs: readonly Aval[]): boolean {
    let elements = 0;
    for (const { aval } of operands) elements += sizeOf(aval.shape);
    for (const { shape } of outs) elements += sizeOf(shape);
    return elements >= smallest;
  }

  run(
    primitive: AnyPrimitive,
    operands: readonly NDArray[],
    params: object,
    outs: readonly Aval[],
  ): Buffer[] {
    const avals = operands.map((x) => x.aval);
    const call = { primitive, params, avals };
    const hash = hashAll([
      hashStructure(primitive),
      hashStructure(params),
      ...avals.flatMap(({ dtype, shape }) => [hashStructure(dtype), ...shape]),
    ]);
    let executable = this.known.get(hash, call);
    if (executable === undefined) {
      if (this.count++ === ENTRIES) {
        this.known = new StructureMap<Call, Executable>(sameCall);
        this.count = 0;
      }
      executable = this.compile(programOf(call, outs), { name: primitive.primitive });
      this.known.set(hash, call, executable);
    }
    return executable.execute(operands.map((x) => x.buffer));
  }
}

/** The primitive, applied to the inputs of a program. */
function programOf({ primitive, params, avals }: Call, outs: readonly Aval[]): ClosedJaxpr {
  const invars = avals.map((aval) => new Var(aval));
  const outvars = outs.map((aval) => new Var(aval));
  const eqn = { primitive, inputs: invars, outputs: outvars, params, effects: [], source: undefined };
  return new ClosedJaxpr({ constvars: [], invars, eqns: [eqn], outvars, effects: [] }, []);
}
