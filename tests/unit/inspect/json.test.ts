import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkpoint, checkpointPolicies, jit } from "../../../src/control/index.ts";
import type { CheckpointPolicy } from "../../../src/core/primitive.ts";
import { HostBuffer } from "../../../src/core/backend.ts";
import { checkJaxpr } from "../../../src/core/check.ts";
import { dtypes, isInexact } from "../../../src/core/dtype.ts";
import { JaxprError, ParseError } from "../../../src/core/errors.ts";
import { type ClosedJaxpr, subJaxprs } from "../../../src/core/jaxpr.ts";
import { type ArrayValue, avalOf, NDArray } from "../../../src/core/value.ts";
import { fromJSON, jaxprSchema, toJSON } from "../../../src/inspect/index.ts";
import { evaluateJaxpr } from "../../../src/interpreters/evaluate.ts";
import { stage } from "../../../src/interpreters/stage.ts";
import { grad, vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import * as lax from "../../../src/lax/index.ts";
import * as np from "../../../src/numpy/index.ts";
import { concrete, expectSameBits } from "../../laws/compare.ts";
import { applied, avalOfSample, drawAll, sampled } from "../../laws/samples.ts";
import { f32, special } from "../compiler/programs.ts";
import { array } from "../lax/arrays.ts";

/** Through text and back: the same program, to the last source and bit. */
function reread(program: ClosedJaxpr): ClosedJaxpr {
  const json = toJSON(program);
  const read = fromJSON(JSON.parse(JSON.stringify(json)));
  checkJaxpr(read);
  expect(toJSON(read)).toEqual(json);
  expect(String(read)).toBe(String(program));
  expect(read.inAvals).toEqual(program.inAvals);
  expect(read.outAvals).toEqual(program.outAvals);
  return read;
}

describe.each(sampled)("%s", (_name, prim) => {
  test("is what it was, in calls, batches and derivatives too", () => {
    for (const sample of prim.rules.samples) {
      const run = applied(prim, sample.params);
      const avals = sample.operands.map(avalOfSample);
      const program = stage((xs) => jit((...ys: ArrayValue[]) => run(ys))(...xs), avals, "test");
      const operands = drawAll(sample);
      const expected = evaluateJaxpr(program, operands).map(concrete);
      evaluateJaxpr(reread(program), operands).forEach((out, i) =>
        expectSameBits(concrete(out), expected[i]!, "read"),
      );
      const weak = avals.map(({ shape, dtype }) => avalOf([2, ...shape], dtype, dtype !== "bool"));
      if (avals.length === 0 || avals.some(({ dtype }) => dtype === "key<fry>")) continue;
      reread(stage((xs) => vmap((...ys: ArrayValue[]) => run(ys))(...xs) as ArrayValue[], weak, "test"));
    }
  });
});

test.each(dtypes.filter((dtype) => dtype !== "float0"))(
  "constants and literals of %s keep every bit",
  (dtype) => {
    const values = special(dtype, [2, 3]);
    const scalar = new NDArray(avalOf([], dtype, false), new HostBuffer(special(dtype, [1]).storage));
    const read = reread(stage(() => [values, scalar], [], "test"));
    const [constant, literal] = evaluateJaxpr(read, []);
    expectSameBits(concrete(constant!), values, dtype);
    expectSameBits(concrete(literal!), scalar, dtype);
  },
);

const inner = jit(function inner(x: ArrayValue) {
  return lax.sin(x);
});
const loss = (x: ArrayValue) => np.sum(lax.mul(inner(x), inner(lax.cos(x))));
const gradient = (): ClosedJaxpr =>
  stage(([x]) => [grad(loss as never)(x as never) as ArrayValue], [f32(3)], "test");

test("a program that is held twice is one again", () => {
  const program = stage(([x]) => [lax.add(inner(x!), inner(x!))], [f32(3)], "test");
  const read = reread(program);
  const [first, second] = read.jaxpr.eqns.flatMap(({ params }) => subJaxprs(params).map(([, j]) => j.jaxpr));
  expect(first).toBe(second);
  expect(toJSON(program).programs.length).toBe(2);
});

test("sources are kept, each once", () => {
  const program = gradient();
  const { sources } = toJSON(program);
  expect(sources.length).toBeGreaterThan(1);
  expect(new Set(sources).size).toBe(sources.length);
  expect(reread(program).jaxpr.eqns.map((eqn) => eqn.source)).toEqual(
    program.jaxpr.eqns.map((eqn) => eqn.source),
  );
});

test("params that JSON has no notation for", () => {
  const at = (fill: number | bigint) =>
    stage(
      ([x]) =>
        lax.gather.bind([x!, array([1], [1, 1], "int32")], {
          dimensionNumbers: { offsetDims: [], collapsedSliceDims: [0], startIndexMap: [0], operandBatchingDims: [], startIndicesBatchingDims: [] },
          sliceSizes: [1],
          indicesAreSorted: false,
          uniqueIndices: false,
          mode: "fill",
          fillValue: fill,
        }),
      [f32(3)],
      "test",
    ); // prettier-ignore
  for (const fill of [NaN, -0, Infinity, -Infinity, 2n ** 64n - 1n, 1.5]) {
    const { params } = reread(at(fill)).jaxpr.eqns[0]!;
    expect((params as { fillValue: unknown }).fillValue).toBe(fill);
  }
});

test("a policy is named, a user's own is refused with its place", () => {
  const of = (policy: CheckpointPolicy) =>
    stage(
      ([x]) => [
        grad(checkpoint((y: ArrayValue) => np.sum(np.sin(np.sin(y))), { policy }))(x as never) as never,
      ],
      [f32(3)],
      "test",
    );
  reread(of(checkpointPolicies.saveOnlyTheseNames("a", "b")));
  const program = reread(of(checkpointPolicies.dotsSaveable));
  expect(JSON.stringify(toJSON(program))).toContain('"$text":"');
  const own = of(() => true);
  expect(() => toJSON(own)).toThrow(
    /toJSON: equation \d of \d, `.*remat2.*json.test.ts.*its param policy is not data/s,
  );
});

test("what is being traced is refused", () => {
  expect(() =>
    stage(
      ([x]) => {
        toJSON(stage(() => [lax.sin(x!)], [], "inner"));
        return [];
      },
      [f32(3)],
      "test",
    ),
  ).toThrow(JaxprError);
});

const form = () => toJSON(gradient());
type Json = ReturnType<typeof form>;
test.each<readonly [what: string, change: (json: any) => void, path: string, message: string]>([
  ["another format", (j) => (j.format = "onnx"), "$.format", 'expected "cotangent.jaxpr"'],
  ["a later version", (j) => (j.version = 2), "$.version", "expected 1"],
  ["no programs", (j) => (j.programs = []), "$.programs", "expected at least 1"],
  ["more than there is", (j) => (j.programs[0].name = "f"), "$.programs[0]", "expected no name"],
  ["a dtype", (j) => (j.programs[0].variables[0].dtype = "f32"), "$.programs[0].variables[0].dtype", 'expected "bool" or'],
  ["a negative size", (j) => (j.programs[0].variables[0].shape = [-1]), "$.programs[0].variables[0].shape[0]", "at least 0"],
  ["a huge shape", (j) => (j.programs[0].variables[0].shape = [1e9, 1e9]), "$.programs[0].variables[0].shape", "2^31"],
  ["another shape", (j) => (j.programs[0].variables[0].shape = [4]), "$.programs[0].eqns[0]", "the outputs have"],
  ["a primitive", (j) => (j.programs[0].eqns[0].primitive = "sine"), "$.programs[0].eqns[0].primitive", "did you mean sin?"],
  ["an operand too many", (j) => j.programs[0].eqns[0].inputs.push({ variable: 0 }), "$.programs[0].eqns[0].inputs", "sin takes 1 operand"],
  ["an undefined variable", (j) => (j.programs[0].eqns[0].inputs[0] = { variable: 1 }), "$.programs[0].eqns[0].inputs[0].variable", "defined before"],
  ["a number without a variable", (j) => (j.programs[0].eqns[0].inputs[0] = { variable: 99 }), "$.programs[0].eqns[0].inputs[0].variable", "expected a number below"],
  ["a variable that no equation defines", (j) => j.programs[0].variables.push({ shape: [], dtype: "bool", weak: false }), "$.programs[0].variables[3]", "expected a variable that is defined"],
  ["neither variable nor literal", (j) => (j.programs[0].eqns[0].inputs[0] = 1), "$.programs[0].eqns[0].inputs[0]", "expected a variable or a literal"],
  ["a bad literal", (j) => (j.programs[0].outvars[0] = { literal: { shape: [], dtype: "int8", weak: false, data: 1 } }), "$.programs[0].outvars[0].literal.data", "expected string"],
  ["too little data", (j) => (j.programs[0].outvars[0] = { literal: { shape: [], dtype: "int16", weak: false, data: "AA==" } }), "$.programs[0].outvars[0].literal.data", "expected 2 bytes of int16, got 1"],
  ["no base64", (j) => (j.programs[0].outvars[0] = { literal: { shape: [], dtype: "int8", weak: false, data: "?" } }), "$.programs[0].outvars[0].literal.data", "expected base64"],
  ["sloppy base64", (j) => (j.programs[0].outvars[0] = { literal: { shape: [], dtype: "int8", weak: false, data: "AB==" } }), "$.programs[0].outvars[0].literal.data", "as btoa writes it"],
  ["a boolean of 2", (j) => (j.programs[0].outvars[0] = { literal: { shape: [], dtype: "bool", weak: false, data: "Ag==" } }), "$.programs[0].outvars[0].literal.data", "0 or 1"],
  ["much data that is not there", (j) => (j.programs[0].outvars[0] = { literal: { shape: [2147483647], dtype: "int64", weak: false, data: "" } }), "$.programs[0].outvars[0].literal.data", "expected 17179869176 bytes"],
  ["a param", (j) => (j.programs[0].eqns[0].params.axis = 1), "$.programs[0].eqns[0].params.axis", "sin has no param axis"],
  ["a source", (j) => (j.programs[0].eqns[0].source = 999), "$.programs[0].eqns[0].source", "expected a number below"],
  ["an infinite program", (j) => (callOf(j).params.jaxpr = { $program: j.programs.length - 1 }), "$.programs[N].eqns[E].params.jaxpr.$program", "ahead of this one"],
  ["no program", (j) => (callOf(j).params.jaxpr = null), "$.programs[N].eqns[E].params.jaxpr", "expected a program"],
  ["an unknown notation", (j) => (callOf(j).params.name = { $date: 1 }), "$.programs[N].eqns[E].params.name.$date", "expected $number, $bigint or $program"],
  ["a missing param", (j) => delete callOf(j).params.name, "$.programs[N].eqns[E].params", "expected jit to have name"],
  ["deep values", (j) => (callOf(j).params.name = nested(100_000)), "$.programs[N].eqns[E].params.name[0]", "expected at most 64"],
])("%s is refused at its path", (_what, change, path, message) => {
  const json = structuredClone(form());
  change(json);
  const error = refusal(json);
  expect(error.message).toContain(message);
  const n = json.programs.length - 1;
  const e = json.programs.at(-1)?.eqns.findIndex(({ primitive }) => primitive === "jit");
  expect(error.place.startsWith(path.replace("[N]", `[${n}]`).replace("[E]", `[${e}]`)), error.place).toBe(true);
}); // prettier-ignore

const callOf = (json: Json): any => json.programs.at(-1)!.eqns.find(({ primitive }) => primitive === "jit");
function nested(depth: number): unknown {
  let value: unknown = [];
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

function refusal(json: unknown): ParseError {
  try {
    fromJSON(json);
  } catch (error) {
    if (error instanceof ParseError) return error;
    throw error;
  }
  throw new Error("it was read");
}

test("what is no object of the form is refused at its root", () => {
  for (const value of [null, undefined, 1, "{}", [], {}]) expect(refusal(value).place).toMatch(/^\$/);
});

/** Every place in a value, as the keys that lead there. */
function places(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null) return [path];
  const keys = Array.isArray(value) ? value.map((_, i) => i) : Object.keys(value);
  return [path, ...keys.flatMap((key) => places((value as Record<string, unknown>)[key], [...path, key]))];
}

test("changed anywhere, JSON is read as another program or refused with a path: nothing else", () => {
  const json = form();
  const where = places(json).filter((path) => path.length > 0);
  fc.assert(
    fc.property(
      fc.constantFrom(...where),
      fc.oneof(fc.jsonValue(), fc.nat(12), fc.constantFrom("sin", "float32", "AAAAAA==", undefined)),
      (path, value) => {
        const changed = structuredClone(json);
        let holder: any = changed;
        for (const key of path.slice(0, -1)) holder = holder[key];
        if (value === undefined) delete holder[path.at(-1)!];
        else holder[path.at(-1)!] = value;
        let read: ClosedJaxpr;
        try {
          read = fromJSON(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(ParseError);
          expect((error as ParseError).place).toMatch(/^\$/);
          return;
        }
        checkJaxpr(read);
        reread(read);
      },
    ),
    { numRuns: 300 },
  );
});

test("the schema is public", () => {
  expect(jaxprSchema.safeParse(form()).success).toBe(true);
  expect(jaxprSchema.safeParse({}).success).toBe(false);
});

test("a gradient that was written and read is the gradient", () => {
  const x = array([0.1, 0.2, 0.3], [3]);
  const read = reread(gradient());
  const [out, pull] = vjp(loss, [x]);
  const [expected] = pull(np.ones([], out.dtype)) as ArrayValue[];
  expectSameBits(concrete(evaluateJaxpr(read, [x])[0]!), concrete(expected!), "gradient");
  expect(isInexact(read.outAvals[0]!.dtype)).toBe(true);
});
