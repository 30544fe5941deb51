"""Texts of arrays by NumPy's print options."""

import json

nan, inf = onp.nan, onp.inf
inputs = {
    "f": onp.array([[1.5, -2.25, 3.14159265], [0.1, 100, 12345.678]], onp.float32),
    "g": onp.array([1, 2.5, 1 / 3, 0.125], onp.float32),
    "p": onp.array([0.5, 1 / 3, 0, 2], onp.float32),
    "wide": onp.array([1e-10, 1 / 3, 1, 2.5e5, -0.0], onp.float32),
    "big": onp.array([1e10, -1.1e10, 3.25e-5], onp.float32),
    "tiny": onp.array([1e-40, 1.17549435e-38, 3e-30], onp.float32),
    "n": onp.array([nan, 1, -inf, 2.5], onp.float32),
    "m": onp.array([nan, inf, 0.25], onp.float32),
    "none": onp.array([nan, inf], onp.float32),
    "h": onp.array([0.1, 999, 1 / 3], onp.float16),
    "e": onp.array([0.1, 1e4, -65504, 6e-8], onp.float16),
    "b": onp.array([0.1, 1, 300], onp.float32).astype(jnp.bfloat16),
    "z": onp.array([1 + 2j, -0.333333 - 1e-5j, 2.5j], onp.complex64),
    "zn": onp.array([complex(nan, inf), 1 - 1j], onp.complex64),
    "i": onp.array([[1, 22], [333, 0]], onp.int32),
    "j": onp.array([5, -17, 300], onp.int32),
    "t": onp.array([True, False]),
    "long": onp.arange(60, dtype=onp.int32),
    "cube": onp.arange(216, dtype=onp.float32).reshape(6, 6, 6) / 3,
    "s": onp.array(2 / 3, onp.float32),
    "q": onp.array(7, onp.int32),
    "empty": onp.zeros((0, 3), onp.float32),
}


def python(options):
    return ", ".join(f"{key}={value!r}" for key, value in options.items())


def ts(options):
    return json.dumps(options).replace("Infinity", "Infinity")


def text(x, separator=" ", **options):
    with onp.printoptions(**options):
        return onp.array2string(onp.asarray(x), separator=separator)


def shown(x, **options):
    with onp.printoptions(**options):
        return [repr(x), str(x)]


floats = ["f", "g", "p", "wide", "big", "tiny", "n", "m", "none", "h", "e", "z", "zn", "s"]
settings = [
    {}, {"precision": 3}, {"precision": 0}, {"precision": 12}, {"suppress": True}, {"suppress": True, "precision": 2},
    {"floatmode": "fixed"}, {"floatmode": "fixed", "precision": 3}, {"floatmode": "fixed", "precision": 0},
    {"floatmode": "unique"}, {"floatmode": "unique", "suppress": True}, {"floatmode": "maxprec_equal"},
    {"floatmode": "maxprec_equal", "precision": 4}, {"floatmode": "maxprec_equal", "suppress": True}, {"sign": "+"}, {"sign": " "},
    {"sign": " ", "floatmode": "fixed", "precision": 2}, {"sign": "+", "floatmode": "maxprec_equal"},
    {"nanstr": "not a number", "infstr": "oo"}, {"nanstr": "-", "infstr": "endless", "sign": "+"},
]
layouts = [{"linewidth": 20}, {"linewidth": 7}, {"linewidth": 200}, {"linewidth": float("inf")}, {"threshold": 10},
           {"threshold": 5, "edgeitems": 1}, {"threshold": 0, "edgeitems": 2, "linewidth": 30}, {"separator": ", "},
           {"separator": ",\n"}, {"threshold": 20, "separator": "; "}]

show = ("((before) => {{ np.setPrintoptions({options}); try {{ return [np.arrayRepr({x}), np.arrayStr({x})]; }} "
        "finally {{ np.setPrintoptions(before); }} }})(np.getPrintoptions())")

cases = [
    *[case(f"np.array2string({x}, {ts(options)})", f"text({x}, {python(options)})", eager=True)
      for options in settings for x in floats],
    *[case(f"np.array2string({x}, {ts(options)})", f"text({x}, {python(options)})", eager=True)
      for options in [{}, {"sign": "+"}, {"sign": " "}] for x in ["i", "j", "t", "q", "b", "empty"]],
    *[case(f"np.array2string({x}, {ts(options)})",
           f"text({x}, {python({k: (10**9 if v == float('inf') else v) for k, v in options.items()})})", eager=True)
      for options in layouts for x in ["long", "cube", "i", "f"]],
    case('np.array2string(i, { formatter: { int: (x) => `<${x}>` } })', 'text(i, formatter={"int": lambda x: f"<{x}>"})', eager=True),
    case('np.array2string(f, { formatter: { all: () => "*", int: () => "#" } })',
         'text(f, formatter={"all": lambda x: "*", "int": lambda x: "#"})', eager=True),
    case('np.array2string(t, { formatter: { bool: (x) => (x ? "yes" : "no") } })',
         'text(t, formatter={"bool": lambda x: "yes" if x else "no"})', eager=True),
    case('np.array2string(z, { formatter: { complexfloat: ({ re, im }) => `${re > 0}/${im > 0}`, float: () => "" } })',
         'text(z, formatter={"complexfloat": lambda x: f"{x.real > 0}/{x.imag > 0}".lower()})', eager=True),
    case('np.array2string(x, { prefix: "name = ", suffix: ";", linewidth: 40 })',
         'onp.array2string(onp.asarray(f), prefix="name = ", suffix=";", max_line_width=40)', eager=True),
    *[case(show.format(options=ts(options), x=x), f"shown({x}, {python(options)})", eager=True)
      for options in [{"precision": 2}, {"linewidth": 30}, {"threshold": 8, "edgeitems": 1}, {"suppress": True, "sign": " "}]
      for x in ["f", "wide", "long", "s", "i"]],
]
