import { Affine } from "./affine.ts";
import { Loop } from "./expression.ts";
import { exprsOf, type Nest } from "./nest.ts";
import { Rewriting } from "./rewriting.ts";

/** A nest that does the same in fewer loops: neighbours that every index runs through as through one are one. */
export function merged(nest: Nest): Nest {
  let result = nest;
  for (let pair = mergeable(result); pair; pair = mergeable(result)) result = withMerged(result, pair);
  return result;
}

type Pair = readonly [outer: Loop, inner: Loop];

/** Two loops, one of which is within the other wherever there is either of them. */
function mergeable({ stores, sequential }: Nest): Pair | null {
  const all = exprsOf(stores);
  const lists = [
    ...stores.map(({ loops }) => loops),
    ...all.flatMap((x) => (x.kind === "reduced" ? [x.reduction.over] : [])),
  ];
  const indices = [
    ...stores.map(({ address }) => address),
    ...all.flatMap((x) => (x.kind === "load" ? x.address : x.kind === "position" ? x.index : [])),
  ];
  const kept = new Set([...sequential, ...all.flatMap((x) => (x.kind === "running" ? x.series.along : []))]);
  const factor = (index: Affine, loop: Loop): number => index.terms.find(([l]) => l === loop)?.[1] ?? 0;
  const asOne = (outer: Loop, inner: Loop): boolean =>
    !kept.has(outer) &&
    !kept.has(inner) &&
    lists.every((list) => list.indexOf(outer) === list.indexOf(inner) - 1 || !list.includes(outer)) &&
    lists.every((list) => list.includes(outer) === list.includes(inner)) &&
    // A loop of one step is in no index.
    indices.every(
      (x) => outer.size === 1 || inner.size === 1 || factor(x, outer) === inner.size * factor(x, inner),
    );
  for (const list of lists)
    for (let i = 1; i < list.length; i++) if (asOne(list[i - 1]!, list[i]!)) return [list[i - 1]!, list[i]!];
  return null;
}

function withMerged(nest: Nest, [outer, inner]: Pair): Nest {
  const loop = new Loop(outer.size * inner.size, `${outer.name}${inner.name}`);
  const loops = (before: readonly Loop[]): readonly Loop[] =>
    before.flatMap((l) => (l === outer ? [] : l === inner ? loop : l));
  const [only, none] = inner.size === 1 ? [outer, inner] : [inner, outer];
  const rewriting = new Rewriting({
    indices: new Map([
      [only, Affine.loop(loop)],
      [none, Affine.of(0)],
    ]),
    loops,
  });
  return { ...nest, stores: nest.stores.map((store) => rewriting.store(store, loops(store.loops))) };
}
