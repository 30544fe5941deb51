import { numpy as np, scipy } from "cotangent";
import { type Data, kept, type Row } from "./table.ts";

const { stats } = scipy;

type Method = (...args: readonly unknown[]) => unknown;
type Table = Readonly<Record<string, Row>>;
const [half, three] = [0.5, 3];

/** For each distribution: where it is evaluated, and its parameters. Quantiles are taken of `t`. */
const distributions: Readonly<Record<string, (d: Data) => readonly unknown[]>> = {
  norm: ({ x }) => [x],
  cauchy: ({ x }) => [x],
  expon: ({ x }) => [x],
  gumbelL: ({ t }) => [t],
  gumbelR: ({ t }) => [t],
  laplace: ({ x }) => [x],
  logistic: ({ x }) => [x],
  uniform: ({ t }) => [t],
  beta: ({ t, x }) => [t, x, three],
  chi2: ({ x }) => [x, three],
  gamma: ({ x, y }) => [x, y],
  gennorm: ({ x }) => [x, three],
  pareto: ({ y }) => [y, half],
  t: ({ x, y }) => [x, y],
  truncnorm: ({ t }) => [t, -half, three],
  vonmises: ({ x }) => [x, half],
  wrapcauchy: ({ x }) => [x, half],
  bernoulli: ({ t }) => [t, half],
  betabinom: ({ x, y }) => [x, y, half, three],
  binom: ({ x, y }) => [x, y, half],
  geom: ({ x, t }) => [x, t],
  nbinom: ({ x, y }) => [x, y, half],
  poisson: ({ x, y }) => [x, y],
  multinomial: ({ i }) => [i, 10, np.array([0.4, 0.6])],
  dirichlet: ({ t }) => [t, np.array([1, 2])],
  multivariateNormal: ({ x }) => [x, np.array([0, 1]), np.array([[2, 0.5], [0.5, 1]])], // prettier-ignore
};

const tableOf = (methods: object, argumentsOf: (d: Data) => readonly unknown[]): Table =>
  Object.fromEntries(
    Object.entries(methods as Readonly<Record<string, Method>>).map(([name, method]) => [
      name,
      kept((d) => {
        const [x, ...parameters] = argumentsOf(d);
        if (name === "entropy") return method(x);
        return method(name === "ppf" || name === "isf" ? d.t : x, ...parameters);
      }),
    ]),
  );

const statistics: Table = {
  mode: kept(({ x }) => stats.mode(x)),
  rankdata: kept(({ x }) => stats.rankdata(x, { axis: 1 })),
  sem: kept(({ x }) => stats.sem(x)),
};

/** What each function of scipy.stats, and each method of its distributions, does with wrapped arrays. */
export const scipyStatsTables: readonly (readonly [string, object, Table])[] = [
  ["scipy.stats", stats, statistics],
  ...Object.entries(distributions).map(([name, argumentsOf]) => {
    const methods = stats[name as keyof typeof stats];
    return [`scipy.stats.${name}`, methods, tableOf(methods, argumentsOf)] as const;
  }),
];
