import { type ArrayValue, files, nn, numpy as np, quaxify, random, tree, vmap } from "cotangent";

/** The adapters that PEFT wrote, their base model, and its outputs with each: tests/referee/peft_adapters.py. */
export const goldens = new URL("../../goldens/files/peft", import.meta.url).pathname;

const key = random.key(0);

/** The base model of those adapters. */
export class Tiny extends nn.Module {
  readonly table = new nn.Embedding(7, 4, { key });
  readonly layers = [new nn.Linear(4, 6, { key }), new nn.Linear(6, 4, { key })] as const;
  readonly norm = new nn.LayerNorm(4);
  readonly classifier = new nn.Linear(4, 3, { key });

  forward(id: ArrayValue): ArrayValue {
    const x = nn.tanh(this.layers[0].forward(this.table.forward(id)));
    return this.classifier.forward(this.norm.forward(this.layers[1].forward(x)));
  }
}

/** The one with a convolution. */
export class TinyConv extends nn.Module {
  readonly conv = new nn.Conv2d(2, 6, 3, { stride: 2, padding: 1, key });
  readonly classifier = new nn.Linear(6, 3, { key });

  forward(image: ArrayValue): ArrayValue {
    return this.classifier.forward(np.mean(nn.tanh(this.conv.forward(image)), { axis: [1, 2] }));
  }
}

export const readBase = (): Tiny => files.loadSafetensors(`${goldens}/base.safetensors`, new Tiny());

/** What the model gives for each id. */
export const outputs = (model: Tiny): ArrayValue =>
  quaxify((m: Tiny) => vmap((id: ArrayValue) => m.forward(id))(np.arange(7)))(model);

/** Biases of convolutions have axes for the places here, and none in PyTorch. */
export function readConvBase(path = `${goldens}/base-conv.safetensors`): TinyConv {
  const file = files.openSafetensors(path);
  const read = (name: string, shape: readonly number[]) => np.reshape(file.get(name), shape);
  const like = new TinyConv();
  return tree.mapWithPath((path, x: ArrayValue) => read(files.tensorName(path), x.shape), like);
}

const images = np.reshape(np.sin(np.arange(3 * 2 * 5 * 5, { dtype: "float32" })), [3, 2, 5, 5]);
export const convOutputs = (model: TinyConv): ArrayValue =>
  quaxify((m: TinyConv) => vmap((image: ArrayValue) => m.forward(image))(images))(model);
