import { fileURLToPath } from "node:url";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

const src = fileURLToPath(new URL("src", import.meta.url));

/** Tests of what a backend computes: they run on each of them. */
const onBackends = ["tests/conformance/**/*.test.ts", "tests/laws/**/*.test.ts"];
/** Those that compute nothing, or choose the backend themselves. */
const onNone = [
  "tests/conformance/left.test.ts",
  "tests/conformance/quax-upstream/structure-matrix.test.ts",
  "tests/laws/matrix.test.ts",
  "tests/laws/array-programs.test.ts",
];
/** Those that are long, and rather about derivatives than about their numbers: on one backend, except in the full run. */
const long = ["derivatives", "composition", "collectives", "shapes"].map(
  (name) => `tests/laws/${name}.test.ts`,
);

interface Tests extends NonNullable<TestProjectInlineConfiguration["test"]> {
  readonly include: string[];
  readonly exclude?: string[];
  readonly setupFiles?: string[];
}
const aloneAmong = (files: readonly string[]): string[] =>
  files.map((glob) => glob.replace(/\*\.test\.ts$/, "*.alone.test.ts"));
/**
 * Files share a process, as loading the library anew for each would take longer than most of them do; each must leave the
 * process as it was, to which tests/process/shared.ts holds them. Those that change it for good, or measure it, are named
 * `*.alone.test.ts`: they have one each.
 */
const projectsOf = (name: string, { include, exclude = [], setupFiles = [], ...rest }: Tests) => [
  {
    extends: true as const,
    test: {
      ...rest,
      name,
      include,
      exclude: [...exclude, ...aloneAmong(include)],
      isolate: false,
      setupFiles: [...setupFiles, "tests/process/shared.ts"],
    },
  },
  {
    extends: true as const,
    test: { name: `${name} alone`, include: aloneAmong(include), exclude, setupFiles },
  },
];

/** `vitest --mode full` sets COTANGENT_FULL, at which laws and conformance run the whole primitive × dtype product. */
export default defineConfig(({ mode }) => {
  const full = mode === "full";
  return {
    resolve: {
      alias: [
        { find: /^#host$/, replacement: `${src}/host/node.ts` },
        { find: /^cotangent$/, replacement: `${src}/index.ts` },
        { find: /^cotangent\/(?!lint$)(.+)$/, replacement: `${src}/entry/$1.ts` },
      ],
    },
    test: {
      env: full ? { COTANGENT_FULL: "1" } : {},
      pool: "forks",
      execArgv: ["--expose-gc"],
      maxWorkers: 2,
      testTimeout: 30_000,
      hookTimeout: 30_000,
      projects: [
        ...projectsOf("plain", {
          include: ["tests/**/*.test.ts"],
          exclude: onBackends,
          typecheck: {
            enabled: !full,
            include: ["tests/types/**/*.test-d.ts"],
            tsconfig: "tests/tsconfig.json",
            ignoreSourceErrors: true, // `npm run typecheck` reports those
          },
        }),
        ...projectsOf("reference", { include: onBackends, setupFiles: ["tests/backends/reference.ts"] }),
        ...projectsOf("wasm", {
          include: onBackends,
          exclude: full ? onNone : [...onNone, ...long],
          setupFiles: ["tests/backends/wasm.ts"],
        }),
      ],
    },
  };
});
