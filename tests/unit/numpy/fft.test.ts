import { expect, test } from "vitest";
import * as np from "../../../src/numpy/index.ts";
import "../../../src/backends/default.ts";

const { fft } = np;
const x = np.ones([2, 4]);

test.each([
  ["a size of 0", () => fft.fft(x, 0), "np.fft.fft: sizes are positive integers"],
  ["a half size", () => fft.irfft(x, 2.5), "sizes are positive integers"],
  ["more sizes than axes", () => fft.fftn(x, [2], [0, 1]), "got 1 sizes and 2 axes"],
  [
    "more sizes than the array has axes",
    () => fft.fftn(x, [2, 2, 2]),
    "3 sizes are too many for an array of shape (2, 4)",
  ],
  ["an axis twice", () => fft.fftn(x, { axes: [1, -1] }), "name one twice"],
  ["an axis out of bounds", () => fft.fft(x, null, 2), "axis 2 is out of bounds"],
  ["several axes of one", () => fft.fft(x, { axis: [0, 1] as never }), "takes one axis"],
  ["three axes of two", () => fft.fft2(x, { axes: [0, 1, 1] }), "takes two axes"],
  [
    "an unknown norm",
    () => fft.ifft(x, { norm: "unit" as never }),
    'norm is one of "backward", "ortho", "forward"',
  ],
  [
    "a real transform of complex numbers",
    () => fft.rfft(np.astype(x, "complex64")),
    "np.fft.rfft takes real numbers",
  ],
  ["a negative size of frequencies", () => fft.fftfreq(-1), "n is a natural number"],
  ["sizes of frequencies", () => fft.rfftfreq([4] as never), "n is a natural number"],
  ["an axis of a shift out of bounds", () => fft.fftshift(x, 3), "axis 3 is out of bounds"],
])("%s is refused", (_what, call, message) => {
  expect(call).toThrow(message);
});
