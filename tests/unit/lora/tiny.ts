import { type ArrayValue, files, nn, numpy as np, quaxify, random, vmap } from "cotangent";

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

export const readBase = (): Tiny => files.loadSafetensors(`${goldens}/base.safetensors`, new Tiny());

/** What the model gives for each id. */
export const outputs = (model: Tiny): ArrayValue =>
  quaxify((m: Tiny) => vmap((id: ArrayValue) => m.forward(id))(np.arange(7)))(model);
