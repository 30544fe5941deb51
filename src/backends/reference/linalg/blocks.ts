type Block = readonly [a: number, b: number, c: number, d: number];

const signOf = (x: number): 1 | -1 => (x < 0 || Object.is(x, -0) ? -1 : 1);

/**
 * A rotation `[c, s]` that makes a real 2×2 matrix, row by row, triangular where its eigenvalues are real, and else one whose
 * diagonal is of one number; and what it makes of it.
 * @see LAPACK `lanv2`
 */
export function standardised(
  a: number,
  b: number,
  c: number,
  d: number,
): { readonly turn: readonly [c: number, s: number]; readonly block: Block } {
  if (c === 0) return { turn: [1, 0], block: [a, b, c, d] };
  if (b === 0) return { turn: [0, 1], block: [d, -c, 0, a] };
  const difference = a - d;
  if (difference === 0 && signOf(b) !== signOf(c)) return { turn: [1, 0], block: [a, b, c, d] };
  const p = difference / 2;
  const most = Math.max(Math.abs(b), Math.abs(c));
  const least = Math.min(Math.abs(b), Math.abs(c)) * signOf(b) * signOf(c);
  const scale = Math.max(Math.abs(p), most);
  const discriminant = (p / scale) * p + (most / scale) * least;
  if (discriminant >= 2 ** -50) {
    const root = p + signOf(p) * Math.sqrt(scale) * Math.sqrt(discriminant);
    const length = Math.hypot(c, root);
    return { turn: [root / length, c / length], block: [d + root, b - c, 0, d - (most / root) * least] };
  }
  // Conjugate eigenvalues, or such that are almost the same: an equal diagonal.
  const sum = b + c;
  const length = Math.hypot(sum, difference);
  const cos = Math.sqrt((1 + Math.abs(sum) / length) / 2);
  const sin = -(p / (length * cos)) * signOf(sum);
  const [e, f, g, h] = [a * cos + b * sin, b * cos - a * sin, c * cos + d * sin, d * cos - c * sin];
  const [upper, lower] = [f * cos + h * sin, g * cos - e * sin];
  const mean = (e * cos + g * sin + (h * cos - f * sin)) / 2;
  if (lower === 0) return { turn: [cos, sin], block: [mean, upper, 0, mean] };
  if (upper === 0) return { turn: [-sin, cos], block: [mean, -lower, 0, mean] };
  if (signOf(upper) !== signOf(lower)) return { turn: [cos, sin], block: [mean, upper, lower, mean] };
  const [x, y] = [Math.sqrt(Math.abs(upper)), Math.sqrt(Math.abs(lower))];
  const root = signOf(lower) * x * y;
  const size = Math.sqrt(Math.abs(upper + lower));
  const [cosMore, sinMore] = [x / size, y / size];
  return {
    turn: [cos * cosMore - sin * sinMore, cos * sinMore + sin * cosMore],
    block: [mean + root, upper - lower, 0, mean - root],
  };
}
