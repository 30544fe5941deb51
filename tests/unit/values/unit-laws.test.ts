import { UnitsError, values } from "cotangent";
import { expect, test } from "vitest";
import { dtypeInfo } from "../../../src/core/dtype.ts";
import type { ArrayValue, NDArray } from "../../../src/core/value.ts";
import { hasUnitRule } from "../../../src/values/unit-rules.ts";
import { expectNearArray, numbersOf, withNumbers } from "../../laws/compare.ts";
import { drawAll, sampled } from "../../laws/samples.ts";

const { metre, one, second, Unitful, unitsOf } = values;

/** The units that an operand may have; how many of the new units are one of the old. */
const choices = [one, metre, second.pow(-1), metre.per(second), metre.pow(2)];
const rescaled = (units: values.Units): number =>
  [...units.dimensions].reduce(
    (all, [dimension, { n, d }]) => all * (dimension.name === "m" ? 64 : 1 / 64) ** (n / d),
    1,
  );
const times = (x: NDArray, factor: number): NDArray =>
  factor === 1 ? x : withNumbers(x, numbersOf(x).map((value) => value * factor)); // prettier-ignore

/** Every assignment of units to operands: those that are no floats are numbers. */
const assignments = (operands: readonly NDArray[]): values.Units[][] =>
  operands.reduce<values.Units[][]>(
    (lists, x) =>
      lists.flatMap((list) =>
        (["float", "complex"].includes(dtypeInfo[x.dtype].kind) ? choices : [one]).map((units) => [
          ...list,
          units,
        ]),
      ),
    [[]],
  );

/** They count in the units at hand. */
const counting = new Set(["floor", "ceil", "round"]);
const toInteger = (params: object): boolean =>
  "newDtype" in params &&
  !["float", "complex", "bool"].includes(dtypeInfo[params.newDtype as "float32"].kind);

const lawful = sampled.filter(([name, prim]) => hasUnitRule(prim) && !counting.has(name));

test.each(lawful)("%s of rescaled operands is what it is, rescaled", (name, prim) => {
  let accepted = 0;
  for (const sample of prim.rules.samples) {
    if (toInteger(sample.params)) continue;
    const operands = drawAll(sample);
    for (const units of assignments(operands).slice(0, 125)) {
      let outs: readonly ArrayValue[];
      try {
        outs = prim.bind(
          operands.map((x, i) => new Unitful(x, units[i]!)),
          sample.params,
        );
      } catch (error) {
        if (error instanceof UnitsError) continue;
        throw error;
      }
      accepted++;
      const again = prim.bind(
        operands.map((x, i) => times(x, rescaled(units[i]!))),
        sample.params,
      );
      outs.forEach((out, i) => {
        const numbers = (out instanceof Unitful ? out.array : out) as NDArray;
        const factor = rescaled(unitsOf(out));
        const what = `${name} of ${units.join(", ")} in ${String(unitsOf(out))}`;
        expectNearArray(again[i]!, times(numbers, factor), 1e-5, what);
      });
    }
  }
  if (!prim.rules.samples.every(({ params }) => toInteger(params))) expect(accepted).toBeGreaterThan(0);
});
