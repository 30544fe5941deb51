import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import type { Side } from "../measure.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const Hello = z.object({ versions: z.record(z.string(), z.string()) });
const Answer = z.object({ seconds: z.number() });

/** A Python process that does the works of `jax_works.py`. */
export class Jax {
  private readonly lines: AsyncIterator<string>;

  private constructor(
    private readonly child: ChildProcess,
    private versions: Readonly<Record<string, string>> = {},
  ) {
    this.lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  /**
   * With `COTANGENT_PYTHON`, else `bench/.venv/bin/python`, else `python3`.
   * @throws Error when that Python has no JAX, Equinox, Quax or Optax.
   */
  static async start(): Promise<Jax> {
    const venv = here("../.venv/bin/python");
    const python = process.env["COTANGENT_PYTHON"] ?? (existsSync(venv) ? venv : "python3");
    const child = spawn(python, [here("jax_works.py")], { stdio: ["pipe", "pipe", "pipe"] });
    let complaints = "";
    child.stderr.on("data", (text: Buffer) => (complaints += text.toString()));
    const failed = new Promise<never>((_, reject) => child.once("error", reject));
    const jax = new Jax(child);
    const hello = await Promise.race([jax.lines.next(), failed]);
    if (hello.done) throw new Error(`${python}: ${complaints.trimEnd().split("\n").at(-1)}`);
    jax.versions = Hello.parse(JSON.parse(hello.value)).versions;
    child.stderr.removeAllListeners("data").pipe(process.stderr);
    return jax;
  }

  /** The work of that name, as a side that is called by that package. */
  side(work: string, packageName: string): Side {
    return {
      name: `${packageName} ${this.versions[packageName]}`,
      round: async (calls) => {
        this.child.stdin!.write(`${JSON.stringify({ work, calls })}\n`);
        const answer = await this.lines.next();
        if (answer.done) throw new Error(`the Python process ended while it did "${work}"`);
        return Answer.parse(JSON.parse(answer.value)).seconds;
      },
    };
  }

  stop(): void {
    this.child.stdin!.end();
  }
}
