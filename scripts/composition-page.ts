// Writes docs/composition.md: which transformations compose with which, as the laws find it.
import { writeFileSync } from "node:fs";
import { outcomeOf } from "../tests/laws/matrix.ts";
import { compositionPage } from "../tests/laws/matrix-page.ts";

writeFileSync(new URL("../docs/composition.md", import.meta.url), compositionPage(outcomeOf));
