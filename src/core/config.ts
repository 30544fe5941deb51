import { host } from "#host";
import { ArgumentError, nearest } from "./errors.ts";

/** Settings of the whole process. Assigning one takes effect at once; compiled functions retrace where it matters. */
export interface Config {
  /** Allow 64-bit dtypes. Off, as in JAX: int64, uint64 and float64 become their 32-bit kin. */
  enableX64: boolean;
  /** Record on each equation where in the user's source it came from. */
  sources: boolean;
  /** Say on `console.info` why a jitted function was traced again. */
  explainCacheMisses: boolean;
  /** Throw a `NonFiniteError` that names the first operation whose output has a NaN, and the user's line. */
  debugNans: boolean;
  /** The same for infinities. */
  debugInfs: boolean;
  /**
   * How many threads a compiled program may use, from 1 to 64: as many as run at once here, at most 16, unless set.
   * Results do not depend on it.
   */
  threads: number;
}

const MOST_THREADS = 64;
const MOST_THREADS_UNASKED = 16;

const settings: Config = {
  enableX64: false,
  sources: true,
  explainCacheMisses: false,
  debugNans: false,
  debugInfs: false,
  threads: Math.min(host.parallelism, MOST_THREADS_UNASKED),
};
const threadListeners: ((threads: number) => void)[] = [];
let version = 0;

/** Counts changes of the settings that a traced program depends on: a part of every cache key. */
export const configVersion = (): number => version;

/** Whether outputs of operations are looked at: on the path of every operation, so not through the proxy. */
export const checksNumbers = (): boolean => settings.debugNans || settings.debugInfs;

/** Calls `listener` with the number of threads whenever it is set. */
export function onThreads(listener: (threads: number) => void): void {
  threadListeners.push(listener);
}

/**
 * The settings.
 *
 * @throws ArgumentError on an unknown name or a value that the setting does not take.
 * @example
 * config.enableX64 = true;
 */
export const config: Config = new Proxy(settings, {
  set(target, key, value) {
    if (typeof key !== "string" || !Object.hasOwn(target, key)) {
      const near = nearest(String(key), Object.keys(target));
      throw new ArgumentError(
        "config/unknown",
        `config has no setting ${String(key)}${near ? `; did you mean ${near}?` : ""}`,
      );
    }
    const fault = key === "threads" ? notThreads(value) : typeof value === "boolean" ? null : "a boolean";
    if (fault !== null)
      throw new ArgumentError("config/value", `config.${key} takes ${fault}, got ${String(value)}`);
    if (key === "enableX64" && target.enableX64 !== value) version++;
    Reflect.set(target, key, value);
    if (key === "threads") for (const listener of threadListeners) listener(target.threads);
    return true;
  },
});

const notThreads = (value: unknown): string | null =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST_THREADS
    ? null
    : `an integer from 1 to ${MOST_THREADS}`;
