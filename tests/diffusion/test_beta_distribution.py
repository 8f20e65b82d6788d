"""The beta distribution against the cases that have a closed form."""

from __future__ import annotations

from math import comb, pi, sin

import pytest

from inkloom.diffusion.schedules.beta_distribution import cumulative, quantile

SHARES = [i / 40 for i in range(41)]


@pytest.mark.parametrize("share", SHARES)
def test_arcsine_law(share: float) -> None:
    assert quantile(share, 0.5, 0.5) == pytest.approx(sin(pi / 2 * share) ** 2, abs=1e-12)


@pytest.mark.parametrize("a", [0.2, 0.6, 1.0, 3.0, 30.0])
def test_power_law(a: float) -> None:
    assert [quantile(share, a, 1.0) for share in SHARES] == pytest.approx(
        [share ** (1 / a) for share in SHARES], abs=1e-12
    )


@pytest.mark.parametrize(("a", "b"), [(1, 1), (2, 5), (5, 2), (40, 60)])
def test_whole_numbers_are_binomial_sums(a: int, b: int) -> None:
    n = a + b - 1
    for x in SHARES:
        expected = sum(comb(n, j) * x**j * (1 - x) ** (n - j) for j in range(a, n + 1))
        assert cumulative(x, a, b) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("a", "b"), [(0.6, 0.6), (0.6, 3.0), (100.0, 0.5), (300.0, 400.0)])
def test_quantile_is_the_inverse(a: float, b: float) -> None:
    for share in SHARES[1:-1]:
        assert cumulative(quantile(share, a, b), a, b) == pytest.approx(share, abs=1e-10)


def test_ends_and_median_are_exact() -> None:
    assert [quantile(share, 0.6, 0.6) for share in (0.0, 0.5, 1.0)] == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(("a", "b"), [(0.0, 1.0), (1.0, -1.0), (float("nan"), 1.0)])
def test_parameters_that_make_no_distribution(a: float, b: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        quantile(0.3, a, b)
