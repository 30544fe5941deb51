import { describe, expect, test } from "vitest";
import { simplify } from "../../../src/compiler/index.ts";
import "../../../src/index.ts";
import { scan, switch as switchCase, whileLoop } from "../../../src/control/index.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import * as lax from "../../../src/lax/index.ts";
import * as np from "../../../src/numpy/index.ts";
import { expectSameProgram, f32, programOf, special } from "./programs.ts";

type Arrays = readonly ArrayValue[];
const simplified = (f: (...xs: ArrayValue[]) => ArrayValue | Arrays, ...shapes: number[][]) => {
  const avals = shapes.map((shape) => f32(...shape));
  const program = programOf(f as never, avals);
  const result = simplify(program);
  expectSameProgram(result, program, shapes.map((shape, i) => special("float32", shape, i + 1))); // prettier-ignore
  return result;
};

describe("a loop is not given", () => {
  test("what it carries and never changes", () => {
    const f = (x: ArrayValue, w: ArrayValue): ArrayValue[] => {
      const [carry] = scan(([c, w]: Arrays, row: ArrayValue) => [[np.add(np.multiply(c!, w!), row), w!], null], [x.get(0), w] as Arrays, x) as unknown as [Arrays]; // prettier-ignore
      return [...carry];
    };
    expect(String(simplified(f, [4, 3], [3]))).toMatchInlineSnapshot(`
      "{ lambda ; a:f32[4,3] b:f32[3]. let
          c:f32[1,3] = slice[limit_indices=(1, 3) start_indices=(0, 0) strides=None] a
          d:f32[3] = reshape[dimensions=None new_sizes=(3,) sharding=None] c
          e:f32[3] = scan[
            jaxpr={ lambda ; f:f32[3] g:f32[3] h:f32[3]. let
                i:f32[3] = mul g f
                j:f32[3] = add i h
              in (j,) }
            length=4
            num_carry=1
            num_consts=1
            reverse=False
            unroll=1
          ] b d a
        in (e, b) }"
    `);
  });
  test("what is repeated for each turn", () => {
    const f = (x: ArrayValue, r: ArrayValue): ArrayValue => {
      const rows = np.broadcastTo(r, [5, 3]);
      return (scan((c: ArrayValue, row: ArrayValue) => [np.multiply(c, row), null], x, rows) as unknown as [ArrayValue])[0]; // prettier-ignore
    };
    expect(String(simplified(f, [3], [3]))).toMatchInlineSnapshot(`
      "{ lambda ; a:f32[3] b:f32[3]. let
          c:f32[3] = scan[
            jaxpr={ lambda ; d:f32[3] e:f32[3]. let f:f32[3] = mul e d in (f,) }
            length=5
            num_carry=1
            num_consts=1
            reverse=False
            unroll=1
          ] b a
        in (c,) }"
    `);
  });
  test("the ones that its cotangents are", () => {
    const total = (x: ArrayValue): ArrayValue => {
      const [, ys] = scan((c: ArrayValue, row: ArrayValue) => [np.sin(np.add(c, row)), np.sin(row)], x.get(0), x) as unknown as [ArrayValue, ArrayValue]; // prettier-ignore
      return np.sum(ys);
    };
    expect(String(simplified(grad(total as never) as never, [4, 3]))).not.toContain("broadcast_in_dim");
  });
  test("what is one number everywhere, as nor are branches", () => {
    const f = (x: ArrayValue): ArrayValue =>
      switchCase(
        lax.convertElementType(x.get(0), "int32"),
        [(a: ArrayValue, b: ArrayValue) => np.add(a, b), (a: ArrayValue, b: ArrayValue) => np.multiply(a, b)],
        x,
        np.ones([3]),
      ) as ArrayValue;
    expect(String(simplified(f, [3]))).toMatchInlineSnapshot(`
      "{ lambda ; a:f32[3]. let
          b:f32[1] = slice[limit_indices=(1,) start_indices=(0,) strides=None] a
          c:f32[] = reshape[dimensions=None new_sizes=() sharding=None] b
          d:i32[] = convert_element_type[new_dtype=int32 weak_type=False] c
          e:i32[] = clamp 0:i32[] d 1:i32[]
          f:f32[3] = cond[
            branches=(
              { lambda ; g:f32[3]. let h:f32[3] = add g 1.0:f32[] in (h,) }
              { lambda ; i:f32[3]. let  in (i,) }
            )
          ] e a
        in (f,) }"
    `);
  });
  test("what a loop of unknown length leaves as it is", () => {
    const f = (x: ArrayValue, w: ArrayValue): Arrays =>
      whileLoop(
        ([c]: Arrays) => np.less(np.sum(c!), 100),
        ([c, w, one]: Arrays) => [np.add(np.add(c!, np.abs(w!)), one!), w!, one!],
        [np.zeros([3]), np.add(x, 1), np.ones([3])] as Arrays,
      ).concat(w) as Arrays; // prettier-ignore
    expect(String(simplified(f, [3], [3]))).toMatchInlineSnapshot(`
      "{ lambda ; a:f32[3] b:f32[3]. let
          c:f32[3] = broadcast_in_dim 0.0:f32[]
          d:f32[3] = add a 1.0:f32[]
          e:f32[3] = broadcast_in_dim 1.0:f32[]
          f:f32[3] = while[
            body_jaxpr={ lambda ; g:f32[3] h:f32[3]. let
                i:f32[3] = abs g
                j:f32[3] = add h i
                k:f32[3] = add j 1.0:f32[]
              in (k,) }
            body_nconsts=1
            cond_jaxpr={ lambda ; l:f32[3]. let
                m:f32[] = reduce_sum[axes=(0,) out_sharding=None] l
                n:bool[] = lt m 100.0:f32[]
              in (n,) }
            cond_nconsts=0
          ] d c
        in (f, d, e, b) }"
    `);
  });
});
test("a loop that changes nothing stays a loop", () => {
  const f = (x: ArrayValue): ArrayValue => whileLoop((c: ArrayValue) => np.less(np.sum(np.abs(c)), -1), (c: ArrayValue) => c, x); // prettier-ignore
  expect(String(simplified(f as never, [3]))).toContain("while");
});
