import { host } from "#host";
import { optim } from "cotangent";
import { describe, expect, test, vi } from "vitest";

const at = (step: number, more: Partial<optim.Progress> = {}): optim.Progress => ({
  step,
  steps: 40,
  resumedAt: 0,
  metrics: {},
  latest: { loss: 0.123456, accuracy: 0.5 },
  seconds: step / 10,
  msPerStep: 100,
  isLast: step === 40,
  ...more,
});
/** What is printed, line by line. */
function printed(run: () => void): string[] {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  run();
  log.mockRestore();
  return lines;
}
/** With a terminal, or none, what is written to it. */
function onTerminal(terminal: boolean, run: () => void): string {
  const before = host.terminal;
  let text = "";
  Object.assign(host, { terminal: terminal ? (part: string) => void (text += part) : null });
  run();
  Object.assign(host, { terminal: before });
  return text;
}

describe("a progress bar", () => {
  test("shows how far it is, what was measured, and how long it will take", () => {
    const shown: string[] = [];
    const bar = optim.progressBar({ title: "fitting", write: (text) => shown.push(text) });
    bar(at(10));
    bar(at(40, { msPerStep: 12.34 }));
    expect(shown).toEqual([
      "fitting ██████░░░░░░░░░░░░░░░░░░ 10/40  loss 0.1235  accuracy 0.5000  100 ms/step  3 s left",
      "fitting ████████████████████████ 40/40  loss 0.1235  accuracy 0.5000  12 ms/step",
    ]);
  });

  test("stays in its line of the terminal until the last step", () => {
    const text = onTerminal(true, () => {
      const bar = optim.progressBar();
      bar(at(1));
      bar(at(2, { isLast: true }));
    });
    expect(text.replaceAll("\u001b[K", "|")).toMatch(
      /^\rtraining [^\n|]* 1\/40 [^\n|]*\|\rtraining [^\n|]* 2\/40 [^\n|]*\|\n$/,
    );
  });

  test("is ten lines where there is no terminal, or eleven where it ends early", () => {
    const lines = printed(() => {
      onTerminal(false, () => {
        const bar = optim.progressBar();
        for (let step = 1; step <= 40; step++) bar(at(step));
        bar(at(7, { isLast: true }));
      });
    });
    expect(lines.map((line) => / (\d+)\//.exec(line)![1])).toEqual(
      "4 8 12 16 20 24 28 32 36 40 7".split(" "),
    );
  });

  test("refuses what it cannot show", () => {
    expect(() => optim.progressBar({ title: 3 as never })).toThrow("title is a string, got the number 3");
    expect(() => optim.progressBar({ write: "console" as never })).toThrow("write is a function");
    expect(() => optim.progressBar({ label: "x" } as never)).toThrow("no option label");
  });
});
