import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const src = fileURLToPath(new URL("src", import.meta.url));

/** `vitest --mode full` sets COTANGENT_FULL, at which laws and conformance run the whole primitive × dtype product. */
export default defineConfig(({ mode }) => ({
  resolve: {
    alias: [
      { find: /^#host$/, replacement: `${src}/host/node.ts` },
      { find: /^cotangent$/, replacement: `${src}/index.ts` },
      { find: /^cotangent\/(?!lint$)(.+)$/, replacement: `${src}/entry/$1.ts` },
    ],
  },
  test: {
    include: ["tests/**/*.test.ts"],
    typecheck: {
      enabled: mode !== "full",
      include: ["tests/types/**/*.test-d.ts"],
      tsconfig: "tests/tsconfig.json",
      ignoreSourceErrors: true, // `npm run typecheck` reports those
    },
    env: mode === "full" ? { COTANGENT_FULL: "1" } : {},
    pool: "forks",
    execArgv: ["--expose-gc"],
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
}));
