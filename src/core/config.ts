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
  /**
   * Bytes that the wasm backend keeps arrays in, from 1 MiB to 4 GiB: 512 MiB unless set. Beyond that, arrays that are not in
   * use are moved to ordinary memory, and back when they are; what one call uses may exceed it.
   */
  memory: number;
}

const MIB = 2 ** 20;
const MOST_THREADS = 64;
const MOST_THREADS_UNASKED = 16;

const settings: Config = {
  enableX64: false,
  sources: true,
  explainCacheMisses: false,
  debugNans: false,
  debugInfs: false,
  threads: Math.min(host.parallelism, MOST_THREADS_UNASKED),
  memory: 512 * MIB,
};
/** Settings that are numbers, and the values that they take. */
const numbers = {
  threads: { least: 1, most: MOST_THREADS, listeners: new Set<(value: number) => void>() },
  memory: { least: MIB, most: 4096 * MIB, listeners: new Set<(value: number) => void>() },
};
let version = 0;

/** Counts changes of the settings that a traced program depends on: a part of every cache key. */
export const configVersion = (): number => version;

/** Whether outputs of operations are looked at: on the path of every operation, so not through the proxy. */
export const checksNumbers = (): boolean => settings.debugNans || settings.debugInfs;

/** Calls `listener` with the value of a setting whenever it is set. */
export function onSetting(name: keyof typeof numbers, listener: (value: number) => void): void {
  numbers[name].listeners.add(listener);
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
    const number = Object.hasOwn(numbers, key) ? numbers[key as keyof typeof numbers] : null;
    const fault = number ? notWithin(number, value) : typeof value === "boolean" ? null : "a boolean";
    if (fault !== null)
      throw new ArgumentError("config/value", `config.${key} takes ${fault}, got ${String(value)}`);
    if (key === "enableX64" && target.enableX64 !== value) version++;
    Reflect.set(target, key, value);
    if (number) for (const listener of number.listeners) listener(value as number);
    return true;
  },
});

const notWithin = ({ least, most }: { least: number; most: number }, value: unknown): string | null =>
  Number.isInteger(value) && Number(value) >= least && Number(value) <= most
    ? null
    : `an integer from ${least} to ${most}`;
