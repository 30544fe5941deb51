# Samplers made of the gamma distribution: they loop until a number is accepted, and have a derivative of their own.
from random_names import key, python_of

inputs = {
    "a": [0.1, 0.7, 1.0, 3.5, 60.0],
    "b": [2.0, 0.5, 1.5, 30.0, 4.0],
    "column": [[0.5], [4.0]],
    "whole": jnp.asarray([1, 2, 5], "int32"),
    "half": jnp.asarray([0.5, 2.0], "float16"),
    "outcomes": [[0.2, 0.3, 0.0, 0.5], [0.0, 0.0, 1.0, 0.0], [0.1, 0.2, 0.3, 0.4]],
}


def row(ts, **rest):
    return case(ts, python_of(ts), **rest)


cases = [
    # Of one parameter: many samples, the default shape, broadcasting, other dtypes, integers.
    *[
        r
        for name in ["gamma", "loggamma", "chisquare", "t"]
        for r in [
            row(f"random.{name}({key[1]}, x, [100, 5])", of="a", tol=2e-5),
            row(f"random.{name}({key[3]}, column, [2, 4])", tol=2e-5),
            row(f"random.{name}({key[4]}, 2)", tol=2e-5),
            row(f"random.{name}({key[6]}, half, [3, 2], \"float16\")", tol=2e-2),
        ]
    ],
    row(f"random.gamma({key[6]}, whole, [2, 3], \"bfloat16\")", tol=8e-2),
    row(f"random.gamma({key[1]}, np.zeros([0, 3]))"),
    row(f"random.gamma({key[1]}, np.array([0.0, -1.0, np.inf, np.nan]))"),
    row(f"random.gamma({key[7]}, half, [4, 2])"),
    row(f"vmap((k) => random.gamma(k, a))(random.split({key[1]}, 3))", tol=1e-5),
    # Of two.
    *[
        r
        for name in ["beta", "f"]
        for r in [
            row(f"random.{name}({key[1]}, x, b)", of="a", tol=2e-5),
            row(f"random.{name}({key[1]}, a, x)", of="b", tol=2e-5),
            row(f"random.{name}({key[2]}, 3, 0.5, [300])", tol=2e-5),
            row(f"random.{name}({key[3]}, column, 3)", tol=2e-5),
            row(f"random.{name}({key[6]}, half, 3, {{ dtype: \"float16\" }})", tol=2e-2),
        ]
    ],
    row(f"random.beta({key[4]}, whole, column, [3, 2, 3])", tol=2e-5),
    row(f"random.dirichlet({key[1]}, x)", of="a", tol=2e-5),
    row(f"random.dirichlet({key[1]}, a, [50])", tol=2e-5),
    row(f"random.dirichlet({key[2]}, column, [3, 2])"),
    row(f"random.dirichlet({key[2]}, outcomes)"),
    row(f"random.dirichlet({key[2]}, b, [2], \"float16\")", tol=2e-2),
]
