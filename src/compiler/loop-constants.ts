import { cond, scan, whileLoop } from "../control/index.ts";
import { type Atom, ClosedJaxpr, type Eqn, type Literal, Var } from "../core/jaxpr.ts";
import type { AnyPrimitive, ParamsOf } from "../core/primitive.ts";
import { sameAval } from "../core/value.ts";
import { broadcastInDim } from "../lax/index.ts";
import type { Operation, Program, Rule } from "./rewrite.ts";
import { uniformValue } from "./uniform.ts";

type Broadcast = ParamsOf<typeof broadcastInDim>;

/**
 * What a loop carries without changing it is the same in each turn; what it is given of one number is that number, and
 * what is repeated for each turn is given once. So nothing is filled with copies, and bodies know more of their inputs.
 */
export const loopConstants: Rule = (eqn, program) =>
  eqn.primitive === scan
    ? ofScan(eqn, eqn.params as ParamsOf<typeof scan>, program)
    : eqn.primitive === whileLoop
      ? ofWhile(eqn, eqn.params as ParamsOf<typeof whileLoop>, program)
      : eqn.primitive === cond
        ? ofCond(eqn, eqn.params as ParamsOf<typeof cond>, program)
        : null;

/** A program whose inputs are being given in another way. */
class Body {
  private readonly eqns: Eqn[] = [];
  private readonly literals = new Map<Atom, Literal>();
  constructor(private readonly closed: ClosedJaxpr) {}

  get changed(): boolean {
    return this.eqns.length > 0 || this.literals.size > 0;
  }
  /** The input `v` is this number, or made of it. */
  known(v: Var, number: Literal, source: Eqn): void {
    if (v.aval.shape.length === 0) this.literals.set(v, number);
    else this.made(v, number, { shape: v.aval.shape, broadcastDimensions: [] }, source);
  }
  /** The input `v` is repetitions of `x`. */
  made(v: Var, x: Atom, params: Broadcast, source: Eqn): void {
    this.eqns.push({ ...source, primitive: broadcastInDim, inputs: [x], outputs: [v], params, effects: [] });
  }
  with(invars: readonly Var[], keeps: (output: number) => boolean = () => true): ClosedJaxpr {
    const { jaxpr, consts } = this.closed;
    const resolved = (x: Atom): Atom => this.literals.get(x) ?? x;
    const eqns = jaxpr.eqns.map((eqn) =>
      eqn.inputs.some((x) => this.literals.has(x)) ? { ...eqn, inputs: eqn.inputs.map(resolved) } : eqn,
    );
    const outvars = jaxpr.outvars.filter((_, i) => keeps(i)).map(resolved);
    return new ClosedJaxpr({ ...jaxpr, invars, eqns: [...this.eqns, ...eqns], outvars }, consts);
  }
}

/** The number that `x` is everywhere, for the input `v` of a body. */
function numberFor(v: Var, x: Atom, program: Program): Literal | null {
  const number = uniformValue(x, program);
  const same = number !== null && number.aval.dtype === v.aval.dtype;
  return same && number.aval.weak === v.aval.weak ? number : null;
}

/** What is given to a body, and the inputs that it is. */
class Given {
  readonly inputs: Atom[] = [];
  readonly invars: Var[] = [];
  add(input: Atom, invar: Var): void {
    this.inputs.push(input);
    this.invars.push(invar);
  }
  /** Those of `vars`, the ones that are one number being known to the body. */
  static known(inputs: readonly Atom[], vars: readonly Var[], body: Body, eqn: Eqn, program: Program): Given {
    const given = new Given();
    inputs.forEach((x, i) => {
      const number = numberFor(vars[i]!, x, program);
      if (number) body.known(vars[i]!, number, eqn);
      else given.add(x, vars[i]!);
    });
    return given;
  }
}

function ofScan(eqn: Eqn, params: ParamsOf<typeof scan>, program: Program): ReturnType<Rule> {
  const { jaxpr: closed, numConsts, numCarry } = params;
  const { invars, outvars } = closed.jaxpr;
  const end = numConsts + numCarry;
  const body = new Body(closed);
  const consts = Given.known(eqn.inputs.slice(0, numConsts), invars.slice(0, numConsts), body, eqn, program);
  const init = eqn.inputs.slice(numConsts, end);
  const unchanged = unchangedIn(eqn, init, invars.slice(numConsts, end), outvars);
  const [carry, xs] = [new Given(), new Given()];
  init.forEach((x, i) => (unchanged[i] ? consts : carry).add(x, invars[numConsts + i]!));
  eqn.inputs.slice(end).forEach((x, i) => {
    const v = invars[end + i]!;
    const repeated = program.producer(x);
    const made = repeated?.primitive === broadcastInDim ? (repeated.params as Broadcast) : null;
    if (made === null || made.broadcastDimensions.includes(0) || x.aval.weak !== v.aval.weak)
      return xs.add(x, v);
    const [one] = repeated!.inputs;
    const number = numberFor(v, x, program);
    if (number) return body.known(v, number, eqn);
    const given = new Var(one!.aval);
    consts.add(one!, given);
    const dimensions = made.broadcastDimensions.map((axis) => axis - 1);
    body.made(v, given, { shape: v.aval.shape, broadcastDimensions: dimensions }, eqn);
  });
  if (!body.changed && !unchanged.includes(true)) return null;
  const all = [consts, carry, xs];
  const jaxpr = body.with(
    all.flatMap((given) => given.invars),
    (output) => !unchanged[output],
  );
  const next = { ...params, jaxpr, numConsts: consts.inputs.length, numCarry: carry.inputs.length };
  const inputs = all.flatMap((given) => given.inputs);
  return withUnchanged({ primitive: scan, inputs, params: next }, eqn, init, unchanged, program);
}

function ofWhile(eqn: Eqn, params: ParamsOf<typeof whileLoop>, program: Program): ReturnType<Rule> {
  const { condJaxpr, condNconsts, bodyJaxpr, bodyNconsts } = params;
  const end = condNconsts + bodyNconsts;
  const [test, body] = [new Body(condJaxpr), new Body(bodyJaxpr)];
  const [testVars, bodyVars] = [condJaxpr.jaxpr.invars, bodyJaxpr.jaxpr.invars];
  const testConsts = Given.known(eqn.inputs.slice(0, condNconsts), testVars.slice(0, condNconsts), test, eqn, program); // prettier-ignore
  const bodyConsts = Given.known(eqn.inputs.slice(condNconsts, end), bodyVars.slice(0, bodyNconsts), body, eqn, program); // prettier-ignore
  const init = eqn.inputs.slice(end);
  const unchanged = unchangedIn(eqn, init, bodyVars.slice(bodyNconsts), bodyJaxpr.jaxpr.outvars);
  // A loop that changes nothing never ends, or never begins.
  if (!unchanged.includes(false)) return null;
  if (!test.changed && !body.changed && !unchanged.includes(true)) return null;
  const [testCarry, bodyCarry] = [new Given(), new Given()];
  init.forEach((x, i) => {
    (unchanged[i] ? testConsts : testCarry).add(x, testVars[condNconsts + i]!);
    (unchanged[i] ? bodyConsts : bodyCarry).add(x, bodyVars[bodyNconsts + i]!);
  });
  const next = {
    condJaxpr: test.with([...testConsts.invars, ...testCarry.invars]),
    condNconsts: testConsts.inputs.length,
    bodyJaxpr: body.with([...bodyConsts.invars, ...bodyCarry.invars], (output) => !unchanged[output]),
    bodyNconsts: bodyConsts.inputs.length,
  };
  const inputs = [...testConsts.inputs, ...bodyConsts.inputs, ...bodyCarry.inputs];
  return withUnchanged({ primitive: whileLoop, inputs, params: next }, eqn, init, unchanged, program);
}

function ofCond(eqn: Eqn, params: ParamsOf<typeof cond>, program: Program): ReturnType<Rule> {
  const [index, ...operands] = eqn.inputs;
  const made = params.branches.map((branch) => {
    const body = new Body(branch);
    const given = Given.known(operands, branch.jaxpr.invars, body, eqn, program);
    return { body, given, branch: body.with(given.invars) };
  });
  if (!made.some(({ body }) => body.changed)) return null;
  const [{ given }] = made as [(typeof made)[number]];
  // All branches are given the same.
  if (made.some((other) => other.given.inputs.length !== given.inputs.length)) return null;
  const branches = made.map(({ branch }) => branch);
  return { primitive: cond, inputs: [index!, ...given.inputs], params: { ...params, branches } };
}

/** Which entries of a carry every turn leaves as they are. */
const unchangedIn = ({ outputs }: Eqn, init: readonly Atom[], vars: readonly Var[], outvars: readonly Atom[]): boolean[] =>
  init.map((x, i) => outvars[i] === vars[i] && sameAval(x.aval, outputs[i]!.aval)); // prettier-ignore

/** The loop, of which some outputs are what it was given. */
function withUnchanged(
  loop: Operation & { readonly primitive: AnyPrimitive },
  eqn: Eqn,
  init: readonly Atom[],
  unchanged: readonly boolean[],
  program: Program,
): ReturnType<Rule> {
  if (!unchanged.includes(true)) return loop;
  const atoms = eqn.outputs.map((v, i) => (unchanged[i] ? init[i]! : new Var(v.aval)));
  program.exchange([], loop.inputs);
  program.push({ ...eqn, ...loop, outputs: atoms.filter((_, i) => !unchanged[i]) as Var[] });
  return atoms;
}
