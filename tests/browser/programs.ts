// Programs that a page, a worker and Node run alike, on the bundle of the whole library.
import {
  type ArrayValue,
  grad,
  hessian,
  jit,
  lax,
  lora,
  nn,
  numpy as np,
  optim,
  quaxify,
  random,
  tree,
  valueAndGrad,
  vmap,
  Zero,
} from "cotangent";

type Programs = Readonly<Record<string, () => unknown>>;

/** Integers, random bits, and arithmetic that rounds as IEEE 754 says: every engine gives the same bits. */
const exact: Programs = {
  random() {
    const key = random.key(42);
    return {
      bits: random.bits(key, [8]),
      uniform: random.uniform(key, [1000]),
      randint: random.randint(key, [100], -50, 50),
      permutation: random.permutation(key, 64),
      batched: vmap((key: ArrayValue) => random.bits(key, [3]))(random.split(key, 4)),
    };
  },
  integers() {
    const x = random.bits(random.key(1), [257]);
    const signed = lax.bitcastConvertType(x, "int32");
    return {
      wrapped: np.multiply(signed, signed),
      cumulative: np.cumsum(signed),
      sorted: np.sort(x),
      order: np.argsort(signed),
      shifted: lax.shiftRightLogical(x, np.full([257], 5, "uint32")),
    };
  },
  special() {
    const x = np.array([NaN, Infinity, -Infinity, -0, 0, 1e-45, 3.4e38]);
    return {
      x,
      doubled: np.add(x, x),
      inverse: np.divide(1, x),
      sign: np.sign(x),
      half: x.astype("float16"),
    };
  },
  grad() {
    const cubes = (x: ArrayValue) => np.sum(np.multiply(x, np.multiply(x, x)));
    const x = np.arange(-8, 8).astype("float32");
    return { eager: grad(cubes)(x), compiled: jit(grad(jit(cubes)))(x), hessian: hessian(cubes)(x) };
  },
  vmap() {
    const rows = random.randint(random.key(2), [16, 8], -9, 9).astype("float32");
    const gram = vmap((x: ArrayValue) => vmap((y: ArrayValue) => np.dot(x, y))(rows));
    return { gram: gram(rows), matmul: np.matmul(rows, rows.transpose()) };
  },
  loops() {
    const fibonacci = jit((a: ArrayValue, b: ArrayValue) =>
      lax.scan(([a, b]) => [[b, np.add(a, b)] as const, a], [a, b] as const, null, { length: 48 }),
    );
    const collatz = jit((start: ArrayValue) =>
      lax.whileLoop(
        ([n]) => np.greater(n, 1),
        ([n, steps]) => {
          const even = np.equal(np.remainder(n, 2), 0);
          const halved = (n: ArrayValue) => np.floorDivide(n, 2);
          const tripled = (n: ArrayValue) => np.add(np.multiply(n, 3), 1);
          return [lax.cond(even, halved, tripled, n), np.add(steps, 1)] as const;
        },
        [start, np.array(0, "int32")] as const,
      ),
    );
    return [fibonacci(np.array(0, "int32"), np.array(1, "int32")), collatz(np.array(27, "int32"))];
  },
};

/** Mathematical functions: an engine may choose their last bits, so that two versions of one engine may differ there. */
const close: Programs = {
  jit() {
    const x = random.normal(random.key(3), [64, 32]);
    const program = (x: ArrayValue) => ({
      softmax: nn.softmax(x, { axis: -1 }),
      gelu: nn.gelu(x),
      norm: np.sqrt(np.sum(np.square(np.tanh(x)))),
      mixed: np.add(np.sin(x), np.log1p(np.exp(np.cos(x)))),
    });
    return { eager: program(x), compiled: jit(program)(x) };
  },
  scan() {
    const w = np.multiply(0.3, random.normal(random.key(4), [8, 8]));
    const xs = random.normal(random.key(5), [12, 8]);
    const cell = (w: ArrayValue) => (h: ArrayValue, x: ArrayValue) => {
      const next = np.tanh(np.add(np.matmul(w, h), x));
      return [next, next] as const;
    };
    const loss = (w: ArrayValue) => np.sum(lax.scan(cell(w), np.zeros([8]), xs)[0]);
    return jit(valueAndGrad(loss))(w);
  },
  lora() {
    const key = random.key(6);
    const model = lora.loraify(new nn.MLP(6, 3, 16, 2, { key }), { rank: 2, key });
    const [adapters, frozen] = tree.partition(model, lora.trainable(model));
    const loss = (model: nn.MLP) => np.sum(np.square(quaxify(model)(random.normal(key, [6]))));
    const optimiser = optim.adam(0.01);
    const step = jit((adapters: nn.MLP) => {
      const gradient = grad((part: nn.MLP) => loss(tree.combine(part, frozen) as nn.MLP))(adapters);
      const [updates] = optimiser.update(gradient, optimiser.init(adapters), adapters);
      return optim.applyUpdates(adapters, updates);
    });
    if (!tree.leaves(grad(loss)(model)).some((leaf) => leaf instanceof Zero))
      throw new Error("the weights beneath the adapters have a gradient");
    return step(adapters as nn.MLP);
  },
  training() {
    const x = random.normal(random.key(8), [64, 4]);
    const y = np.sin(np.sum(x, { axis: -1, keepdims: true }));
    const loss = (model: nn.MLP) =>
      np.mean(np.square(np.subtract(vmap((x: ArrayValue) => model.forward(x))(x), y)));
    let model = new nn.MLP(4, 1, 32, 2, { key: random.key(9) });
    const optimiser = optim.adam(0.02);
    let state = optimiser.init(model);
    const step = jit((model: nn.MLP, state: ReturnType<typeof optimiser.init>) => {
      const [value, gradient] = valueAndGrad(loss)(model);
      const [updates, next] = optimiser.update(gradient, state, model);
      return [optim.applyUpdates(model, updates), next, value] as const;
    });
    const losses: number[] = [];
    for (let i = 0; i < 20; i++) {
      const [trained, next, value] = step(model, state);
      [model, state] = [trained, next];
      losses.push(Number(value));
    }
    if (!(losses.at(-1)! < losses[0]! / 2)) throw new Error(`the losses do not fall: ${losses.join(", ")}`);
    return { losses, model };
  },
};

const numbersOf = (programs: Programs) =>
  Object.fromEntries(
    Object.entries(programs).map(([name, program]) => [
      name,
      tree
        .leaves<ArrayValue | number>(program())
        .map((x) => (typeof x === "number" ? x : np.ravel(x).toList())),
    ]),
  );

/** The numbers that each program gives, array by array. */
export const results = () => ({ exact: numbersOf(exact), close: numbersOf(close) });
