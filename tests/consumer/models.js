import { Bert } from "cotangent/models";
import { array } from "cotangent/numpy";
import { key } from "cotangent/random";

const sizes = { vocabSize: 5, hiddenSize: 4, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 6 };
const model = new Bert({ ...sizes, maxPositionEmbeddings: 3 }, { key: key(0) });
const out = model.forward(array([1, 4], "int32"));
if (String(out.shape) !== "2,4") throw new Error(`two positions became ${String(out.shape)}`);
