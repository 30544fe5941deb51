import { isInexact } from "../core/dtype.ts";
import { FileError } from "../core/errors.ts";
import { sameShape, showShape } from "../core/shape.ts";
import type { Aval } from "../core/value.ts";
import type { Safetensors } from "../files/index.ts";
import { dtypeOf, quoted } from "../files/safetensors-format.ts";
import { type Layout, PREFIX } from "./adapter-layout.ts";

/** Compares the keys of a file with those that the model takes. @throws FileError on all that differ. */
export function checkKeys(file: Safetensors, { arrays, targets, whole, optional, isRepeated }: Layout): void {
  const wanted = new Map<string, Pick<Aval, "shape" | "dtype">>();
  for (const { A, B, magnitude, weight } of targets) {
    const { dtype } = arrays.get(weight)!;
    for (const tensor of [A, B, magnitude])
      if (tensor) wanted.set(tensor.key, { shape: tensor.shape, dtype });
  }
  const keep = (kept: Layout["whole"]): void => {
    for (const [key, { path, shape }] of kept) wanted.set(key, { shape, dtype: arrays.get(path)!.dtype });
  };
  keep(whole);
  const missing = [...wanted.keys()].filter((key) => !file.has(key));
  keep(optional);
  const extra = file.names.filter((key) => !wanted.has(key) && !isRepeated(key));

  const faults = missing.map(
    (key) => `"${key}" is not in the file; the model takes shape ${showShape(wanted.get(key)!.shape)}`,
  );
  for (const [key, { shape, dtype }] of wanted) {
    if (!file.has(key)) continue;
    const { dtype: found, shape: size } = file.info(key);
    const own = dtypeOf(found);
    if (!sameShape(size, shape))
      faults.push(`"${key}" is of shape ${showShape(size)} in the file; the model takes ${showShape(shape)}`);
    else if (own !== dtype && !(own !== null && isInexact(own) && isInexact(dtype)))
      faults.push(`"${key}" is ${found} in the file; the model takes ${dtype}`);
  }
  faults.push(...extra.map((key) => `${quoted(key)} is in the file, and has no place in the model`));
  if (faults.length === 0) return;
  const hint = prefixHint(missing, extra);
  throw new FileError("lora/keys", `the adapter does not fit the model${hint}:\n  ${faults.join("\n  ")}`);
}

/** What a name in the file has in front of that in the model, or the other way around. */
function prefixHint(missing: readonly string[], extra: readonly string[]): string {
  const bare = (key: string): string => (key.startsWith(PREFIX) ? key.slice(PREFIX.length) : key);
  const [ours, theirs] = [missing.map(bare), extra.map(bare)];
  const [inFile, inModel] = [frontOf(theirs, ours), frontOf(ours, theirs)];
  if (inFile !== null) return `; names in the file have "${inFile}" in front, which the option name can add`;
  if (inModel !== null) return `; names in the file lack "${inModel}", which the option name can take away`;
  return "";
}

/** What the first of `names` that ends as one of `ends` has in front of that; null where none does. */
export function frontOf(names: readonly string[], ends: readonly string[]): string | null {
  for (const end of ends) {
    const name = names.find((name) => name.endsWith(`.${end}`));
    if (name !== undefined) return name.slice(0, -end.length);
  }
  return null;
}
