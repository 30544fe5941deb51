import { expect, test } from "vitest";
import { load } from "./golden.ts";
import { reasonLeft } from "./left.ts";

const files = ["ops", "transforms", "jaxpr", "random", "equinox", "lora", "values"];

test("left.json lists the goldens that are not run yet, with the reason", async () => {
  const left = Object.fromEntries(
    files.map((file) => [
      file,
      Object.fromEntries(
        load(file).flatMap((c) => (reasonLeft(c, file) ? [[c.name, reasonLeft(c, file)]] : [])),
      ),
    ]),
  );
  await expect(`${JSON.stringify(left, null, 2)}\n`).toMatchFileSnapshot("left.json");
});
