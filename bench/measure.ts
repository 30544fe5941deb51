/** Seconds that one call takes. */
export interface Timing {
  readonly median: number;
  /** Of the fastest round: less disturbed by whatever else runs on the machine. */
  readonly best: number;
}

/** What is measured, and what it is compared with, in `unit`. */
export interface Row {
  readonly name: string;
  readonly timing: Timing;
  readonly unit: "µs" | "ms" | "GFLOP/s";
  /** Operations of one call, where the unit is a rate. */
  readonly flops?: number;
  /** The longest time that is wanted. */
  readonly target?: number;
  readonly peers?: Readonly<Record<string, number>>;
}

const WARM_UP_SECONDS = 1;
const ROUNDS = 15;
const ROUND_SECONDS = 0.05;

/** Times `body` in some rounds, each long enough for the clock, after a warm-up in which the engine optimises it. */
export function time(body: () => unknown): Timing {
  const round = (calls: number): number => {
    const started = performance.now();
    for (let i = 0; i < calls; i++) body();
    return (performance.now() - started) / 1000;
  };
  let calls = 1;
  for (let spent = 0; spent < WARM_UP_SECONDS;) {
    const seconds = round(calls);
    spent += seconds;
    calls = Math.max(1, Math.min(2 * calls, Math.ceil((calls * ROUND_SECONDS) / Math.max(seconds, 1e-6))));
  }
  const rounds = Array.from({ length: ROUNDS }, () => round(calls) / calls).sort((a, b) => a - b);
  return { median: rounds[Math.floor(ROUNDS / 2)]!, best: rounds[0]! };
}

const show = (x: number): string => (x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2));

function inUnit(seconds: number, { unit, flops = 0 }: Row): number {
  if (unit === "GFLOP/s") return flops / seconds / 1e9;
  return seconds * (unit === "ms" ? 1e3 : 1e6);
}

/** The rows as an aligned table. Ratios are of medians; above 1, we are faster than the peer. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map((row) => {
    const { name, timing, unit, target, peers = {} } = row;
    const [median, best] = [inUnit(timing.median, row), inUnit(timing.best, row)];
    const ratio = (theirs: number): number => (unit === "GFLOP/s" ? median / theirs : theirs / median);
    const wanted = target === undefined ? "" : `≤ ${target} ${median <= target ? "met" : "missed"}`;
    const compared = Object.entries(peers).map(
      ([peer, theirs]) => `${peer} ${show(theirs)} (${show(ratio(theirs))}×)`,
    );
    return [name, `${show(median)} ${unit}`, show(best), wanted, compared.join(", ")];
  });
  const all = [["", "median", "best", "target", "peer (ratio)"], ...cells];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((line) => line[column]!.length)));
  const aligned = all.map((line) => line.map((cell, column) => cell.padEnd(widths[column]!)).join("  "));
  return aligned.map((line) => line.trimEnd()).join("\n");
}
