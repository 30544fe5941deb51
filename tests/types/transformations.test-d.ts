import {
  ArrayValue,
  checkpoint,
  closureConvert,
  customJvp,
  customVjp,
  evalShape,
  grad,
  hessian,
  jit,
  jvp,
  lax,
  linearize,
  linearTranspose,
  lora,
  makeJaxpr,
  nn,
  numpy as np,
  quaxify,
  random,
  register,
  ShapeDtypeStruct,
  valueAndGrad,
  vjp,
  vmap,
  Zero,
} from "cotangent";
import { expectTypeOf, test } from "vitest";

const key = random.key(0);
const x = np.ones(3);
const loss = (w: ArrayValue, x: ArrayValue): ArrayValue => np.sum(np.multiply(w, x));
const withAux = (w: ArrayValue): [ArrayValue, { norm: ArrayValue }] => [np.sum(w), { norm: w }];

test("a gradient has the type of the differentiated argument", () => {
  expectTypeOf(grad(loss)(x, x)).toEqualTypeOf<ArrayValue>();
  expectTypeOf(grad(loss, { argnums: [0, 1] })(x, x)).toEqualTypeOf<[ArrayValue, ArrayValue]>();
  expectTypeOf(
    grad((m: nn.Linear) => np.sum(m.forward(x)))(new nn.Linear(3, 2, { key })),
  ).toEqualTypeOf<nn.Linear>();
  expectTypeOf(grad((t: number) => np.sin(t))(1)).toEqualTypeOf<ArrayValue>();
});

test("hasAux adds the aux", () => {
  expectTypeOf(grad(withAux, { hasAux: true })(x)).toEqualTypeOf<
    [gradient: ArrayValue, aux: { norm: ArrayValue }]
  >();
  expectTypeOf(valueAndGrad(loss)(x, x)).toEqualTypeOf<[value: ArrayValue, gradient: ArrayValue]>();
});

test("jit, vmap and quaxify keep the signature", () => {
  expectTypeOf(jit(loss)).toEqualTypeOf<(w: ArrayValue, x: ArrayValue) => ArrayValue>();
  expectTypeOf(vmap(loss, { inAxes: [null, 0] })).toEqualTypeOf<
    (w: ArrayValue, x: ArrayValue) => ArrayValue
  >();
  expectTypeOf(quaxify(loss)).toEqualTypeOf<(w: ArrayValue, x: ArrayValue) => ArrayValue>();
});

test("arguments that are not annotated are arrays", () => {
  expectTypeOf(grad((x, y) => np.sum(np.multiply(x, y)))).toEqualTypeOf<
    (x: ArrayValue, y: ArrayValue) => ArrayValue
  >();
  expectTypeOf(jit(vmap((x) => ({ y: np.sin(x) })))).toEqualTypeOf<(x: ArrayValue) => { y: ArrayValue }>();
  expectTypeOf(checkpoint(quaxify((x) => x.T))).toEqualTypeOf<(x: ArrayValue) => ArrayValue>();
  expectTypeOf(customJvp((x) => np.sin(x))(x)).toEqualTypeOf<ArrayValue>();
  makeJaxpr((x) => np.matmul(x, x.T));
});

test("a struct may stand for any array of the arguments", () => {
  const struct = new ShapeDtypeStruct([3], "float32");
  expectTypeOf(evalShape((x) => np.sin(x), struct)).toEqualTypeOf<ShapeDtypeStruct>();
  const loss = ({ w }: { w: ArrayValue; rate: number }, model: nn.Linear) => [model.forward(w)] as const;
  const model = new nn.Linear(3, 2, { key });
  expectTypeOf(evalShape(loss, { w: struct, rate: 1 }, model)).toEqualTypeOf<readonly [ShapeDtypeStruct]>();
  // @ts-expect-error w is no array
  evalShape(loss, { w: "w", rate: 1 }, model);
});

test("an option that a transformation does not have is refused", () => {
  // @ts-expect-error inAxes
  vmap(loss, { in_axes: 0 });
  // @ts-expect-error staticArgnums
  jit(loss, { staticArgnum: 1 });
  // @ts-expect-error a policy is a function
  checkpoint(loss, { policy: "dots" });
  // @ts-expect-error strict
  quaxify(loss, { strickt: true });
  // @ts-expect-error batchSize
  lax.map(np.sin, x, { batch_size: 2 });
  // @ts-expect-error unroll
  lax.foriLoop(0, 3, (_, x) => x, x, { reverse: true });
});

test("jvp, vjp, linearize and hessian", () => {
  expectTypeOf(jvp(np.sin, [x], [x])).toEqualTypeOf<[out: ArrayValue, tangent: ArrayValue]>();
  expectTypeOf(vjp(loss, [x, x])[1](1)).toEqualTypeOf<[ArrayValue, ArrayValue]>();
  expectTypeOf(linearize(loss, [x, x])[0]).toEqualTypeOf<ArrayValue>();
  expectTypeOf(hessian((w: ArrayValue) => np.sum(w))(x)).toEqualTypeOf<ArrayValue>();
});

test("a LoRA model has the type of the model", () => {
  expectTypeOf(lora.loraify(new nn.Linear(3, 2, { key }), { rank: 2, key })).toEqualTypeOf<nn.Linear>();
});

test("register takes one class for each operand, and a rule of the primitive's params", () => {
  register(lax.mul, [Zero, ArrayValue], ([zero, x]) => {
    expectTypeOf(zero).toEqualTypeOf<Zero>();
    expectTypeOf(x).toEqualTypeOf<ArrayValue>();
    return zero;
  });
  register(lax.reduceSum, [Zero], ([x], params) => {
    expectTypeOf(params.axes).toEqualTypeOf<readonly number[]>();
    return x;
  });
  // @ts-expect-error one class for two operands
  register(lax.mul, [Zero], ([zero]) => zero);
  // @ts-expect-error a rule returns a value
  register(lax.mul, [Zero, Zero], () => 0);
});

test("functions with rules of their own keep their signature", () => {
  const f = (x: ArrayValue, n: number): [ArrayValue, number] => [np.multiply(x, n), n];
  const forward = customJvp(f, { nondiffArgnums: [1] });
  const reverse = customVjp(f, { nondiffArgnums: [1] });
  expectTypeOf(forward(x, 2)).toEqualTypeOf<[ArrayValue, number]>();
  expectTypeOf(reverse(x, 2)).toEqualTypeOf<[ArrayValue, number]>();
  reverse.defvjp(
    (x: ArrayValue, n: number) => [f(x, n), { x }],
    (_n: number, { x }: { x: ArrayValue }, [ct]: [ArrayValue, Zero]) => [np.multiply(ct, x)],
  );
  const otherOut = (x: ArrayValue): [ArrayValue, null] => [x, null];
  const fwd = (x: ArrayValue, n: number): [[ArrayValue, number], null] => [f(x, n), null];
  const noList = (): ArrayValue => x;
  // @ts-expect-error fwd returns what the function returns
  reverse.defvjp(otherOut, () => []);
  // @ts-expect-error bwd returns a list
  reverse.defvjp(fwd, noList);
});

test("the parameters of rules have types: arrays for numbers, others as they are", () => {
  const product = customVjp((x, y) => np.multiply(x, y));
  product.defvjp(
    (x, y) => [np.multiply(x, y), { x, y }],
    ({ x, y }, ct) => {
      expectTypeOf([x, y, ct]).toEqualTypeOf<ArrayValue[]>();
      return [np.multiply(ct, y), np.multiply(ct, x)];
    },
  );
  const clip = customVjp((x: ArrayValue, _limit: number) => x, { nondiffArgnums: [1] });
  clip.defvjp(
    (x, limit) => [x, { limit }],
    (limit, residuals, ct) => {
      expectTypeOf(limit).toEqualTypeOf<number>();
      expectTypeOf(residuals).toEqualTypeOf<{ limit: number }>();
      return [np.clip(ct, -limit, limit)];
    },
  );
  const power = customJvp((n: number, x: number, p: { y: number }) => np.power(np.add(x, p.y), n), {
    nondiffArgnums: [0],
  });
  power.defjvp((n, [x, p], tangents) => {
    expectTypeOf(n).toEqualTypeOf<number>();
    expectTypeOf(p).toEqualTypeOf<{ y: ArrayValue }>();
    expectTypeOf(tangents).toEqualTypeOf<[ArrayValue, { y: ArrayValue }]>();
    return [np.power(np.add(x, p.y), n), tangents[0]];
  });
  customJvp((x, y) => np.multiply(x, y)).defjvps((t, _out, _x, y) => np.multiply(t, y), null);
  const noList = (residual: ArrayValue, ct: ArrayValue) => np.multiply(ct, residual);
  // @ts-expect-error bwd returns a list
  product.defvjp((x, y) => [np.multiply(x, y), x], noList);
});

test("captured values are further arguments of a converted function", () => {
  const [converted, captured] = closureConvert((x: ArrayValue) => ({ y: np.sin(x) }), x);
  expectTypeOf(captured).toEqualTypeOf<ArrayValue[]>();
  expectTypeOf(converted(x, ...captured)).toEqualTypeOf<{ y: ArrayValue }>();
});

test("roots and solutions have the type of the solver's result", () => {
  const same = (_f: (x: ArrayValue) => ArrayValue, y: ArrayValue): ArrayValue => y;
  expectTypeOf(lax.customRoot(np.sin, x, same, same)).toEqualTypeOf<ArrayValue>();
  expectTypeOf(lax.customLinearSolve(np.negative, x, same)).toEqualTypeOf<ArrayValue>();
  expectTypeOf(
    lax.customLinearSolve(np.negative, x, (_f, b): [ArrayValue, { steps: number }] => [b, { steps: 1 }], {
      hasAux: true,
    }),
  ).toEqualTypeOf<[ArrayValue, { steps: number }]>();
  expectTypeOf(linearTranspose(loss, x, x)(1)).toEqualTypeOf<[ArrayValue, ArrayValue]>();
});

test("a collective of a tree has the type of the tree, with arrays for numbers", () => {
  expectTypeOf(lax.psum(x, "i")).toEqualTypeOf<ArrayValue>();
  expectTypeOf(lax.psum(1, ["i", "j"])).toEqualTypeOf<ArrayValue>();
  expectTypeOf(lax.pmean({ w: x }, "i")).toEqualTypeOf<{ w: ArrayValue }>();
  expectTypeOf(lax.allGather([x, 1] as const, "i", { tiled: true })).toEqualTypeOf<
    readonly [ArrayValue, ArrayValue]
  >();
  expectTypeOf(lax.pmax(new nn.Linear(3, 2, { key }), "i")).toEqualTypeOf<nn.Linear>();
  expectTypeOf(lax.axisSize("i")).toEqualTypeOf<number>();
  // @ts-expect-error a name is a string
  lax.psum(x, 0);
  // @ts-expect-error pairs of indices
  lax.ppermute(x, "i", [0, 1]);
});
