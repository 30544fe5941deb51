# Samplers that transform uniform and normal numbers, and options of the others.
from random_names import key, python_of

inputs = {
    "b": [2.0, 0.5, 1.5, 30.0, 4.0],
    "scale": [0.5, 2.0, 1.0],
    "loc": [-1.0, 0.0, 3.0],
    "column": [[0.5], [4.0]],
    "whole": jnp.asarray([1, 2, 5], "int32"),
    "half": jnp.asarray([0.5, 2.0], "float16"),
    "outcomes": [[0.2, 0.3, 0.0, 0.5], [0.0, 0.0, 1.0, 0.0], [0.1, 0.2, 0.3, 0.4]],
    "logits": [[0.1, 2.0, -1.0], [1.0, 1.0, 0.0]],
    "mean": [1.0, -2.0, 0.5],
    "means": [[0.0, 1.0, 2.0], [3.0, -1.0, 0.0]],
    "cov": [[2.0, 0.3, 0.5], [0.3, 1.0, 0.1], [0.5, 0.1, 3.0]],
    "covs": [[[2.0, 0.3, 0.5], [0.3, 1.0, 0.1], [0.5, 0.1, 3.0]], [[1.0, 0.0, 0.0], [0.0, 4.0, 1.0], [0.0, 1.0, 0.5]]],
    "words": jnp.asarray([[0, 7], [1, 2], [3, 4]], "uint32"),
}


def row(ts, **rest):
    return case(ts, python_of(ts), **rest)


cases = [
    *[
        r
        for name, of in [("pareto", "b"), ("wald", "b"), ("rayleigh", "scale")]
        for r in [
            row(f"random.{name}({key[1]}, x, [100, {3 if of == 'scale' else 5}])", of=of),
            row(f"random.{name}({key[2]}, x)", of=of),
            row(f"random.{name}({key[3]}, column, [2, 4])"),
            row(f"random.{name}({key[4]}, whole)"),
            row(f"random.{name}({key[6]}, half, [3, 2], \"float16\")", tol=2e-2),
        ]
    ],
    row(f"random.triangular({key[1]}, x, 3, 4, [50, 3])", of="loc"),
    row(f"random.triangular({key[1]}, -2, x, 5)", of="loc"),
    row(f"random.triangular({key[2]}, loc, 3, column)"),
    row(f"random.triangular({key[2]}, 0, 0.5, 1, {{ dtype: \"float16\" }})"),
    row(f"random.lognormal({key[1]})"),
    row(f"random.lognormal({key[1]}, x, [50, 3])", of="scale"),
    row(f"random.lognormal({key[2]}, column, [2, 3])"),
    row(f"random.lognormal({key[2]}, 0.5, [3], \"complex64\")"),
    row(f"random.lognormal({key[2]}, 0.5, [3], \"bfloat16\")", tol=2e-2),
    row(f"random.maxwell({key[1]}, [100])"),
    row(f"random.maxwell({key[1]})"),
    row(f"random.maxwell({key[1]}, 3, \"float16\")"),
    row(f"random.doubleSidedMaxwell({key[1]}, x, 2, [40])", of="loc"),
    row(f"random.doubleSidedMaxwell({key[1]}, loc, x)", of="scale"),
    row(f"random.doubleSidedMaxwell({key[2]}, 0, 1)"),
    row(f"random.doubleSidedMaxwell({key[2]}, 0, 1, [3], \"float16\")", tol=4e-3),
    row(f"random.doubleSidedMaxwell({key[2]}, loc, 1, [2], \"float16\")", tol=4e-3),
    row(f"random.weibullMin({key[1]}, x, 1.5, [40, 3])", of="scale"),
    row(f"random.weibullMin({key[1]}, 2, x, [40, 3])", of="scale", tol=5e-6),
    row(f"random.weibullMin({key[2]}, 2, whole)"),
    row(f"random.weibullMin({key[2]}, 2, 1, [3], \"float16\")", tol=4e-3),
    row(f"random.generalizedNormal({key[1]}, 1.5, [300])", tol=5e-6),
    row(f"random.generalizedNormal({key[1]}, x, [30, 3])", of="scale", tol=5e-5),
    row(f"random.generalizedNormal({key[2]}, 2)"),
    row(f"random.generalizedNormal({key[2]}, 2, [3], \"float16\")", tol=4e-3),
    row(f"random.generalizedNormal({key[2]}, scale, [2, 3], \"float16\")", tol=4e-3),
    row(f"random.ball({key[1]}, 3)"),
    row(f"random.ball({key[1]}, 3, 1, [100])"),
    row(f"random.ball({key[1]}, 5, 2.5, [2, 2])"),
    row(f"random.ball({key[1]}, 2, 2, [3], \"float16\")", tol=4e-3),
    # Vectors. The factor of `eigh` is one of many: its eigenvectors may have either sign.
    row(f"random.multivariateNormal({key[1]}, x, cov, [100])", of="mean", tol=5e-6),
    row(f"random.multivariateNormal({key[1]}, mean, x, [4])", of="cov", tol=2e-5),
    row(f"random.multivariateNormal({key[2]}, means, cov)"),
    row(f"random.multivariateNormal({key[2]}, mean, covs, [3, 2])"),
    row(f"random.multivariateNormal({key[2]}, mean, cov, [2], \"float16\")", tol=1e-5),
    row(f"random.multivariateNormal({key[2]}, whole, cov, {{ shape: [2], method: \"svd\" }})", tol=1e-5),
    row(f"random.multivariateNormal({key[2]}, means, np.eye(3), {{ method: \"eigh\" }})", tol=1e-5),
    # Options of the others.
    row(f"random.gumbel({key[1]}, [200], {{ mode: \"highest\" }})"),
    row(f"random.gumbel({key[1]}, [200], {{ mode: \"high\" }})"),
    row(f"random.gumbel({key[1]}, [20], \"float16\", \"highest\")", tol=4e-3),
    row(f"random.categorical({key[1]}, logits, {{ shape: [500, 2], mode: \"highest\" }})"),
    row(f"random.categorical({key[1]}, logits, {{ shape: [2, 2], replace: false }})"),
    row(f"random.categorical({key[1]}, logits, {{ shape: [2, 3], replace: false, axis: 0 }})"),
    row(f"random.choice({key[1]}, logits, [4], {{ axis: 1 }})"),
    row(f"random.choice({key[1]}, logits, [2], {{ axis: 1, replace: false, p: np.array([0.2, 0.3, 0.5]) }})"),
    row(f"random.choice({key[1]}, 10, [5], {{ replace: false, p: np.ones(10), mode: \"high\" }})"),
    row(f"random.permutation({key[1]}, logits, {{ axis: 1, independent: true }})"),
    row(f"random.rademacher({key[1]}, [5], \"uint8\")"),
    row(f"random.keyData(random.clone({key[3]}))"),
    case(f"random.keyData(random.key(3, {{ dtype: random.keyDtype() }}))", f"random.key_data(random.key(3, dtype=random.key_dtype()))"),
    case(
        f"random.keyData(random.wrapKeyData(words, {{ dtype: random.keyDtype(\"threefry2x32\") }}))",
        f"random.key_data(random.wrap_key_data(words, dtype=random.key_dtype(\"threefry2x32\")))",
    ),
]
