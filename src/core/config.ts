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
}

const settings: Config = {
  enableX64: false,
  sources: true,
  explainCacheMisses: false,
  debugNans: false,
  debugInfs: false,
};
let version = 0;

/** Counts changes of the settings that a traced program depends on: a part of every cache key. */
export const configVersion = (): number => version;

/** Whether outputs of operations are looked at: on the path of every operation, so not through the proxy. */
export const checksNumbers = (): boolean => settings.debugNans || settings.debugInfs;

/**
 * The settings.
 *
 * @throws ArgumentError on an unknown name or a value that is not a boolean.
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
    if (typeof value !== "boolean")
      throw new ArgumentError("config/value", `config.${key} takes a boolean, got ${String(value)}`);
    if (key === "enableX64" && target.enableX64 !== value) version++;
    target[key as keyof Config] = value;
    return true;
  },
});
