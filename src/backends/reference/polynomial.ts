/** Horner's rule; the coefficient of the highest power comes first. */
export const polynomial = (x: number, coefficients: readonly number[]): number => {
  let sum = 0;
  for (let i = 0; i < coefficients.length; i++) sum = sum * x + coefficients[i]!;
  return sum;
};
