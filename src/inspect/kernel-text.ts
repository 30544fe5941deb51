import type { Kernel, KernelFunction, KernelLoop, ProgramStep, StepArray } from "./kernel-steps.ts";
import type { Kernels } from "./kernels.ts";
import { showCount } from "../core/table.ts";

const bytesText = (bytes: number): string => `${showCount(bytes)} bytes`;
const arraysText = (arrays: readonly StepArray[]): string =>
  arrays.map(({ name, aval, bytes }) => `${name}:${aval} ${bytesText(bytes)}`).join(", ") || "nothing";

/** `j0 128 by 8 in 4 lanes`. */
function loopText({ name, size, reduced, lanes, turns }: KernelLoop): string {
  const steps = turns.map(({ from, to, step }) => (to - from > step ? `${step}` : `${to - from}`));
  const by = steps.length > 1 ? ` by ${steps.join(", then ")}` : steps[0] === "1" ? "" : ` by ${steps[0]}`;
  return `${reduced ? "over " : ""}${name} ${showCount(size)}${by}${lanes > 1 ? ` in ${lanes} lanes` : ""}`;
}
function functionText({ loops, steps, chunks }: KernelFunction): string {
  const text = loops.map(loopText).join("; ") || "none";
  return chunks > 1 ? `${text}; ${chunks} chunks of the ${showCount(steps)} steps for threads` : text;
}

function* kernelLines({ id, equations, because, reads, writes, inPlace, functions, flops, bytes }: Kernel) {
  yield `${id}: ${because}`;
  for (const { text, source, again } of equations)
    yield `  ${text}${again.length > 0 ? `  (also in ${again.join(", ")})` : ""}${source ? `  # ${source}` : ""}`;
  yield `  reads   ${arraysText(reads)}`;
  yield `  writes  ${arraysText(writes)}${inPlace ? `, where ${inPlace} is` : ""}`;
  for (const each of functions) yield `  loops   ${functionText(each)}`;
  yield `  cost    ${showCount(flops)} flops, ${bytesText(bytes)}`;
}

function* stepLines(step: ProgramStep): Generator<string> {
  switch (step.kind) {
    case "kernel":
      yield* kernelLines(step);
      return;
    case "host":
      yield `host: ${step.because}`;
      yield `  ${step.equation}`;
      yield `  reads   ${arraysText(step.reads)}`;
      yield `  writes  ${arraysText(step.writes)}`;
      return;
    case "copy":
      yield `copy: ${step.from} to ${step.to}, ${bytesText(step.bytes)}`;
      return;
    default:
      yield `${step.kind}: ${step.equation}`;
      for (const { name, aval, memory } of step.carries) yield `  carries ${name}:${aval}, ${memory}`;
      for (const { name, steps } of step.bodies) {
        yield `  ${name}:`;
        for (const inner of steps) for (const line of stepLines(inner)) yield `    ${line}`;
      }
  }
}

/** All that is known of a compiled program, as text. */
export function kernelsText({ kernels, steps, memory, wasm, flops, bytes }: Kernels): string {
  const places = new Map<number, string[]>();
  for (const { name, aval, offset, bytes } of memory.temporaries)
    places.set(offset, [...(places.get(offset) ?? []), `${name}:${aval} ${bytesText(bytes)}`]);
  return [
    ...steps.flatMap((step) => [...stepLines(step), ""]),
    `working memory: ${bytesText(memory.bytes)}, of which temporaries ${showCount(memory.temporaryBytes)}, which would be ${showCount(memory.unsharedBytes)} apart`,
    ...[...places].map(([offset, names]) => `  at ${showCount(offset)}: ${names.join("; ")}`),
    `${kernels.length} ${kernels.length === 1 ? "kernel" : "kernels"}, ${showCount(flops)} flops, ${bytesText(bytes)}; a module of ${bytesText(wasm.length)}`,
  ].join("\n");
}
