"""What is asked again, when, and what is told instead: no network, and a clock that the test sets."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from inkloom.client import ConnectionLostError, JobFailedError, RefusedError, TimedOutError, requests
from inkloom.client.conversation import LATEST, SOONEST, Losses, Manner, Sends, ask, run, wait
from inkloom.client.exchange import Answer, Lost

T = TypeVar("T")

REFUSED = Lost(reason="connection refused", heard=False, known=True)
BROKEN = Lost(reason="cut off", heard=True, known=True)
NEVER_THERE = Lost(reason="connection refused", heard=False, known=False)


def of_job(state: str) -> Answer:
    told = {"id": "j", "state": state, "priority": 0, "created": 0, "attempt": 1}
    return Answer(status=200, content=json.dumps(told).encode())


def error(status: int, **headers: str) -> Answer:
    return Answer(status=status, content=b'{"code": "c", "message": "m"}', headers=headers)


@dataclass
class Talk:
    """Holds a conversation with given replies, and notes when each request was sent."""

    replies: Iterable[Answer | Lost]
    patience: float = 10.0
    now: float = 100.0
    sent: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])

    @property
    def manner(self) -> Manner:
        return Manner(url="http://s", patience=self.patience, clock=lambda: self.now)

    def hold(self, conversation: Sends[T]) -> T:
        replies = iter(self.replies)
        try:
            sending = next(conversation)
            while True:
                self.now += sending.after
                self.sent.append((self.now - 100, f"{sending.request.method} {sending.request.path}"))
                sending = conversation.send(next(replies))
        except StopIteration as ended:
            return ended.value


def times(talk: Talk) -> list[float]:
    return [round(at, 3) for at, _ in talk.sent]


def test_an_answer_is_read() -> None:
    talk = Talk([of_job("done")])
    assert talk.hold(ask(requests.job("j"), talk.manner)).state == "done"
    assert talk.sent == [(0, "GET /v1/jobs/j")]


@pytest.mark.parametrize("loss", [REFUSED, BROKEN])
def test_what_may_be_repeated_is_asked_again_with_longer_pauses(loss: Lost) -> None:
    talk = Talk([*[loss] * 6, of_job("done")])
    assert talk.hold(ask(requests.job("j"), talk.manner)).state == "done"
    assert times(talk) == [0, 0.1, 0.3, 0.7, 1.5, 3.1, 5.1]


def test_patience_ends() -> None:
    talk = Talk([REFUSED] * 100, patience=4)
    with pytest.raises(ConnectionLostError, match="can't reach a server at http://s: connection refused"):
        talk.hold(ask(requests.job("j"), talk.manner))
    assert times(talk)[-1] <= 4


def test_a_server_that_never_answered_is_not_waited_for() -> None:
    talk = Talk([NEVER_THERE] * 2)
    with pytest.raises(ConnectionLostError, match="inkloom serve"):
        talk.hold(ask(requests.job("j"), talk.manner))
    assert times(talk) == [0]


@pytest.mark.parametrize(("loss", "sent"), [(BROKEN, 1), (REFUSED, 2)])
def test_what_may_not_be_repeated_is_sent_again_only_if_it_was_not_heard(loss: Lost, sent: int) -> None:
    talk = Talk([loss, of_job("waiting")])
    conversation = ask(requests.retry("j"), talk.manner)
    if sent == 1:
        with pytest.raises(ConnectionLostError, match="may have heard"):
            talk.hold(conversation)
    else:
        talk.hold(conversation)
    assert len(talk.sent) == sent


def test_the_same_body_is_sent_again() -> None:
    call = requests.submit({}, {})
    talk = Talk([BROKEN, of_job("waiting")])
    conversation = ask(call, talk.manner)
    first = next(conversation).request
    assert conversation.send(BROKEN).request is first


@pytest.mark.parametrize(
    ("reply", "then"),
    [
        (error(503, **{"retry-after": "3"}), [0, 3]),
        (error(429, **{"retry-after": "0"}), [0, 0.1]),
        (error(503, **{"retry-after": "11"}), None),
        (error(503, **{"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}), None),
        (error(503), None),
        (error(404, **{"retry-after": "1"}), None),
    ],
)
def test_a_server_may_say_when_to_come_again(reply: Answer, then: list[float] | None) -> None:
    talk = Talk([reply, of_job("waiting")])
    conversation = ask(requests.retry("j"), talk.manner)
    if then is None:
        with pytest.raises(RefusedError, match="m"):
            talk.hold(conversation)
        assert times(talk) == [0]
    else:
        talk.hold(conversation)
        assert times(talk) == then


def test_waiting_looks_often_at_first_and_goes_on_when_the_server_was_away() -> None:
    replies = [*[of_job("waiting")] * 3, BROKEN, REFUSED, *[of_job("running")] * 200, of_job("failed")]
    talk = Talk(replies)
    assert talk.hold(wait(requests.job("j"), None, talk.manner)).state == "failed"
    gaps = [after - before for before, after in zip(times(talk), times(talk)[1:], strict=False)]
    assert min(gaps) >= SOONEST - 0.001
    assert max(gaps) <= LATEST + 0.001


@pytest.mark.parametrize("timeout", [0, 0.01, 1, 33.3])
def test_waiting_ends_when_it_is_to(timeout: float) -> None:
    talk = Talk([of_job("running")] * 1000)
    with pytest.raises(TimedOutError, match="job j is still running"):
        talk.hold(wait(requests.job("j"), timeout, talk.manner))
    assert times(talk)[-1] == pytest.approx(timeout, abs=0.001)


def test_a_run_queues_once_and_returns_what_is_done() -> None:
    talk = Talk([of_job("waiting"), of_job("running"), of_job("done")])
    call = requests.submit({}, {})
    assert talk.hold(run(call, requests.job, None, talk.manner)).state == "done"
    assert [what for _, what in talk.sent] == ["POST /v1/jobs", "GET /v1/jobs/j", "GET /v1/jobs/j"]


@pytest.mark.parametrize(
    ("state", "says"), [("failed", "job j failed"), ("cancelled", "job j was cancelled")]
)
def test_a_run_that_is_not_done_is_an_error(state: str, says: str) -> None:
    talk = Talk([of_job("waiting"), of_job(state)])
    with pytest.raises(JobFailedError, match=says) as raised:
        talk.hold(run(requests.submit({}, {}), requests.job, None, talk.manner))
    assert raised.value.job.state == state


def test_losses_are_forgotten_once_something_is_heard() -> None:
    talk = Talk([], patience=1)
    losses = Losses(talk.manner)
    assert [losses.pause(BROKEN), losses.pause(BROKEN)] == [0.1, 0.2]
    talk.now += 100
    losses.none()
    assert losses.pause(BROKEN) == 0.1
    talk.now += 1
    with pytest.raises(ConnectionLostError):
        losses.pause(BROKEN)
