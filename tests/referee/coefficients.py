"""Writes src/compiler/mathematics/coefficients.ts: python tests/referee/coefficients.py > … (needs mpmath and numpy).

A polynomial interpolates its function at the Chebyshev nodes of the interval, in 50 digits, and is rounded to the type.
Its degree is the least for which the error that it leaves in the result is below 2^-27 (f32) or 2^-57 (f64), relative.
Those of exp and tanh in f32 spread that error evenly instead (Lawson 1961), for which a degree less is enough.
"""

import numpy as np
from mpmath import mp, mpf, matrix, lu_solve, pi, sqrt, log

mp.dps = 50


def interpolated(g, a, b, degree):
    nodes = [(a + b) / 2 + (b - a) / 2 * mp.cos((2 * k + 1) * pi / (2 * degree + 2)) for k in range(degree + 1)]
    powers = matrix(degree + 1, degree + 1)
    values = matrix(degree + 1, 1)
    for i, x in enumerate(nodes):
        values[i] = g(x)
        for j in range(degree + 1):
            powers[i, j] = x**j
    return list(lu_solve(powers, values))


def evened(g, a, b, degree, weight):
    """Least squares of 2000 nodes, of which those with large errors in the result are given more and more weight."""
    angles = (2 * np.arange(2000) + 1) * np.pi / 4000
    places = np.cos(angles)
    nodes = [(a + b) / 2 + (b - a) / 2 * mpf(t) for t in places]
    values = np.array([float(g(x)) for x in nodes])
    scale = np.array([float(weight(x)) for x in nodes])
    weights = np.ones(2000)
    for _ in range(400):
        found = np.polynomial.chebyshev.chebfit(places, values, degree, w=np.sqrt(weights) * scale)
        weights *= np.abs((np.polynomial.chebyshev.chebval(places, found) - values) * scale)
        weights /= weights.max()
    shifted = np.poly1d(np.polynomial.chebyshev.cheb2poly(found)[::-1])
    return [mpf(c) for c in shifted(np.poly1d([float(2 / (b - a)), float(-(a + b) / (b - a))])).c[::-1]]


def horner(coefficients, x):
    total = mpf(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def fitted(g, a, b, weight, bits, evenly=False):
    for degree in range(1, 40):
        found = evened(g, a, b, degree, weight) if evenly else interpolated(g, a, b, degree)
        places = [a + (b - a) * k / mpf(300) for k in range(301)]
        if max(abs((horner(found, x) - g(x)) * weight(x)) for x in places) < mpf(2) ** -bits:
            return found
    raise ValueError("no degree will do")


def at_zero(limit, g):
    return lambda x: limit if abs(x) < mpf(10) ** -40 else g(x)


def scaled_erfc(x):
    """e^(x²)·erfc(x)"""
    if x < 60:
        return mp.exp(x * x) * mp.erfc(x)
    total, term = mpf(0), mpf(1)
    for k in range(1, 60):
        total += term
        term *= -(2 * k - 1) / (2 * x * x)
    return total / (x * sqrt(pi))


def erfc_tail(t):
    if t >= 1:
        return 2 / sqrt(pi)
    x = 3 * (1 + t) / (1 - t)
    return scaled_erfc(x) * (1 + 2 * x)


def erf_inv(x):
    guess = mp.erfinv(x) if x < 0.999 else sqrt(-log((1 - x) * sqrt(pi)))
    for _ in range(60):
        step = (mp.erfc(guess) - (1 - x)) * sqrt(pi) / 2 * mp.exp(guess * guess)
        guess += step / (1 - guess * step)
        if abs(step) < mpf(10) ** -30:
            break
    return guess


def erf_inv_ratio(w):
    mp.dps = 80
    x = sqrt(1 - mp.exp(-w))
    ratio = erf_inv(x) / x
    mp.dps = 50
    return ratio


def stirling_rest(z):
    """x·(log Γ(x) - (x - ½)·log x + x - ½·log 2π) of z = 1/x²"""
    if z < mpf(10) ** -12:
        return mpf(1) / 12 - z / 360
    x = 1 / sqrt(z)
    return x * (mp.loggamma(x) - (x - 0.5) * log(x) + x - log(2 * pi) / 2)


def digamma_rest(z):
    """(log x - 1/(2x) - ψ(x))·x² of z = 1/x²"""
    if z < mpf(10) ** -12:
        return mpf(1) / 12 - z / 120
    x = 1 / sqrt(z)
    return (log(x) - 1 / (2 * x) - mp.digamma(x)) * x * x


def bessel(order):
    """I(x)·(2/x)^order of z = (x/2)²"""
    return at_zero(mpf(1), lambda z: mp.besseli(order, 2 * sqrt(z)) / sqrt(z)**order)


def bessel_tail(order):
    """√x·e^(-x)·I(x) of y = 1/x"""
    return at_zero(1 / sqrt(2 * pi), lambda y: sqrt(1 / y) * mp.exp(-1 / y) * mp.besseli(order, 1 / y))


one = lambda _: mpf(1)
odd = lambda f: lambda z: (f(sqrt(z)) / sqrt(z) - 1) / z
log_ratio = lambda z: (2 * mp.atanh(sqrt(z)) / sqrt(z) - 2) / z

# name: what it is, function, interval, what an error of it is in the result
tables = {
    "exp": ("(e^r - 1 - r) / r² on ±½ log 2", at_zero(mpf(1) / 2, lambda r: (mp.expm1(r) - r) / r**2),
            -0.3475, 0.3475, lambda r: r * r / mp.exp(r)),
    "exp2": ("(2^r - 1) / r on ±½", at_zero(log(2), lambda r: (mpf(2)**r - 1) / r), -0.5, 0.5, lambda r: r),
    "log": ("(2·artanh(s)/s - 2) / z, z = s², on [0, (√2 - 1)²/(√2 + 1)²]", at_zero(mpf(2) / 3, log_ratio),
            0, 0.0295, lambda z: z / 2),
    "logTail": ("((2·artanh(s)/s - 2) / z - ⅔) / z, to 15 bits more",
                at_zero(mpf(2) / 5, lambda z: (log_ratio(z) - mpf(2) / 3) / z), 0, 0.0295,
                lambda z: z * z * 2**13),
    "sin": ("(sin(r)/r - 1) / z, z = r², on ±¼π", at_zero(mpf(-1) / 6, odd(mp.sin)), 0, 0.6175, lambda z: z),
    "cos": ("(cos(r) - 1 + z/2) / z², z = r², on ±¼π",
            at_zero(mpf(1) / 24, lambda z: (mp.cos(sqrt(z)) - 1 + z / 2) / z**2), 0, 0.6175, lambda z: z * z),
    "atan": ("(atan(x)/x - 1) / z, z = x², on ±tan ⅛π", at_zero(mpf(-1) / 3, odd(mp.atan)), 0, 0.1716, lambda z: z),
    "asin": ("(asin(x)/x - 1) / z, z = x², on ±½", at_zero(mpf(1) / 6, odd(mp.asin)), 0, 0.25, lambda z: z),
    "sinh": ("(sinh(x)/x - 1) / z, z = x², on ±1", at_zero(mpf(1) / 6, odd(mp.sinh)), 0, 1, lambda z: z),
    "tanh": ("(tanh(x)/x - 1) / z, z = x², on ±0.27", at_zero(mpf(-1) / 3, odd(mp.tanh)), 0, 0.0729, lambda z: z),
    "erf": ("erf(x)/x - 1 of z = x², on ±1", at_zero(2 / sqrt(pi) - 1, lambda z: mp.erf(sqrt(z)) / sqrt(z) - 1),
            0, 1, one),
    "erfc": ("((1 + 2x)·e^(x²)·erfc(x) - 7·e⁹·erfc(3)) / t, t = (x - 3)/(x + 3), on x ≥ ¾",
             lambda t: (erfc_tail(t) - erfc_tail(mpf(0))) / t if abs(t) > mpf(10)**-20 else mp.diff(erfc_tail, 0), -0.6, 1, lambda t: t),
    "lgamma": ("log Γ(2 + t) / t, on -½ ≤ t ≤ 1",
               at_zero(1 - mp.euler, lambda t: mp.loggamma(2 + t) / t), -0.5, 1, one),
    "stirling": ("x·(log Γ(x) - (x - ½)·log x + x - ½·log 2π) of 1/x², on x ≥ 8", stirling_rest, 0, mpf(1) / 64,
                 lambda z: sqrt(z) / 8),
    "besselI0": ("I₀(x) of z = (x/2)², on x ≤ 8", bessel(0), 0, 16, lambda z: 1 / bessel(0)(z)),
    "besselI0Tail": ("√x·e^(-x)·I₀(x) of 1/x, on x ≥ 8", bessel_tail(0), 0, 0.125, one),
    "besselI1": ("I₁(x)·2/x of z = (x/2)², on x ≤ 8", bessel(1), 0, 16, lambda z: 1 / bessel(1)(z)),
    "besselI1Tail": ("√x·e^(-x)·I₁(x) of 1/x, on x ≥ 8", bessel_tail(1), 0, 0.125, one),
    "digamma": ("x²·(log x - 1/(2x) - ψ(x)) of 1/x², on x ≥ 6", digamma_rest, 0, mpf(1) / 36, lambda z: z),
}  # fmt: skip
guesses = {
    "erfInvCentre": ("erf⁻¹(x)/x of w - 2.5, w = -log(1 - x²), on w < 5, to 20 bits",
                     lambda v: erf_inv_ratio(v + 2.5) if v > -2.5 else sqrt(pi) / 2, -2.5, 2.5, one),
    "erfInvTail": ("erf⁻¹(x)/x of √w - 4, on 5 ≤ w < 37, to 20 bits",
                   lambda v: erf_inv_ratio((v + 4) ** 2), sqrt(5) - 4, sqrt(37) - 4, one),
}  # fmt: skip



def shortest32(value):
    return np.format_float_scientific(np.float32(float(value)), unique=True, trim="-").replace("e+", "e")


def row(values, single):
    return "[" + ", ".join(shortest32(v) if single else repr(float(v)) for v in reversed(values)) + "]"


print("// Written by tests/referee/coefficients.py.")
print()
print("/** Coefficients of a polynomial in each type, that of the highest power first. */")
print("export interface Polynomial {\n  readonly f32: readonly number[];\n  readonly f64: readonly number[];\n}")
for name, (what, g, a, b, weight) in tables.items():
    print(f"\n/** {what} */\nexport const {name}Polynomial: Polynomial = {{")
    for kind, bits in (("f32", 27), ("f64", 57)):
        evenly = kind == "f32" and name in ("exp", "tanh")
        print(f"  {kind}: {row(fitted(g, mpf(a), mpf(b), weight, bits, evenly), kind == 'f32')},")
    print("};")
for name, (what, g, a, b, weight) in guesses.items():
    print(f"\n/** {what} */\nexport const {name}: readonly number[] = {row(fitted(g, mpf(a), mpf(b), weight, 20), False)};")
at_three = 7 * mp.exp(9) * mp.erfc(3)
single = mpf(float(np.float32(float(at_three))))
print("\n/** 7·e⁹·erfc(3), as a float and what that lacks of it. */")
print("export const erfcAtThree = {")
print(f"  f32: [{shortest32(single)}, {shortest32(at_three - single)}],")
print(f"  f64: [{float(at_three)!r}, {float(at_three - mpf(float(at_three)))!r}],")
print("} as const;")
mp.dps = 420
print("\n/** 2^1216 · 2/π, rounded down. */")
print(f"export const twoOverPi = {hex(int(mp.floor(mpf(2) ** 1216 * 2 / pi)))}n;")
