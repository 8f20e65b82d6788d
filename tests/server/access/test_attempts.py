"""Guessing tokens is slow, and costs those nothing who do not guess."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkloom.server.access.attempts import SECONDS, Attempts, network_of


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(
    most=st.integers(1, 9),
    pauses=st.lists(st.floats(0, 3 * SECONDS), min_size=1, max_size=60),
)
def test_no_more_than_so_many_in_any_minute(most: int, pauses: list[float]) -> None:
    """Who guesses as fast as may be has at most twice that many in a minute: a full bucket and what leaks."""
    clock = Clock()
    attempts, guessed = Attempts(most, 9, clock), []
    for number, pause in enumerate(pauses):
        clock.now += pause
        if not attempts.wait("a", f"{number}"):
            attempts.wrong("a", f"{number}")
            guessed.append(clock.now)
    assert guessed
    for first in guessed:
        assert sum(first <= at < first + SECONDS for at in guessed) <= 2 * most


def test_who_waits_as_long_as_told_may_try_again() -> None:
    clock = Clock()
    attempts = Attempts(3, 9, clock)
    for number in range(3):
        assert attempts.wait("a", f"{number}") == 0
        attempts.wrong("a", f"{number}")
    wait = attempts.wait("a", "3")
    assert 0 < wait <= SECONDS / 3
    clock.now += wait
    assert attempts.wait("a", "3") == pytest.approx(0)
    assert attempts.wait("b", "3") == 0, "another address never had to"


def test_the_same_wrong_token_is_no_guess() -> None:
    attempts = Attempts(2, 9, Clock())
    for _ in range(50):
        assert attempts.wait("a", "old") == 0
        attempts.wrong("a", "old")


def test_a_token_that_was_right_goes_on_counting_until_it_is_wrong() -> None:
    attempts = Attempts(1, 9, Clock())
    attempts.right("a", "mine")
    attempts.wrong("a", "x")
    assert attempts.wait("a", "mine") == 0
    assert attempts.wait("a", "another's") > 0
    attempts.wrong("a", "mine")
    assert attempts.wait("a", "mine") > 0


def test_the_table_is_bounded() -> None:
    attempts = Attempts(1, 5, Clock())
    for number in range(100):
        attempts.wrong(f"10.0.0.{number}", "x")
        attempts.right(f"10.0.0.{number}", "y")
    assert len(attempts) == 5
    assert attempts.wait("10.0.0.99", "z") > 0
    assert attempts.wait("10.0.0.1", "z") == 0, "it was forgotten"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("10.0.0.1", "::ffff:10.0.0.1", True),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "", True),
    ],
)
def test_what_counts_as_one_address(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) == same
