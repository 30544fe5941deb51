import type { Aval } from "../core/value.ts";
import type { Form } from "./form.ts";
import { join } from "./joined-form.ts";

/**
 * The forms of a carry that a body gives back as it got them. The class of zeros to start from is open, and
 * becomes what the body makes of it; where that is nothing else, they are an array.
 *
 * @throws DispatchError when one changes its metadata.
 */
export function settledForms(
  start: readonly Form[],
  avals: readonly Aval[],
  caller: string,
  next: (forms: readonly Form[]) => readonly Form[],
): readonly Form[] {
  const settle = (from: readonly Form[]): readonly Form[] => {
    for (let forms = from; ;) {
      const after = next(forms);
      const joined = forms.map((form, i) =>
        join(
          form,
          after[i]!,
          avals[i]!,
          () => `${caller}: entry ${i} of the carry, before and after the body,`,
        ),
      );
      if (joined.every((form, i) => form.equals(forms[i]!))) return forms;
      forms = joined;
    }
  };
  const settled = settle(start.map((form) => form.opened));
  return settled.some((form) => form.isOpen)
    ? settle(settled.map((form, i) => (form.isOpen ? start[i]! : form)))
    : settled;
}
