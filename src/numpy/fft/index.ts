/** Fourier transforms, with the names of `jax.numpy.fft`. */

export * from "./frequencies.ts";
export * from "./transforms.ts";
