"""A worker process by itself: the protocol on its standard input and output."""

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from inkloom.executor import RunDone
from inkloom.server.workers.given import WorkerDiedError
from inkloom.server.workers.process import WorkerProcess, command, died_how
from inkloom.server.workers.protocol import (
    Answered,
    Cancel,
    Estimate,
    Explain,
    Finished,
    Free,
    FromWorker,
    Logged,
    Look,
    ProtocolError,
    Ready,
    Recall,
    Recalled,
    Run,
    Told,
    ToWorker,
    Warm,
    Written,
    from_line,
    to_line,
)
from inkloom.server.workers.stray import LastWords, told_on
from inkloom.server.workers.worker import event_lines

TOY = Path(__file__).parents[1] / "toy.py"
GRAPH = {
    "1": {"class_type": "Number", "inputs": {"value": 3}},
    "2": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
}
ENDLESS = {
    "1": {"class_type": "Wait", "inputs": {"start": 0}},
    "2": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
}

MESSAGES = [
    Run(job="j", prompt=GRAPH, targets=("2",), extra_pnginfo={"workflow": "ä"}),
    Cancel(job="j"),
    Explain(question=1, prompt=GRAPH, targets=("2",)),
    Ready(pid=7, device="cuda:0", title="NVIDIA H200", total=2**37),
    Warm(),
    Recall(),
    Recalled(jobs=("a", "b")),
    Told(job="j", events=({"type": "x"}, {"type": "y"})),
    Finished(job="j"),
    Free(results=True),
    Logged(level=30, text="ä"),
    Estimate(question=3, prompt={"1": {}}, targets=("1",), user="anna"),
    Look(question=4),
    Answered(question=1, answer={"type": "explanation"}),
    Answered(question=2, failure="ä"),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.type)
def test_every_message_comes_back_as_it_went(message: ToWorker | FromWorker) -> None:
    line = to_line(message)
    assert line.count(b"\n") == 1
    assert from_line(line) == message


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"nonsense", b"[]", b"{}", b"[" * 100_000),
        *(b'{"type": "x"}', b'{"type": "cancel"}', b'{"type": "ready", "p": 1}'),
    ],
)
def test_other_lines_are_refused(line: bytes) -> None:
    with pytest.raises(ProtocolError, match="not a message"):
        from_line(line)


def test_json_text_goes_into_a_line_as_the_value_that_it_is() -> None:
    text = Written('{"1":\n {"inputs": {"text": "\\ud800 ä"}}}')
    message = Run(job="half \ud800", prompt=text, targets=("2",))
    line = to_line(message)
    assert line.count(b"\n") == 1
    assert from_line(line) == replace(message, prompt={"1": {"inputs": {"text": "\ud800 ä"}}})


def test_events_are_told_together_unless_that_is_too_long() -> None:
    events = [RunDone(seq=number, seconds=1.0) for number in range(3)]
    together, alone = event_lines("j", events), event_lines("j", events, limit=200)
    assert [len(together), len(alone)] == [1, 3]
    told = [from_line(line) for line in (*together, *alone)]
    found = [event["seq"] for message in told if isinstance(message, Told) for event in message.events]
    assert found == [0, 1, 2, 0, 1, 2]
    assert event_lines("j", []) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended with status 0"),
        (1, "ended with status 1"),
        (-9, "was killed by SIGKILL (often the system's answer to a lack of memory)"),
        (-11, "was killed by SIGSEGV (a crash in native code)"),
        (-15, "was killed by SIGTERM"),
        (-99, "was killed by signal 99"),
    ],
)
def test_died_how(code: int, words: str) -> None:
    assert died_how(code) == words


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, str(TOY), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        process.kill()


def say(worker: subprocess.Popen[bytes], message: ToWorker) -> None:
    assert worker.stdin is not None
    worker.stdin.write(to_line(message))
    worker.stdin.flush()


def hear(worker: subprocess.Popen[bytes], until: str) -> list[str]:
    """Return the types of what comes, up to one type of message or event."""
    assert worker.stdout is not None
    heard: list[str] = []
    for line in worker.stdout:
        match from_line(line):
            case Told(events=events):
                heard += [str(event["type"]) for event in events]
            case message:
                heard.append(message.type)
        if until in heard:
            return heard
    raise AssertionError(f"the worker ended after {heard}")


def test_jobs_and_what_stays_between_them(worker: subprocess.Popen[bytes]) -> None:
    assert hear(worker, "warm") == ["ready", "warm"]
    say(worker, Cancel(job="nobody"))
    say(worker, Run(job="a", prompt=GRAPH, targets=("2",)))
    say(worker, Run(job="b", prompt=GRAPH, targets=("2",)))
    node = ["node_started", "node_finished"]
    assert hear(worker, "finished") == ["run_started", *node, *node, "run_done", "finished"]
    assert hear(worker, "finished") == ["run_started", "node_finished", "run_done", "finished"]


def test_memory_is_given_back_between_jobs(worker: subprocess.Popen[bytes]) -> None:
    for name, wish in (("a", Free()), ("b", Free(results=True)), ("c", Free())):
        say(worker, Run(job=name, prompt=GRAPH, targets=("2",)))
        say(worker, wish)
    assert hear(worker, "finished").count("node_started") == 2
    assert hear(worker, "finished").count("node_started") == 0, "weights alone were given back"
    assert hear(worker, "finished").count("node_started") == 2, "what was remembered too"


def test_what_is_logged_is_told(worker: subprocess.Popen[bytes]) -> None:
    warning = {**GRAPH, "1": {"class_type": "Warn", "inputs": {"value": 3}}}
    say(worker, Run(job="a", prompt=warning, targets=("2",)))
    assert worker.stdout is not None
    messages = iter(from_line(line) for line in worker.stdout)
    told = next(message for message in messages if isinstance(message, Logged))
    assert told == Logged(level=logging.WARNING, text="beware of 3")


def test_what_has_not_begun_is_given_back(worker: subprocess.Popen[bytes]) -> None:
    say(worker, Run(job="a", prompt=ENDLESS, targets=("2",)))
    hear(worker, "progress")
    for name in "bcd":
        say(worker, Run(job=name, prompt=GRAPH, targets=("2",)))
    say(worker, Free(results=True))
    say(worker, Recall())
    assert worker.stdout is not None
    messages = iter(from_line(line) for line in worker.stdout)
    assert next(one for one in messages if isinstance(one, Recalled)) == Recalled(jobs=("b", "c", "d"))
    say(worker, Run(job="c", prompt=GRAPH, targets=("2",)))
    say(worker, Cancel(job="a"))
    ended = (one.job for one in messages if isinstance(one, Finished))
    assert [next(ended), next(ended)] == ["a", "c"]


def test_a_job_that_is_no_longer_right(worker: subprocess.Popen[bytes]) -> None:
    wrong = {**GRAPH, "1": {"class_type": "Number", "inputs": {"value": 100}}}
    say(worker, Run(job="a", prompt=wrong, targets=("2",)))
    say(worker, Run(job="b", prompt=GRAPH, targets=("2",)))
    assert hear(worker, "finished") == ["ready", "warm", "run_failed", "finished"]
    assert hear(worker, "finished")[-2:] == ["run_done", "finished"]


def test_cancel(worker: subprocess.Popen[bytes]) -> None:
    say(worker, Run(job="a", prompt=ENDLESS, targets=("2",)))
    hear(worker, "progress")
    say(worker, Cancel(job="a"))
    assert hear(worker, "finished")[-2:] == ["run_cancelled", "finished"]


def test_a_cancel_that_comes_before_its_job_has_begun(worker: subprocess.Popen[bytes]) -> None:
    say(worker, Run(job="a", prompt=ENDLESS, targets=("2",)))
    say(worker, Cancel(job="a"))
    assert hear(worker, "finished")[-2:] == ["run_cancelled", "finished"]


def test_a_line_that_is_no_message_ends_it(worker: subprocess.Popen[bytes]) -> None:
    assert worker.stdin is not None
    worker.stdin.write(b"nonsense\n")
    worker.stdin.flush()
    assert worker.wait(timeout=20) == 1


def test_a_job_that_is_no_graph(worker: subprocess.Popen[bytes]) -> None:
    say(worker, Run(job="a", prompt={"1": 2}, targets=("2",)))
    assert hear(worker, "finished") == ["ready", "warm", "run_failed", "finished"]


async def refused(*argv: str) -> str:
    """Return why the worker of this command line could not end a job."""
    worker = WorkerProcess(argv, line_limit=1000)
    await worker.start()
    try:
        async with asyncio.timeout(30):
            told = [event async for event in worker.run(Run(job="a", prompt=GRAPH, targets=("2",)))]
    except WorkerDiedError as died:
        return str(died)
    finally:
        await worker.stop()
    raise AssertionError(f"the job ended after {told}")


READY = 'print(\'{"type": "ready", "pid": 1}\\n{"type": "warm"}\', flush=True); input(); '
"""What a worker does until it has its first job."""


async def test_a_line_over_the_limit_is_a_death() -> None:
    program = READY + "print('x' * 2**20, flush=True); input()"
    assert "a line of more than 1000 bytes" in await refused(sys.executable, "-c", program)


async def test_a_worker_that_cannot_be_executed_fails_its_job() -> None:
    assert "can't be executed" in await refused("/no/such/program")


def test_it_ends_with_the_process_that_started_it(worker: subprocess.Popen[bytes]) -> None:
    say(worker, Run(job="a", prompt=ENDLESS, targets=("2",)))
    hear(worker, "progress")
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(timeout=10) == 0


def test_it_ends_before_it_listens_when_nobody_is_there(tmp_path: Path) -> None:
    argv = [sys.executable, "-P", "-m", "inkloom.server.workers.start", str(tmp_path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as starting:
        assert starting.stdin is not None
        starting.stdin.close()
        assert starting.wait(timeout=30) == 1, "0 is for a worker that listens"


def test_without_torch_it_lives_on_and_each_job_says_why_it_fails(tmp_path: Path) -> None:
    """Were it to end, it would be begun anew for ever, and its jobs be blamed for its deaths."""
    (tmp_path / "torch.py").write_text('raise OSError("libcudart: not found")')
    environ = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    argv = command(tmp_path / "root", device="cpu")
    graph = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "inklet.safetensors"}},
        "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
    }
    heard: list[FromWorker | ToWorker] = []
    with subprocess.Popen(argv, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for name in ("one", "other"):
            process.stdin.write(to_line(Run(job=name, prompt=graph, targets=("2",))))
            process.stdin.flush()
            while heard[-1:] != [Finished(job=name)]:
                heard.append(from_line(process.stdout.readline()))
        process.kill()
    [told] = [one.text for one in heard if isinstance(one, Logged) and "torch can't be loaded" in one.text]
    assert "(OSError: libcudart: not found): jobs will fail; see inkloom doctor" in told
    events = [event for message in heard if isinstance(message, Told) for event in message.events]
    ends = [event for event in events if event["type"] in ("run_done", "run_failed")]
    assert [(end["type"], end["message"]) for end in ends] == [("run_failed", "libcudart: not found")] * 2


async def test_the_last_words_of_one_that_crashes_are_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    crash = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    program = f"import faulthandler; faulthandler.enable(); {READY}{crash}"
    assert "SIGSEGV" in await refused(sys.executable, "-c", program)
    assert "Fatal Python error: Segmentation fault" in caplog.text


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ([b"one\ntw", b"o\r\n", b"th\xffree"], ["one", "two", "th\ufffdree"]),
        ([b"x" * 5000, b"y\n\nz"], ["x" * 4000, "x" * 1000, "y", "z"]),
        ([], []),
    ],
)
async def test_what_is_written_elsewhere_is_told_by_lines(pieces: list[bytes], lines: list[str]) -> None:
    source, told = asyncio.StreamReader(), list[str]()
    telling = asyncio.create_task(told_on(source, told.append))
    for piece in pieces:
        source.feed_data(piece)
        await asyncio.sleep(0)
    source.feed_eof()
    await telling
    assert told == lines


def test_the_last_words_are_the_last_line_that_says_anything() -> None:
    told = list[str]()
    words = LastWords(told.append)
    assert words.after("ended with status 1") == "ended with status 1"
    for line in ("Traceback", "ImportError: no torch", " ", ""):
        words(line)
    assert told == ["Traceback", "ImportError: no torch", " ", ""]
    assert words.after("ended with status 1") == "ended with status 1: ImportError: no torch"
    words("x" * 5000)
    assert len(words.after("ended")) < 400
