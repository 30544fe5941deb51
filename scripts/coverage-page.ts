// Writes docs/coverage.md: what is there of the names of JAX, Equinox and Optax.
import { writeFileSync } from "node:fs";
import { coveragePage } from "../tests/docs/coverage-page.ts";

writeFileSync(new URL("../docs/coverage.md", import.meta.url), coveragePage());
