# Counts, which must agree exactly: 2000 for each branch of an algorithm that rejects.
from random_names import key, python_of

inputs = {
    "column": [[0.5], [4.0]],
    "whole": jnp.asarray([1, 2, 5], "int32"),
    "half": jnp.asarray([0.5, 2.0], "float16"),
    "rates": [0.0, 0.3, 4.0, 9.99, 10.0, 35.0, 400.0, -1.0, float("nan")],
    "chances": [0.0, 0.03, 0.3, 0.5, 0.7, 1.0, -0.2, 1.5, float("nan")],
    "trials": [[0.0], [1.0], [12.7], [300.0], [1e5], [-3.0], [float("nan")]],
    "outcomes": [[0.2, 0.3, 0.0, 0.5], [0.0, 0.0, 1.0, 0.0], [0.1, 0.2, 0.3, 0.4]],
}


def row(ts, **rest):
    return case(ts, python_of(ts), **rest)


cases = [
    *[row(f"random.geometric({key[1]}, {p}, [2000])", tol=1e-9) for p in [0.01, 0.3, 0.9]],
    row(f"random.geometric({key[2]}, np.array([0.5, 0.1]))"),
    row(f"random.geometric({key[2]}, half, [3, 2])"),
    row(f"random.geometric({key[2]}, 0.3, [3], \"uint8\")"),
    *[row(f"random.poisson({key[3]}, {rate}, [2000])", tol=1e-9) for rate in [0.2, 5, 9.9, 10, 40, 900, 1e4, 1e6]],
    row(f"random.poisson({key[4]}, rates)"),
    row(f"random.poisson({key[4]}, rates, [50, 9])", tol=1e-9),
    row(f"random.poisson({key[4]}, whole, [2, 3])"),
    row(f"random.poisson({key[4]}, 3, [4], \"uint8\")"),
    row(f"random.poisson({key[4]}, 20, [4], \"int16\")"),
    row(f"vmap((k) => random.poisson(k, np.array([3.0, 30.0])))(random.split({key[5]}, 20))"),
    *[
        row(f"random.binomial({key[5]}, {n}, {p}, [2000])", tol=1e-9)
        for n, p in [(20, 0.2), (20, 0.9), (50, 0.3), (1000, 0.6), (100000, 0.01), (12.7, 0.5)]
    ],
    row(f"random.binomial({key[6]}, trials, chances)", tol=1e-9),
    row(f"random.binomial({key[6]}, trials, chances, [3, 7, 9])", tol=1e-9),
    # Of infinitely many trials that never succeed JAX never ends.
    row(f"random.binomial({key[6]}, np.inf, 0.4)"),
    row(f"random.binomial({key[6]}, whole, 0.5, [2, 3], \"float16\")"),
    row(f"random.binomial({key[6]}, 30, half)"),
    row(f"random.binomial({key[6]}, 30, 1)"),
    row(f"vmap((k) => random.binomial(k, np.array([3.0, 300.0]), 0.3))(random.split({key[7]}, 20))", tol=1e-9),
    row(f"random.multinomial({key[7]}, 100, outcomes)"),
    row(f"random.multinomial({key[7]}, np.array([5, 500, 0]), outcomes)"),
    row(f"random.multinomial({key[7]}, 50, outcomes, {{ shape: [2, 3, 4], dtype: \"int32\" }})"),
    case(f"random.multinomial({key[7]}, 50, half, {{ unroll: true }})", f"random.multinomial({key[7]}, 50, half, unroll=True)"),
]
