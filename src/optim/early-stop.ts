import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue } from "../core/value.ts";
import { checkCount, type Measured, type Metrics } from "./run.ts";

/** When a training that gets no better is ended. */
export interface EarlyStop {
  /** The name of a number that is measured by evaluations. */
  readonly metric: string;
  /** After how many evaluations, one after the other, that were not better than the best before them. */
  readonly patience: number;
  /** Whether smaller numbers are better, or greater ones. Default `"min"`. */
  readonly mode?: "min" | "max" | undefined;
  /** By how much a better one differs at least. Default 0. */
  readonly minDelta?: number | undefined;
  /** Whether the parameters of the best evaluation are what the training comes to. They are kept, and saved, meanwhile. Default false. */
  readonly restore?: boolean | undefined;
}

/** @throws ArgumentError when an option is unknown or out of range, or nothing is evaluated. */
export function checkStop(stop: EarlyStop, evaluates: boolean): void {
  const caller = "optim.fit: earlyStop";
  readOptions<EarlyStop>(caller, ["metric", "patience", "mode", "minDelta", "restore"], [stop]);
  checkCount(stop.patience, caller, "patience");
  const wrong = (what: string): never => {
    throw new ArgumentError("optim/early-stop", `${caller}: ${what}`);
  };
  if (!evaluates) wrong(`${stop.metric} is a number of evaluations: give evaluate and evaluateEvery`);
  if (stop.mode !== undefined && stop.mode !== "min" && stop.mode !== "max")
    wrong(`mode is "min" or "max", got ${describe(stop.mode)}`);
  if (!((stop.minDelta ?? 0) >= 0)) wrong(`minDelta is not negative, got ${describe(stop.minDelta)}`);
}

/** Sees from what was measured so far whether a training has become better. */
export class Patience {
  constructor(private readonly stop: EarlyStop) {}

  private isBetter(value: number, best: number): boolean {
    const { mode = "min", minDelta = 0 } = this.stop;
    return mode === "min" ? value < best - minDelta : value > best + minDelta;
  }

  /** The best number, and how many came after it. */
  private standing(metrics: Metrics): readonly [best: number, since: number] {
    let best = this.stop.mode === "max" ? -Infinity : Infinity;
    let since = 0;
    for (const [, value] of metrics[this.stop.metric] ?? []) {
      since++;
      if (this.isBetter(value, best)) [best, since] = [value, 0];
    }
    return [best, since];
  }

  /** @throws ArgumentError when the metric is not among what was measured. */
  wouldBeBest(metrics: Metrics, measured: Measured): boolean {
    const given = measured[this.stop.metric];
    if (given === undefined) {
      throw new ArgumentError(
        "optim/early-stop",
        `optim.fit: earlyStop: evaluate measures ${Object.keys(measured).join(", ") || "nothing"}, and not ${this.stop.metric}`,
      );
    }
    return this.isBetter(
      Number(given instanceof ArrayValue ? given.item() : given),
      this.standing(metrics)[0],
    );
  }

  isOver(metrics: Metrics): boolean {
    return this.standing(metrics)[1] >= this.stop.patience;
  }
}
