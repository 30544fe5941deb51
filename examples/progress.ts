import type { optim } from "cotangent";
import { SingleBar } from "cli-progress";

/** How often a line is printed where there is no terminal. */
const LINES = 10;

/** For `optim.fit`: a bar with what was measured last; some plain lines where there is no terminal. */
export function progressBar(title: string): (at: optim.Progress) => void {
  const shown = ({ latest, msPerStep }: optim.Progress) => {
    const numbers = Object.entries(latest).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
    return [...numbers, `${msPerStep.toFixed(msPerStep < 10 ? 1 : 0)} ms/step`].join("  ");
  };
  if (!process.stdout.isTTY)
    return (at) => {
      if (at.step % Math.ceil(at.steps / LINES) === 0 || at.step === at.steps)
        console.log(`${title}: step ${at.step}/${at.steps}  ${shown(at)}`);
    };
  const bar = new SingleBar({ format: `${title} {bar} {value}/{total} steps  {shown}`, hideCursor: true });
  let started = false;
  return (at) => {
    if (!started) bar.start(at.steps, at.step, { shown: "" });
    started = true;
    bar.update(at.step, { shown: shown(at) });
    if (at.step === at.steps) bar.stop();
  };
}
