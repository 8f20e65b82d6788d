"""What is known of a job that is followed, and how long a server is waited for."""

import json

import pytest

from inkloom.client import ConnectionLostError, NotUnderstoodError
from inkloom.client.conversation import Losses, Manner
from inkloom.client.following import CLOSED, Following


def told(seq: int, type: str = "node_started", **data: object) -> str:
    return json.dumps({"seq": seq, "type": type, "at": 0, "attempt": 1, "data": data})


@pytest.fixture
def following() -> Following:
    return Following("j", Losses(Manner(url="http://s", patience=0.5, clock=lambda: 0.0)))


def test_what_is_of_the_moment_moves_nothing(following: Following) -> None:
    for seq, type in [(1, "node_started"), (1, "progress"), (3, "node_finished"), (3, "state")]:
        following.take(told(seq, type))
    assert following.request().path == "/v1/jobs/j/events?since=3"


@pytest.mark.parametrize(
    ("state", "over"),
    [("waiting", False), ("running", False), ("done", True), ("failed", True), ("cancelled", True)],
)
def test_a_state_may_be_the_end(following: Following, state: str, over: bool) -> None:
    following.take(told(1, "node_started", state=state))
    assert not following.over
    following.take(told(1, "state", state=state))
    assert following.over is over


def test_a_server_that_speaks_again_is_waited_for_anew(following: Following) -> None:
    pauses = [following.losses.pause(CLOSED) for _ in range(3)]
    following.take(told(1))
    assert [following.losses.pause(CLOSED) for _ in range(3)] == pauses
    with pytest.raises(ConnectionLostError):
        following.losses.pause(CLOSED)


@pytest.mark.parametrize("data", ["", "{}", '{"seq": "one"}'])
def test_what_is_no_event(following: Following, data: str) -> None:
    with pytest.raises(NotUnderstoodError, match="no event"):
        following.take(data)
