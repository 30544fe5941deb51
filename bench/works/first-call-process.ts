import { loraTrainer } from "./perceptron.ts";

const step = loraTrainer("small", "Adam");
const started = performance.now();
step();
console.log((performance.now() - started) / 1000);
