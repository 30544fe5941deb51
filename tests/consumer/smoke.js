// What a user of the package does first, in one program without Node's or a browser's own functions: it runs on every
// version of Node, bundled or not, and where there is nothing but JavaScript.
import { grad, jit, lora, makeJaxpr, nn, numpy as np, quaxify, random, tree, vmap, Zero } from "cotangent";

/** How many checks have passed. */
export let checks = 0;

/** @param {string} what @param {unknown} found @param {unknown} wanted */
function check(what, found, wanted) {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (left !== right) throw new Error(`${what}: found ${left}, not ${right}`);
  checks++;
}

const square = jit((/** @type {import("cotangent").ArrayValue} */ x) => np.sum(x.mul(x)));
const x = np.array([1, 2, 3]);
check("grad of jit", grad(square)(x), [2, 4, 6]);
check("jit of grad", jit(grad(square))(x), [2, 4, 6]);
check("vmap of grad", vmap(grad(square))(np.eye(2)), [[2, 0], [0, 2]]); // prettier-ignore
check("a program", String(makeJaxpr(square)(x)).includes("reduce_sum"), true);
check("a slice", x.get("::-1").toList(), [3, 2, 1]);
check("an update", x.at(0).set(9), [9, 2, 3]);
check("text", String(x), "[1. 2. 3.]");
check(
  "a narrow dtype",
  np
    .array([1 / 3])
    .astype("bfloat16")
    .astype("float32"),
  [0.333984375],
);
check("random bits", random.bits(random.key(0), [2]), [4070199207, 4202968722]);

/** @type {unknown} */
let error;
try {
  x.add(np.ones([4]));
} catch (thrown) {
  error = thrown;
}
check("an error", error instanceof Error && /shape/.test(error.message), true);

const layer = new nn.Linear(10, 12, { key: random.key(1) });
const model = lora.loraify(layer, { rank: 2, key: random.key(2) });
const loss = jit((/** @type {nn.Linear} */ m) => np.sum(np.square(quaxify(m)(np.ones([10])))));
const gradient = grad(loss)(model);
const kinds = tree.leaves(gradient).map((leaf) => (leaf instanceof Zero ? "Zero" : "array"));
check("gradients of an adapted layer", kinds, ["Zero", "array", "array", "array"]);
const [adapters, rest] = tree.partition(model, lora.trainable(model));
const own = grad((/** @type {nn.Linear} */ part) => loss(tree.combine(part, rest)))(adapters);
const paths = tree.leavesWithPath(own).map(([path]) => tree.pathToString(path));
check("gradients of the adapters", paths, [".weight.a", ".weight.b"]);
