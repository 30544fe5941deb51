/** Names an axis of factors: those of one label are multiplied together, and summed over unless the result has it. */
export type Label = number;

/** In which order to multiply: a factor by its place, or two orders. */
export type Order = number | readonly [Order, Order];

/**
 * The labels that are left of the factors `first … last`: those that another factor or the result has, each once.
 */
export function openLabels(
  factors: readonly (readonly Label[])[],
  result: readonly Label[],
  first: number,
  last: number,
): Label[] {
  const inside = new Set(factors.slice(first, last + 1).flat());
  const outside = new Set([...factors.slice(0, first), ...factors.slice(last + 1), result].flat());
  return [...inside].filter((label) => outside.has(label));
}

/** Multiplications of a product of arrays with these labels. */
export function multiplications(a: readonly Label[], b: readonly Label[], sizes: readonly number[]): number {
  let count = 1;
  for (const label of a) count *= sizes[label]!;
  for (const label of b) if (!a.includes(label)) count *= sizes[label]!;
  return count;
}

/**
 * The order of multiplying neighbours in a row of factors that takes the fewest multiplications, and how many those are.
 * In cubic time.
 *
 * @see Cormen, Leiserson, Rivest & Stein, Introduction to Algorithms, "Matrix-chain multiplication"
 */
export function chainOrder(
  factors: readonly (readonly Label[])[],
  result: readonly Label[],
  sizes: readonly number[],
): { readonly order: Order; readonly cost: number } {
  const n = factors.length;
  const at = (first: number, last: number) => first * n + last;
  const labels: Label[][] = [];
  const costs: number[] = [];
  const orders: Order[] = [];
  for (let first = n - 1; first >= 0; first--) {
    for (let last = first; last < n; last++) {
      labels[at(first, last)] = openLabels(factors, result, first, last);
      costs[at(first, last)] = first === last ? 0 : Infinity;
      orders[at(first, last)] = first;
      for (let end = first; end < last; end++) {
        const [left, right] = [at(first, end), at(end + 1, last)];
        const cost = costs[left]! + costs[right]! + multiplications(labels[left]!, labels[right]!, sizes);
        if (cost >= costs[at(first, last)]!) continue;
        costs[at(first, last)] = cost;
        orders[at(first, last)] = [orders[left]!, orders[right]!];
      }
    }
  }
  return { order: orders[at(0, n - 1)]!, cost: costs[at(0, n - 1)]! };
}
