"""Writes tests/goldens/elementary.json: python tests/referee/elementary.py [points] > … (needs mpmath).

For each function: rows of arguments, the float64 nearest to the result, and what that lacks of the result.
"""

import json
import random
import struct
import sys

from mpmath import mp, mpf

mp.prec = 1400  # digits enough for the largest angles
points = int(sys.argv[1]) if len(sys.argv) > 1 else 60
random.seed(7)


def any_double():
    while True:
        x = struct.unpack("<d", struct.pack("<Q", random.getrandbits(64)))[0]
        if x == x and abs(x) != float("inf"):
            return x


def between(a, b):
    return lambda: random.uniform(a, b)


def magnitude(low, high):
    return lambda: random.choice([-1, 1]) * 2 ** random.uniform(low, high)


def positive(f):
    return lambda: abs(f())


def logistic(x):
    return 1 / (1 + mp.exp(-x))


functions = {
    "exp": (mp.exp, [between(-745, 709.7), magnitude(-60, 3)]),
    "exp2": (lambda x: mpf(2) ** x, [between(-1074, 1023.9), magnitude(-60, 3)]),
    "expm1": (mp.expm1, [between(-40, 709), magnitude(-80, 3)]),
    "logistic": (logistic, [between(-740, 40), magnitude(-60, 3)]),
    "log": (mp.log, [positive(any_double), between(0.5, 2)]),
    "log1p": (mp.log1p, [positive(any_double), magnitude(-80, 0), between(-0.99, 2)]),
    "sin": (mp.sin, [any_double, magnitude(-30, 12), between(-150, 150)]),
    "cos": (mp.cos, [any_double, magnitude(-30, 12), between(-150, 150)]),
    "tan": (mp.tan, [any_double, magnitude(-30, 12), between(-150, 150)]),
    "asin": (mp.asin, [between(-1, 1), magnitude(-60, 0)]),
    "acos": (mp.acos, [between(-1, 1), magnitude(-60, 0)]),
    "atan": (mp.atan, [magnitude(-60, 60), between(-3, 3)]),
    "sinh": (mp.sinh, [between(-710, 710), magnitude(-60, 3)]),
    "cosh": (mp.cosh, [between(-710, 710), magnitude(-60, 3)]),
    "tanh": (mp.tanh, [between(-20, 20), magnitude(-60, 2)]),
    "asinh": (mp.asinh, [any_double, magnitude(-60, 40)]),
    "acosh": (mp.acosh, [positive(lambda: max(1, abs(any_double()))), between(1, 40), between(1, 1.1)]),
    "atanh": (mp.atanh, [between(-1, 1), magnitude(-60, 0)]),
    "cbrt": (lambda x: mp.sign(x) * mp.cbrt(abs(x)), [any_double, magnitude(-3, 3)]),
    "rsqrt": (lambda x: 1 / mp.sqrt(x), [positive(any_double), between(0.5, 4)]),
    "erf": (mp.erf, [between(-6, 6), magnitude(-60, 1)]),
    "erfc": (mp.erfc, [between(-6, 26), between(0, 3), magnitude(-60, 1)]),
    "lgamma": (mp.loggamma, [between(0, 3), between(0, 40), positive(magnitude(-60, 60))]),
    "digamma": (mp.digamma, [between(0, 3), between(0, 40), positive(magnitude(-60, 60))]),
    "erf_inv": (None, [between(-1, 1), magnitude(-60, 0)]),
}
wide = {
    "pow": (lambda x, y: x**y, lambda: (2 ** random.uniform(-20, 20), random.uniform(-35, 35))),
    "atan2": (lambda y, x: mp.atan2(y, x), lambda: (magnitude(-40, 40)(), magnitude(-40, 40)())),
    "bessel_i0e": (lambda x: mp.besseli(0, x) * mp.exp(-abs(x)), lambda: (magnitude(-20, 10)(),)),
    "bessel_i1e": (lambda x: mp.besseli(1, x) * mp.exp(-abs(x)), lambda: (magnitude(-20, 10)(),)),
}


def inverse_erf(x):
    guess = mp.erfinv(x) if abs(x) < 0.9 else mp.sign(x) * mp.sqrt(-mp.log(1 - abs(x)))
    for _ in range(200):
        step = (mp.erf(guess) - x) * mp.sqrt(mp.pi) / 2 * mp.exp(guess * guess)
        guess -= step / (1 + guess * step)
        if abs(step) < mpf(10) ** -40:
            return guess
    raise ValueError(x)


def row(f, arguments):
    exact = f(*map(mpf, arguments))
    nearest = float(exact)
    return [*arguments, nearest, float(exact - mpf(nearest))]


results = {}
for name, (f, sources) in functions.items():
    if name not in ("sin", "cos", "tan"):
        mp.prec = 250
    else:
        mp.prec = 1400
    f = f or inverse_erf
    results[name] = [row(f, [source()]) for source in sources for _ in range(points // len(sources))]
mp.prec = 250
for name, (f, source) in wide.items():
    results[name] = [row(f, source()) for _ in range(points)]
print("{")
print(",\n".join(f'"{name}": {json.dumps(rows)}' for name, rows in results.items()))
print("}")
