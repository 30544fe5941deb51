import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { customJvp, jit } from "../../../src/control/index.ts";
import { checkJaxpr } from "../../../src/core/check.ts";
import { ParseError } from "../../../src/core/errors.ts";
import { type ClosedJaxpr, subJaxprs } from "../../../src/core/jaxpr.ts";
import { parseJaxpr } from "../../../src/core/parse.ts";
import { type ArrayValue, type Aval, avalOf } from "../../../src/core/value.ts";
import { evaluateJaxpr } from "../../../src/interpreters/evaluate.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import { vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { stage } from "../../../src/interpreters/stage.ts";
import { isInexact } from "../../../src/core/dtype.ts";
import * as lax from "../../../src/lax/index.ts";
import * as np from "../../../src/numpy/index.ts";
import { concrete, expectSameBits } from "../../laws/compare.ts";
import { applied, avalOfSample, drawAll, sampled } from "../../laws/samples.ts";
import { f32, programOf } from "../compiler/programs.ts";
import { array } from "../lax/arrays.ts";

/** What is printed is read, and prints as it did. */
function reread(program: ClosedJaxpr): ClosedJaxpr {
  const text = String(program);
  const read = parseJaxpr(text, program.consts);
  expect(String(read)).toBe(text);
  checkJaxpr(read);
  return read;
}

const program = (body: (xs: readonly ArrayValue[]) => readonly ArrayValue[], avals: readonly Aval[]) =>
  stage(body, avals, "test");

describe.each(sampled)("%s", (_name, prim) => {
  test("is read as it was printed, with every param, and computes the same", () => {
    for (const sample of prim.rules.samples) {
      const read = reread(program(applied(prim, sample.params), sample.operands.map(avalOfSample)));
      const operands = drawAll(sample);
      const expected = applied(prim, sample.params)(operands).map(concrete);
      evaluateJaxpr(read, operands).forEach((out, i) => expectSameBits(concrete(out), expected[i]!, "read"));
    }
  });

  test("is read in calls, batches and derivatives", () => {
    for (const sample of prim.rules.samples) {
      const run = applied(prim, sample.params);
      const avals = sample.operands.map(avalOfSample);
      reread(program((xs) => jit((...ys: ArrayValue[]) => run(ys))(...xs), avals));
      const batched = avals.map((aval) => avalOf([2, ...aval.shape], aval.dtype));
      if (avals.length > 0)
        reread(program((xs) => vmap((...ys: ArrayValue[]) => run(ys))(...xs) as ArrayValue[], batched));
      if (!avals.some((aval) => isInexact(aval.dtype))) continue;
      try {
        reread(
          program((xs) => {
            const [outs, pull] = vjp((...ys: ArrayValue[]) => run(ys), [...xs]);
            const bars = pull(outs.map((out) => lax.fullLike(out, 1))) as ArrayValue[];
            return bars.filter((bar) => isInexact(bar.dtype) && "trace" in bar);
          }, avals),
        );
      } catch (error) {
        if (
          error instanceof ParseError ||
          !(error instanceof Error) ||
          !error.name.includes("Differentiation")
        )
          throw error;
      }
    }
  });
});

const inner = jit(function inner(x: ArrayValue) {
  let y = x;
  for (let i = 0; i < 12; i++) y = lax.sin(y);
  return y;
});
const outer = jit(function outer(x: ArrayValue) {
  let y = inner(x);
  for (let i = 0; i < 12; i++) y = lax.cos(y);
  return lax.add(y, inner(y));
});

test("a program that is written once and named is one object again", () => {
  const text = String(programOf((x) => lax.add(outer(x), outer(x)), [f32(3)]));
  expect(text).toContain("let outer = { lambda");
  expect(text).toContain("let inner = { lambda");
  const read = parseJaxpr(text);
  const [first, second] = read.jaxpr.eqns.flatMap((eqn) => subJaxprs(eqn.params).map(([, j]) => j));
  expect(first).toBe(second);
  expect(String(read)).toBe(text);
});

test("a call whose function has the name of a variable or of a keyword", () => {
  for (const name of ["a", "in", "let", "lambda", "nan", "None", "get x", "<lambda>", "f'(x)"]) {
    const f = Object.defineProperty((x: ArrayValue) => inner(lax.sin(x)), "name", { value: name });
    reread(programOf((x) => lax.add(jit(f)(x), jit(f)(x)), [f32(3)]));
    const long = Object.defineProperty((x: ArrayValue) => inner(inner(inner(x))), "name", { value: name });
    reread(programOf((x) => lax.add(jit(long)(x), outer(x)), [f32(3)]));
  }
});

test("a thousand variables, among them one called in", () => {
  const read = reread(
    programOf(
      (x) => {
        let y = x;
        for (let i = 0; i < 9000; i++) y = lax.add(y, i % 3 === 0 ? np.float32(NaN) : x);
        return y;
      },
      [f32()],
    ),
  );
  expect(read.jaxpr.eqns.length).toBe(9000);
});

test("results that the caller drops are called _, unless that would not say which", () => {
  const two = jit((x: ArrayValue) => [lax.sin(x), lax.convertElementType(x, "int32"), lax.cos(x)]);
  const dropped = reread(programOf((x) => two(x)[0]!, [f32()]));
  expect(String(dropped)).toContain("in (b, _, _)");
  const reversed = jit((x: ArrayValue) => {
    const [s, n, c] = [lax.sin(x), lax.convertElementType(x, "int32"), lax.cos(x)];
    return [c, n, s];
  });
  expect(String(reread(programOf((x) => reversed(x)[0]!, [f32()])))).toContain("in (b, _, c)");
  const used = jit((x: ArrayValue) => {
    const s = lax.sin(x);
    return [lax.cos(s), s];
  });
  expect(String(reread(programOf((x) => used(x)[0]!, [f32()])))).toContain("in (b, c)");
  const twice = jit((x: ArrayValue) => {
    const s = lax.sin(x);
    return [s, lax.cos(x), s];
  });
  expect(String(reread(programOf((x) => twice(x)[2]!, [f32()])))).toContain("in (b, _, b)");
});

test("constants are given with the text", () => {
  const table = array([1, 2, 3], [3]);
  const closed = programOf((x) => lax.mul(x, table), [f32(3)]);
  expect(String(closed)).toContain("lambda a:f32[3]; b:f32[3].");
  reread(closed);
  expect(() => parseJaxpr(String(closed))).toThrow("1:1: the program has 1 array constants");
  expect(() => parseJaxpr(String(closed), [array([1], [1])])).toThrow(
    "expected a constant a of f32[3], got one of f32[1]",
  );
});

test.each([
  "True:bool[]", "-7:i8[]", "9223372036854775807:i64[]", "18446744073709551615:u64[]", "nan:f32[]", "-inf:bf16[]", "-0.0:f16[]", "1e-05:f64[]",
  "0.10000000149011612:f32[]", "1.0000000200408773e+20:f32[]", "(1-2.5j):c64[]", "-0j:c64[]", "(-0+1.0000000200408773e+20j):c64[]", "(nan-infj):c64[]",
])("the literal %s", (literal) => {
  expect(String(parseJaxpr(`{ lambda ; . let  in (${literal},) }`))).toContain(`(${literal},)`);
}); // prettier-ignore

test("a literal may be written shorter than it is printed", () => {
  expect(String(parseJaxpr("{ lambda ; . let  in (0.1:f32[],) }"))).toContain("0.10000000149011612:f32[]");
});

test.each([
  "1:f33[]",
  "1.5:i32[]",
  "-1:u8[]",
  "256:u8[]",
  "true:bool[]",
  "1:key<fry>[]",
  "0x10:i32[]",
  "1+2j:c64[]",
  "(1+j):c64[]",
  "e5:f32[]",
])("%s is no literal", (literal) => {
  expect(refusal(`{ lambda ; . let  in (${literal},) }`).place).toMatch(/^1:2\d$/);
});

test("text of jax 0.10.2", () => {
  const text = `{ lambda ; a:f32[3,4] b:f32[4]. let
    c:f32[3] = dot_general[
      dimension_numbers=(([1], [0]), ([], []))
      preferred_element_type=float32
    ] a b
    d:f32[3] = custom_jvp_call[
      name=relu
      call_jaxpr={ lambda ; e:f32[3]. let
          f:f32[3] = jit[
            name=relu
            jaxpr={ lambda ; e:f32[3]. let f:f32[3] = max e 0.0:f32[] in (f,) }
          ] e
        in (f,) }
      jvp=jvp
      symbolic_zeros=False
    ] c
    g:f32[] = reduce_sum[axes=(0,) out_sharding=None] d
  in (g,) }`;
  expect(String(parseJaxpr(text))).toBe(text);
});

test("a custom rule is not in the text: the function runs, its derivative is refused", () => {
  const f = customJvp((x: ArrayValue) => lax.sin(x));
  f.defjvps((t: ArrayValue, _out: ArrayValue, x: ArrayValue) => lax.mul(t, lax.cos(x)));
  const read = reread(programOf((x) => f(x), [f32()]));
  const run = (x: ArrayValue): ArrayValue => evaluateJaxpr(read, [x])[0]!;
  expect(concrete(run(array([0.5], []))).storage[0]).toBe(Math.fround(Math.sin(0.5)));
  expect(() => grad(run)(array([0.5], []))).toThrow("JSON does");
});

const fine = `{ lambda ; a:f32[2,3] b:i32[]. let
    c:f32[2,3] = sin a
    d:f32[3,2] = transpose[permutation=(1, 0)] c
    e:f32[] = reduce_sum[axes=(0, 1) out_sharding=None] d
  in (e, b) }`;
test.each<readonly [from: string, to: string, place: string, message: string]>([
  ["sin a", "sine a", "2:18", "expected a primitive, got sine; did you mean sin?"],
  ["sin a", "sin x", "2:22", "expected a variable that is defined before, got x"],
  ["sin a", "sin a a", "2:18", "sin takes 1 operand, it is given 2"],
  ["sin a", "sin b", "2:18", "sin"],
  ["sin a", "sin", "2:18", "sin takes 1 operand, it is given 0"],
  ["c:f32[2,3]", "c:f32[2,4]", "2:5", "expected c:f32[2,3], got c:f32[2,4]"],
  ["c:f32[2,3]", "c:bf16[2,3]", "2:5", "expected c:f32[2,3], got c:bf16[2,3]"],
  ["c:f32[2,3]", "c:g32[2,3]", "2:7", "expected a dtype, got `g32[2,3]`"],
  ["c:f32[2,3] =", "c:f32[2,3] x:f32[] =", "2:26", "sin has 1 results, got names for 2"],
  ["c:f32[2,3] = ", "", "2:5", "sin has 1 results, got names for 0"],
  ["c:f32[2,3]", "a:f32[2,3]", "2:5", "the variable a is defined twice"],
  ["permutation=(1, 0)", "permutation=(1, 1)", "3:18", "permutation"],
  ["permutation=(1, 0)", "permutation=1", "3:40", "expected permutation of transpose to be a list of integers"],
  ["permutation=(1, 0)", "permutation=(1 0)", "3:43", "expected `,` or `)` after an entry, got `0)]`"],
  ["permutation=(1, 0)", "permutations=(1, 0)", "3:18", "expected transpose to have permutation=…"],
  ["[permutation=(1, 0)]", "", "3:18", "expected transpose to have permutation=…, a list of integers"],
  ["permutation=(1, 0)", "permutation=(1, 0) axis=2", "3:52", "transpose has no param axis"],
  ["permutation=(1, 0)", "permutation=(1, 0) permutation=(1, 0)", "3:47", "expected a param that is not given yet"],
  ["out_sharding=None", "out_sharding=x", "4:51", "expected out_sharding=None, got out_sharding=x"],
  ["out_sharding=None", "out_shading=None", "4:50", "did you mean out_sharding?"],
  ["in (e, b) }", "in (e, b)", "5:12", "expected `}` at the end of the program, got the end of the text"],
  ["in (e, b) }", "in (e b) }", "5:9", "expected `,` or `)` after a result"],
  ["in (e, b) }", "in (e, b) } }", "5:15", "expected the end of the text"],
  ["in (e, b) }", "in (e, f) }", "5:10", "got f"],
  ["{ lambda ;", "{ lambda", "1:28", "expected a variable with its aval, or `;`"],
  ["{ lambda ;", "lambda ;", "1:1", "expected `{`, got `lambda`"],
  ["sin a", "add a 1.5:f32[2,3]", "2:24", "expected a scalar, got a literal of f32[2,3]"],
  ["sin a", "integer_pow[y=2.5] a", "2:32", "expected y of integer_pow to be an integer"],
  ["b:i32[]", "b:i32[99999,99999]", "1:23", "2^31"],
  ["b)", "300:i8[])", "5:10", "expected a value of dtype int8, got 300"],
])("%s → %s", (from, to, place, message) => {
  expect(String(parseJaxpr(fine))).toBe(fine);
  const text = fine.replace(from, to);
  expect(text).not.toBe(fine);
  const error = refusal(text);
  expect(error.message).toContain(message);
  expect(error.place).toBe(place);
}); // prettier-ignore

function refusal(text: string): ParseError {
  try {
    parseJaxpr(text);
  } catch (error) {
    if (error instanceof ParseError) return error;
    throw error;
  }
  throw new Error(`it was read: ${text}`);
}

test("hostile text is refused at its place, and soon", () => {
  const deep = "(".repeat(100_000);
  expect(refusal(`{ lambda ; a:f32[]. let b:f32[] = sin[x=${deep}`).message).toContain("at most 256");
  const calls = "jit[name=f jaxpr={ lambda ; a:f32[]. let b:f32[] = ".repeat(5000);
  expect(refusal(`{ lambda ; a:f32[]. let b:f32[] = ${calls}`).message).toContain("at most 256");
  const loop = `let f = { lambda ; a:f32[]. let b:f32[] = jit[name=f jaxpr=f] a in (b,) } in\n`;
  expect(
    refusal(`${loop}{ lambda ; a:f32[]. let b:f32[] = jit[name=f jaxpr=f] a in (b,) }`).message,
  ).toContain("the program f holds itself");
  const chain = Array.from(
    { length: 5000 },
    (_, i) => `let f${i} = { lambda ; a:f32[]. let b:f32[] = jit[name=f jaxpr=f${i + 1}] a in (b,) } in\n`,
  ).join("");
  const last = `let f5000 = { lambda ; a:f32[]. let in (a,) } in\n`;
  expect(
    refusal(`${chain}${last}{ lambda ; a:f32[]. let b:f32[] = jit[name=f jaxpr=f0] a in (b,) }`).message,
  ).toContain("at most 256 programs");
  expect(refusal(`{ lambda ; a:f32[${"9".repeat(400)}]. let in (a,) }`).place).toBe("1:12");
  expect(refusal("").message).toContain("the end of the text");
  expect(refusal("{ lambda ; . let in (__proto__,) }").message).toContain("got __proto__");
  expect(refusal("{ lambda ; a:f32[]. let b:f32[] = toString a in (b,) }").message).toContain(
    "expected a primitive",
  );
  expect(refusal("{ lambda ; a:f32[]. let b:f32[] = sin[constructor=1] a in (b,) }").message).toContain(
    "sin has no param constructor",
  );
});

const corpus = [
  fine,
  String(programOf((x) => lax.add(outer(x), outer(x)), [f32(3)])),
  String(programOf((x) => np.take(np.where(np.greater(x, 0), x, 1), 1), [f32(3)])),
];
test("cut or changed anywhere, a text is read or refused with a place: nothing else", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...corpus),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(6),
      fc.oneof(
        fc.string({ maxLength: 3 }),
        fc.constantFrom("(", ")", "[", "{", ":", "=", "a", "1", "in", "\n", ";"),
      ),
      (text, where, removed, inserted) => {
        const at = Math.floor(where * text.length);
        for (const mutated of [text.slice(0, at), text.slice(0, at) + inserted + text.slice(at + removed)]) {
          let read: ClosedJaxpr;
          try {
            read = parseJaxpr(mutated);
          } catch (error) {
            expect(error).toBeInstanceOf(ParseError);
            expect((error as ParseError).place).toMatch(/^\d+:\d+$/);
            continue;
          }
          checkJaxpr(read);
          reread(read);
        }
      },
    ),
    { numRuns: 600 },
  );
});
