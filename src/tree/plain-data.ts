type Plain = Record<string, unknown>;

function isPlain(value: unknown): value is Plain {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}

/** `Object.is`, and lists and plain objects by structure. */
export function samePlainData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isPlain(a) || !isPlain(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && samePlainData(a[key], b[key]));
}

/** A value in a line of text: plain data in full, the name of a function, what any other object says, or its class. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return value.name === "" ? "(anonymous)" : value.name;
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (isPlain(value)) {
    const entries = Object.entries(value).map(([key, item]) => `${key}: ${show(item)}`);
    return `{${entries.join(", ")}}`;
  }
  if (typeof value === "object" && value !== null)
    return value.toString === Object.prototype.toString ? value.constructor.name : String(value);
  return Object.is(value, -0) ? "-0" : String(value);
}

/** The beginning of a text that may be long. */
export function abbreviate(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 297)}...`;
}
