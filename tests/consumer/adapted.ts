// LoRA as the first page shows it, in the types that the package declares.
import {
  type ArrayValue,
  grad,
  jit,
  lax,
  nn,
  numpy as np,
  quaxify,
  random,
  register,
  tree,
  Value,
} from "cotangent";
import { LoraArray, loraify, type LoraOptions, trainable } from "cotangent/lora";
import type { Schedule } from "cotangent/optim";

const [k1, k2, k3] = random.split(random.key(0), 3);
const linear = new nn.Linear(10, 12, { key: k1! });
const x = random.normal(k2!, [10]);
const run = (m: nn.Linear, x: ArrayValue): ArrayValue => m.forward(x);

const tuned = tree.at((l) => l.weight, linear, new LoraArray(linear.weight, { rank: 2, key: k3! }));
const y: ArrayValue = quaxify(run)(tuned, x);
// @ts-expect-error the declarations were found: this is no `any`
void y.noSuchMember;
// @ts-expect-error strings are no operands
const wrong = (): ArrayValue => y.add("1");

// An option may be undefined, whatever the reader's compiler options say.
const scale: number | undefined = undefined;
const options: LoraOptions = { rank: 2, scale, key: k3!, stopGradient: true };
const model = loraify(linear, options);
const [train, rest] = tree.partition(model, trainable(model));
const loss = (t: typeof train, x: ArrayValue): ArrayValue => np.sum(quaxify(run)(tree.combine(t, rest), x));
const gradient: typeof train = jit(grad(loss))(train, x);

// Methods are installed on the class, and declared with it.
const total: ArrayValue = y.mul(2).at(0).set(1).T.get(":3", null).sum({ axis: 0, keepdims: true });
const numbers: readonly number[] = [...x].map((element) => Number(element));
const rate: Schedule = (step) => np.multiply(step, 0.1);

register(lax.neg, [LoraArray], ([w]) => LoraArray.of(lax.neg(w.w), lax.neg(w.a), w.b, w));

if (!(gradient instanceof nn.Linear) || !(total instanceof Value)) throw new Error("a class was lost");
if (String(y.shape) !== "12" || wrong.length !== 0 || numbers.length !== 10)
  throw new Error("the LoRA example went wrong");
if (Number(rate(np.array(10))) !== 1) throw new Error("the schedule went wrong");
