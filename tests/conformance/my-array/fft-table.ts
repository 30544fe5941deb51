import { numpy as np } from "cotangent";
import { each, kept, plain, type Row } from "./table.ts";

/** What each function of numpy.fft does with wrapped arrays. */
export const fftTable: Readonly<Record<string, Row>> = {
  ...each(np.fft, "fft ifft irfft hfft fft2 ifft2 irfft2 fftn ifftn irfftn", (f) => kept(({ c }) => f(c))),
  ...each(np.fft, "rfft ihfft rfft2 rfftn fftshift ifftshift", (f) => kept(({ x }) => f(x))),
  ...each(np.fft, "fftfreq rfftfreq", (f) => plain("it takes a size", () => f(4))),
};
