import { ArgumentError } from "../core/errors.ts";
import type { ParamKind, ParamText } from "../core/param-kind.ts";
import type { CheckpointPolicy } from "../core/primitive.ts";
import { describe } from "../core/trace.ts";
import { checkFunction } from "./operands.ts";
import { isSaved } from "../interpreters/rematerialise.ts";
import { setName } from "../core/function-name.ts";

/** How JAX prints a policy, where that is not its name. */
const texts = new WeakMap<CheckpointPolicy, string>();

/** Policies that are told apart by their text, each once. */
const known = new Map<string, CheckpointPolicy>();

function policy(text: string, name: string, saves: CheckpointPolicy): CheckpointPolicy {
  const before = known.get(text);
  if (before) return before;
  known.set(text, saves);
  setName(saves, name);
  texts.set(saves, text);
  return saves;
}
const plain = (name: string, saves: CheckpointPolicy): CheckpointPolicy => setName(saves, name);

const textOf = (given: CheckpointPolicy): string =>
  texts.get(given) ?? `<function ${given.name || "<lambda>"}>`;

const products = ["dot_general", "conv_general_dilated"];
const hasBatch = ({ dimensionNumbers }: Readonly<Record<string, unknown>>): boolean => {
  const [, batch] = dimensionNumbers as readonly [unknown, readonly (readonly number[])[]];
  return batch.some((axes) => axes.length > 0);
};
const frozenSet = (names: readonly string[]): string =>
  names.length === 0 ? "frozenset()" : `frozenset({${names.map((name) => `'${name}'`).join(", ")}})`;

/** @throws ArgumentError when one is no string. */
function checkNames(names: readonly unknown[], caller: string): readonly string[] {
  for (const name of names) {
    if (typeof name !== "string")
      throw new ArgumentError(
        "checkpoint/names",
        `checkpointPolicies.${caller} takes names, as given to checkpointName, got ${describe(name)}`,
      );
  }
  return [...new Set(names as readonly string[])].toSorted();
}
const nameOf = (params: Readonly<Record<string, unknown>>): string => params["name"] as string;

const everythingSaveable = plain("everything_saveable", () => true);
const nothingSaveable = plain("nothing_saveable", () => false);
const dotsSaveable = policy("DotsSaveable(only_if_no_batch_dims=False)", "dots_saveable", ({ primitive }) =>
  products.includes(primitive),
);
const dotsWithNoBatchDimsSaveable = policy(
  "DotsSaveable(only_if_no_batch_dims=True)",
  "dots_with_no_batch_dims_saveable",
  ({ primitive }, _avals, params) => primitive === "dot_general" && !hasBatch(params),
);

/** @throws ArgumentError always: backends have one memory. */
const offloading =
  (name: string, instead: string) =>
  (..._options: readonly unknown[]): never => {
    throw new ArgumentError(
      "checkpoint/offload",
      `checkpointPolicies.${name} moves residuals to another memory, but backends have one: use ${instead}, or compute them again`,
    );
  };

/**
 * What a checkpoint may save of the forward pass, for `checkpoint`'s option `policy`. A policy is a function of the
 * primitive, the avals of its operands and its params; it says whether the outputs may be saved.
 *
 * @example
 * checkpoint(block, { policy: checkpointPolicies.saveOnlyTheseNames("attention") });
 * @see `jax.checkpoint_policies`
 */
export const checkpointPolicies = {
  /** Everything may be saved: as without a checkpoint. */
  everythingSaveable,
  /** Nothing but the arguments is saved: as without a policy. */
  nothingSaveable,
  /** Results of matrix products and convolutions. */
  dotsSaveable,
  checkpointDots: dotsSaveable,
  /** Results of matrix products without batch axes: those with weights, mostly, and not those among activations. */
  dotsWithNoBatchDimsSaveable,
  checkpointDotsWithNoBatchDims: dotsWithNoBatchDimsSaveable,
  /** Everything but the values of `checkpointName` with one of these names. What such a value is made of may be saved. */
  saveAnythingExceptTheseNames: (...names: readonly string[]): CheckpointPolicy => {
    const excluded = checkNames(names, "saveAnythingExceptTheseNames");
    return plain(
      "save_anything_except_these_names",
      ({ primitive }, _avals, params) => primitive !== "name" || !excluded.includes(nameOf(params)),
    );
  },
  /** The values of `checkpointName`, but not those with one of these names. */
  saveAnyNamesButThese: (...names: readonly string[]): CheckpointPolicy => {
    const excluded = checkNames(names, "saveAnyNamesButThese");
    return policy(
      `SaveAnyNamesButThese(names=${frozenSet(excluded)})`,
      "save_any_names_but_these",
      ({ primitive }, _avals, params) => primitive === "name" && !excluded.includes(nameOf(params)),
    );
  },
  /** The values of `checkpointName` with one of these names. */
  saveOnlyTheseNames: (...names: readonly string[]): CheckpointPolicy => {
    const chosen = checkNames(names, "saveOnlyTheseNames");
    return policy(
      `SaveOnlyTheseNames(saveable_names=${frozenSet(chosen)})`,
      "save_only_these_names",
      ({ primitive }, _avals, params) => primitive === "name" && chosen.includes(nameOf(params)),
    );
  },
  /** What either of two policies saves. */
  saveFromBothPolicies: (first: CheckpointPolicy, second: CheckpointPolicy): CheckpointPolicy => {
    for (const given of [first, second])
      checkFunction(given, "checkpointPolicies.saveFromBothPolicies", "a policy");
    return plain(
      "save_from_both_policies",
      (...operation) => isSaved(first, ...operation) || isSaved(second, ...operation),
    );
  },
  /** Refused: a residual is kept in the memory that it was made in. */
  offloadDotWithNoBatchDims: offloading("offloadDotWithNoBatchDims", "dotsWithNoBatchDimsSaveable"),
  /** Refused: a residual is kept in the memory that it was made in. */
  saveAndOffloadOnlyTheseNames: offloading("saveAndOffloadOnlyTheseNames", "saveOnlyTheseNames"),
} as const;

const fixed = [everythingSaveable, nothingSaveable, dotsSaveable, dotsWithNoBatchDimsSaveable];
const withNames = /^(SaveOnlyTheseNames|SaveAnyNamesButThese)\(\w+=frozenset\((?:\{(.*)\})?\)\)$/;

/** The text again, of what was taken apart. */
function spelled(text: ParamText): string {
  if (typeof text === "string") return text;
  if (Array.isArray(text)) {
    const words = (text as readonly ParamText[]).map((word) => spelled(word).replace(/^'|'$/g, ""));
    return frozenSet(words);
  }
  if (!("fields" in text)) return "";
  const fields = Object.entries(text.fields).map(([field, value]) => `${field}=${spelled(value)}`);
  return `${text.name}(${fields.join(", ")})`;
}

function readPolicy(text: string): CheckpointPolicy | undefined {
  const [, maker, list] = withNames.exec(text) ?? [];
  if (maker === undefined) return fixed.find((candidate) => textOf(candidate) === text);
  const { saveOnlyTheseNames, saveAnyNamesButThese } = checkpointPolicies;
  const names = list ? list.split(", ").map((word) => word.replace(/^'|'$/g, "")) : [];
  return (maker === "SaveOnlyTheseNames" ? saveOnlyTheseNames : saveAnyNamesButThese)(...names);
}

/** A policy in the text of a program: all but a user's own, and those made of others, can be read again. */
export const policyKind: ParamKind<CheckpointPolicy> = {
  expected: "one of JAX's checkpoint policies by its text",
  is: (value) => typeof value === "function",
  write: textOf,
  read: (text) => readPolicy(spelled(text)),
};
