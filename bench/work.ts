import type { Call } from "./measure.ts";
import type { JaxJs } from "./peers/jax-js.ts";

export type Unit = "µs" | "ms" | "GFLOP/s" | "GB/s";

/** What is measured. A side makes its arrays and functions when it is asked for its call. */
export interface Work {
  /** Also what `peers/jax_works.py` calls it. */
  readonly name: string;
  readonly unit: Unit;
  /** Operations and bytes that no implementation of one call can do without: what the roofline is made of. */
  readonly flops?: number;
  readonly bytes?: number;
  /** The share of the roofline, and the ratios, that are wanted. */
  readonly aims?: { readonly roofline?: number; readonly jaxJs?: number; readonly jax?: number };
  readonly ours: () => Call;
  /** Whether a call gives its own seconds in place of being timed. */
  readonly selfTimed?: boolean;
  readonly jaxJs?: (jaxJs: JaxJs) => Call;
  /** The packages that do it in Python. */
  readonly jax?: "JAX" | "Quax";
}

/** One line of the result, in `unit`. With a `ratio` above 1, we are faster. */
export interface Row {
  readonly work: string;
  readonly unit: Unit;
  readonly ours: number;
  readonly peer: number | null;
  readonly peerName: string | null;
  readonly ratio: number | null;
  /** The ratio that is wanted. */
  readonly aim: number | null;
  /** What the machine needs at least for the work, over what we need. */
  readonly roofline: number | null;
  readonly rooflineAim: number | null;
}
