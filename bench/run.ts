import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { setBackend } from "cotangent";
import { measureMachine, type Machine, show as showMachine } from "./machine/index.ts";
import { asynchronous, compare, type Side, selfTimed, synchronous } from "./measure.ts";
import { Jax } from "./peers/jax.ts";
import { jaxJsName, startJaxJs } from "./peers/jax-js.ts";
import { header, inUnit, line, ratioOf } from "./table.ts";
import type { Row, Work } from "./work.ts";
import { works } from "./works/index.ts";

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "string" },
    "no-peers": { type: "boolean" },
    list: { type: "boolean" },
    backend: { type: "string", default: "wasm" },
  },
});
setBackend(options.backend);
const chosen = works.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)));
if (chosen.length === 0 || options.list) {
  if (!options.list) console.error(`no work has ${names.join(" or ")} in its name; there are:`);
  console.log(works.map(({ name }) => name).join("\n"));
  process.exit(options.list ? 0 : 1);
}

/** What `start` gives; without it, the rows have no such peer. */
async function available<T>(name: string, wanted: boolean, start: () => Promise<T>): Promise<T | null> {
  if (!wanted || options["no-peers"]) return null;
  try {
    return await start();
  } catch (error) {
    console.log(`without ${name}: ${(error as Error).message}`);
    return null;
  }
}

const machine = await measureMachine();
console.log(showMachine(machine));
const jaxJs = await available(
  "jax-js",
  chosen.some((work) => work.jaxJs),
  startJaxJs,
);
const jax = await available(
  "JAX",
  chosen.some((work) => work.jax),
  () => Jax.start(),
);

/** The peers of a work with the ratio that is wanted. */
function peersOf(work: Work): { side: Side; aim: number | null }[] {
  const peers = [];
  if (jaxJs !== null && work.jaxJs !== undefined)
    peers.push({ side: asynchronous(jaxJsName, work.jaxJs(jaxJs)), aim: work.aims?.jaxJs ?? null });
  if (jax !== null && work.jax !== undefined)
    peers.push({ side: jax.side(work.name, work.jax), aim: work.aims?.jax ?? null });
  return peers;
}

/** The share of what the machine could do; of no meaning where next to nothing is computed. */
function roofline(
  { flops = 0, bytes = 0, aims }: Work,
  seconds: number,
  { flops: peak, bytes: bandwidth }: Machine,
) {
  return aims?.roofline === undefined ? null : (flops / peak + bytes / bandwidth) / seconds;
}

async function measure(work: Work): Promise<Row[]> {
  const call = work.ours();
  const ours = work.selfTimed ? selfTimed("ours", call as () => number) : synchronous("ours", call);
  const peers = peersOf(work);
  const [seconds, ...theirs] = await compare([ours, ...peers.map((peer) => peer.side)]);
  const value = inUnit(seconds!, work.unit, work);
  const common = {
    work: work.name,
    unit: work.unit,
    ours: value,
    roofline: roofline(work, seconds!, machine),
    rooflineAim: work.aims?.roofline ?? null,
  };
  if (peers.length === 0) return [{ ...common, peer: null, peerName: null, ratio: null, aim: null }];
  return peers.map(({ side, aim }, i) => {
    const peer = inUnit(theirs[i]!, work.unit, work);
    return { ...common, peer, peerName: side.name, ratio: ratioOf(value, peer, work.unit), aim };
  });
}

console.log(`\n${header}`);
const rows: Row[] = [];
for (const work of chosen) {
  const measured = await measure(work);
  for (const row of measured) console.log(line(row));
  rows.push(...measured);
}
jax?.stop();
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(rows, null, 2)}\n`);
