/** What a bench calls again and again; what is not ready when it returns is in its promise. */
export type Call = () => unknown;

/** One implementation of a work. */
export interface Side {
  readonly name: string;
  /** Seconds that so many calls take, one after the other. */
  round(calls: number): number | Promise<number>;
}

/** Of a work whose calls have their results when they return. */
export function synchronous(name: string, call: Call): Side {
  return {
    name,
    round(calls) {
      const started = performance.now();
      for (let i = 0; i < calls; i++) call();
      return (performance.now() - started) / 1000;
    },
  };
}

/** Of a work whose results are waited for. */
export function asynchronous(name: string, call: Call): Side {
  return {
    name,
    async round(calls) {
      const started = performance.now();
      for (let i = 0; i < calls; i++) await call();
      return (performance.now() - started) / 1000;
    },
  };
}

/** Of a work that measures itself: the seconds of one call. */
export function selfTimed(name: string, call: () => number | Promise<number>): Side {
  return {
    name,
    async round(calls) {
      let seconds = 0;
      for (let i = 0; i < calls; i++) seconds += await call();
      return seconds;
    },
  };
}

/** A call that takes longer is measured once: the first one, which traces and compiles too. */
const SLOW_SECONDS = 3;
const WARM_UP_SECONDS = 0.5;
const ROUND_SECONDS = 0.05;
const ROUNDS = 15;
const LEAST_ROUNDS = 3;
/** What the rounds of all sides of a work may take together; at least {@link LEAST_ROUNDS} are measured. */
const BUDGET_SECONDS = 10;

interface Plan {
  readonly side: Side;
  /** Calls in a round; none if it is not measured again. */
  readonly calls: number;
  readonly seconds: number;
  readonly samples: number[];
}

/** Calls it until the engine has optimised it, and finds how many calls make a round. */
async function warmUp(side: Side): Promise<Plan> {
  const first = await side.round(1);
  if (first > SLOW_SECONDS) return { side, calls: 0, seconds: first, samples: [first] };
  let calls = 1;
  let seconds = first;
  for (let spent = first, atLeast = 3; spent < WARM_UP_SECONDS || atLeast > 0; atLeast--) {
    seconds = await side.round(calls);
    spent += seconds;
    calls = Math.max(1, Math.min(4 * calls, Math.ceil((calls * ROUND_SECONDS) / Math.max(seconds, 1e-6))));
  }
  return { side, calls, seconds: Math.max(seconds, ROUND_SECONDS), samples: [] };
}

const median = (samples: readonly number[]): number =>
  samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)]!;

/** The median seconds of a call of each side. Rounds alternate, so what disturbs the machine disturbs all sides. */
export async function compare(sides: readonly Side[]): Promise<number[]> {
  const plans: Plan[] = [];
  for (const side of sides) plans.push(await warmUp(side));
  const repeated = plans.filter((plan) => plan.calls > 0);
  const turn = repeated.reduce((sum, plan) => sum + plan.seconds, 0);
  const rounds = Math.min(ROUNDS, Math.max(LEAST_ROUNDS, Math.floor(BUDGET_SECONDS / turn)));
  for (let i = 0; i < rounds; i++)
    for (const { side, calls, samples } of repeated) samples.push((await side.round(calls)) / calls);
  return plans.map((plan) => median(plan.samples));
}
