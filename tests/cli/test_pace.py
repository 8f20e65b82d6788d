"""Speeds and times as people read them."""

import pytest

from inkloom.cli.shown.pace import Pace, duration_text, speed_text


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, "0.00 s"),
        (0.08, "0.08 s"),
        (0.994, "0.99 s"),
        (0.996, "1.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (65, "1 min 05 s"),
        (3600, "1 h 00 min"),
        (7380, "2 h 03 min"),
    ],
)
def test_duration_text(seconds: float, expected: str) -> None:
    assert duration_text(seconds) == expected


@pytest.mark.parametrize(
    ("speed", "expected"), [(None, ""), (6.14, "6.1 steps/s"), (1.0, "1.0 steps/s"), (0.4, "2.5 s/step")]
)
def test_speed_text(speed: float | None, expected: str) -> None:
    assert speed_text(speed) == expected


def test_the_first_step_is_no_measure() -> None:
    pace = Pace()
    assert (pace.speed, pace.left) == (None, None)
    pace.tell(100.0, 1, 20)  # a model was loaded first
    assert (pace.speed, pace.left) == (None, None)
    pace.tell(101.0, 3, 20)
    assert (pace.speed, pace.left) == (2.0, 8.5)


def test_a_node_that_starts_again_has_a_new_pace() -> None:
    pace = Pace()
    pace.tell(0.0, 1, 20)
    pace.tell(10.0, 20, 20)
    pace.tell(11.0, 1, 20)
    assert pace.speed is None
    pace.tell(12.0, 6, 20)
    assert pace.speed == 5.0
