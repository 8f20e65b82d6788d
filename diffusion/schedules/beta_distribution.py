"""Quantiles of the beta distribution, so that one noise schedule does not need SciPy."""

from __future__ import annotations

from math import exp, lgamma, log, log1p

# Where a step of an iteration no longer matters.
PRECISION = 1e-14

# More than parameters of a million need.
MOST_TERMS = 100_000

# Stands for 0 where a continued fraction would divide by it.
TINY = 1e-300


def quantile(share: float, a: float, b: float) -> float:
    """Return x with cumulative(x) = share, to 1e-12; share lies in 0..1.

    Raises ValueError unless a and b are above 0.
    """
    if not (a > 0 and b > 0):
        raise ValueError(f"the beta distribution needs a and b above 0, not {a} and {b}")
    if share <= 0 or share >= 1:
        return float(share > 0)
    if share == 0.5 and a == b:
        return 0.5  # exact, since a caller rounds to whole numbers
    low, high, x = 0.0, 1.0, a / (a + b)
    while high - low > PRECISION:
        error = cumulative(x, a, b) - share
        low, high = (low, x) if error > 0 else (x, high)
        slope = _density(x, a, b)
        newton = x - error / slope if slope > 0 else -1.0
        if abs(newton - x) <= PRECISION:
            break
        # Newton's step as long as it stays between the bounds, else a halving.
        x = newton if low < newton < high else (low + high) / 2
    return x


def cumulative(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function of x in 0..1.

    By its continued fraction (DLMF 8.17.22), which settles fast up to the mean; above it by
    the symmetry 1 - cumulative(1 - x; b, a).
    """
    if x <= 0 or x >= 1:
        return float(x > 0)
    if x > (a + 1) / (a + b + 2):
        return 1 - cumulative(1 - x, b, a)
    return _density(x, a, b) * x * (1 - x) / a / _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    # 1 + d1/(1 + d2/(1 + ...)) from the front: a ratio of two continuants (modified Lentz).
    value, upper, lower = 1.0, 1.0, 0.0
    for j in range(1, MOST_TERMS):
        m = j // 2
        if j % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        upper = 1 + term / upper or TINY
        lower = 1 / (1 + term * lower or TINY)
        value *= upper * lower
        if abs(upper * lower - 1) < PRECISION:
            return value
    raise ArithmeticError(f"no beta distribution can be computed for a = {a} and b = {b}")


def _density(x: float, a: float, b: float) -> float:
    log_beta = lgamma(a) + lgamma(b) - lgamma(a + b)
    return exp((a - 1) * log(x) + (b - 1) * log1p(-x) - log_beta)
