/** In which order to multiply: an operand by its place, or two trees. */
export type Tree = number | readonly [Tree, Tree];

interface Plan {
  readonly tree: Tree;
  readonly cost: number;
  readonly names: readonly string[];
}

/** Operands up to which every order is considered. */
const EXHAUSTIVE = 8;

/**
 * The order of pairwise contractions with the fewest multiplications: of all orders, for up to eight operands, and by
 * the cheapest next step beyond.
 */
export function contractionTree(
  terms: readonly (readonly string[])[],
  out: readonly string[],
  sizes: ReadonlyMap<string, number>,
): Tree {
  const work = (names: readonly string[]) =>
    names.reduce((product, name) => product * (sizes.get(name) ?? 1), 1);
  /** What is left of the names of two plans, given those that others still need. */
  const merged = (a: Plan, b: Plan, needed: ReadonlySet<string>): Plan => {
    const names = [...new Set([...a.names, ...b.names])];
    return {
      tree: [a.tree, b.tree],
      cost: a.cost + b.cost + work(names),
      names: names.filter((name) => needed.has(name)),
    };
  };
  const leaves = terms.map((names, i): Plan => ({ tree: i, cost: 0, names }));
  return leaves.length <= EXHAUSTIVE ? bestOrder(leaves, out, merged) : greedyOrder(leaves, out, merged);
}

type Merge = (a: Plan, b: Plan, needed: ReadonlySet<string>) => Plan;

/** Dynamic programming over sets of operands, as bits. */
function bestOrder(leaves: readonly Plan[], out: readonly string[], merged: Merge): Tree {
  const all = (1 << leaves.length) - 1;
  const best: Plan[] = [];
  for (let set = 1; set <= all; set++) {
    const needed = new Set([...out, ...leaves.flatMap(({ names }, i) => (set & (1 << i) ? [] : names))]);
    const lowest = set & -set;
    if (set === lowest) {
      best[set] = leaves[31 - Math.clz32(set)]!;
      continue;
    }
    // Each split once: the part with the first operand of the set is named first.
    for (let part = (set - 1) & set; part > 0; part = (part - 1) & set) {
      if ((part & lowest) === 0) continue;
      const plan = merged(best[part]!, best[set ^ part]!, needed);
      if (plan.cost < (best[set]?.cost ?? Infinity)) best[set] = plan;
    }
  }
  return best[all]!.tree;
}

function greedyOrder(leaves: readonly Plan[], out: readonly string[], merged: Merge): Tree {
  const plans = [...leaves];
  while (plans.length > 1) {
    let chosen: readonly [i: number, j: number, plan: Plan] | undefined;
    for (let i = 0; i < plans.length; i++) {
      for (let j = i + 1; j < plans.length; j++) {
        const needed = new Set([
          ...out,
          ...plans.flatMap(({ names }, k) => (k === i || k === j ? [] : names)),
        ]);
        const plan = merged(plans[i]!, plans[j]!, needed);
        const step = plan.cost - plans[i]!.cost - plans[j]!.cost;
        if (!chosen || step < chosen[2].cost - plans[chosen[0]]!.cost - plans[chosen[1]]!.cost)
          chosen = [i, j, plan];
      }
    }
    const [i, j, plan] = chosen!;
    plans.splice(j, 1);
    plans[i] = plan;
  }
  return plans[0]!.tree;
}
