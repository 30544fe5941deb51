import { numpy as np } from "cotangent";
import * as files from "cotangent/files";

const bytes = files.encodeSafetensors({ layers: [{ weight: np.array([1, 2]) }] });
const read = files.openSafetensors(bytes);
if (String(read.get("layers.0.weight")) !== "[1. 2.]") throw new Error("an array changed in its file");

const { weight } = files.decodeNpz(files.encodeNpz({ weight: np.array([1, 2]) }));
if (String(weight) !== "[1. 2.]") throw new Error("an array changed in NumPy's file");
