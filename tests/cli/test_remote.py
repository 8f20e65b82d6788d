"""`inkloom submit`, `jobs`, `watch` and `cancel`, against a real server over a real socket."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from inkloom.cli.main import command_line
from inkloom.client import Client

from ..served import Served
from .conftest import Said

MAIN = "from inkloom.cli.main import main; main()"

KEEP: dict[str, Any] = {
    "1": {
        "class_type": "Count",
        "inputs": {"steps": 3, "start": 4},
        "_meta": {"title": "Counting", "exposed": {"start": "from"}},
    },
    "2": {"class_type": "Keep", "inputs": {"value": ["1", 0], "filename_prefix": "kept"}},
}

WAIT: dict[str, Any] = {
    "1": {"class_type": "Wait", "inputs": {"start": 0}},
    "2": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
}

RAISE: dict[str, Any] = {
    "1": {"class_type": "Raise", "inputs": {"value": 13}},
    "2": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
}

Call = Callable[..., Said]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    server = Served(tmp_path_factory.mktemp("root"))
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    with Client(served.url) as client:
        yield client


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, served: Served) -> Call:
    """Return a caller of the command line that asks the test's server."""
    monkeypatch.setenv("INKLOOM_URL", served.url)
    monkeypatch.delenv("INKLOOM_TOKEN", raising=False)

    def call(*argv: str) -> Said:
        capsys.readouterr()
        try:
            status = command_line(argv)
        except SystemExit as ended:  # argparse ends by itself
            status = int(ended.code or 0)
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return call


def test_submit_prints_the_id(ask: Call, write: Any, client: Client) -> None:
    said = ask("submit", write(KEEP), "--id", "mine", "--input", "from=7", "--priority", "2")
    assert said == Said(0, "mine\n", "")
    job = client.jobs.wait("mine", timeout=60)
    assert (job.state, job.priority) == ("done", 2)
    assert client.jobs.workflow("mine")["1"]["inputs"]["start"] == 7


def test_submit_waits_and_names_what_was_written(
    ask: Call, write: Any, tmp_path: Path, served: Served
) -> None:
    path = write(KEEP)
    said = ask("submit", path, "--wait", "--set", "Counting.start=20")
    assert said.status == 0
    assert said.out.startswith(f"{served.url}/view?filename=kept_")
    assert said.err.startswith("done in ")
    said = ask("submit", path, "--wait", "--set", "1.start=30", "--output", str(tmp_path / "new"))
    assert Path(said.out.strip()).read_text() == "33"
    job = json.loads(ask("submit", path, "--wait", "--json").out)
    assert (job["state"], list(job["files"])) == ("done", ["2"])


def test_submit_of_a_workflow_that_fails(ask: Call, write: Any) -> None:
    said = ask("submit", write(RAISE), "--wait")
    assert said.status == 1
    assert "failed" in said.err
    assert "node 1, Raise" in said.err
    assert "no luck with 13" in said.err


COMPLAINTS = [
    (["submit", "{keep}", "--input", "frm=3"], ["no input called 'frm'; did you mean 'from'?"]),
    (["submit", "{keep}", "--input", "from"], ["--input from is not of the form name=value"]),
    (["submit", "{keep}", "--set", "Countign.start=3"], ["has no such node", "did you mean Counting?"]),
    (["submit", "{keep}", "--set", "9.start=3"], ["has no such node"]),
    (["submit", "no_such_workflow"], ["no file no_such_workflow", "the server has no workflow of that name"]),
    (["submit", "{broken}"], ["can't be read as a workflow", "line 1"]),
    (["submit", "{keep}", "--output", "x"], ["--output needs --wait or --watch"]),
    (["submit", "{keep}", "--priority", "soon"], ["a priority is a number, or front, not 'soon'"]),
    (["submit", "{keep}", "--url", "nonsense"], ["'nonsense' is no URL of a server"]),
    (["submit", "{keep}", "--url", "http://127.0.0.1:1"], ["can't reach a server", "inkloom serve"]),
    (["jobs", "--url", "http://127.0.0.1:1"], ["can't reach a server"]),
    (["jobs", "retry"], ["inkloom jobs retry ID"]),
    (["jobs", "retry", "nobody"], ["nobody", "no job"]),
    (["watch", "nobody"], ["there is no job 'nobody'"]),
    (["cancel"], ["inkloom cancel ID..., or inkloom cancel --all"]),
    (["cancel", "nobody"], ["nobody", "no job"]),
]


@pytest.mark.parametrize(("argv", "words"), COMPLAINTS, ids=lambda one: " ".join(one)[:40])
def test_complaints(ask: Call, write: Any, argv: list[str], words: list[str]) -> None:
    paths = {"keep": write(KEEP, "keep.json"), "broken": write("{", "broken.json")}
    said = ask(*(part.format(**paths) for part in argv))
    assert (said.status, said.out) == (2, "")
    for word in words:
        assert word in said.err
    assert "Traceback" not in said.err


def test_jobs_is_a_table(ask: Call, write: Any, client: Client) -> None:
    waiting = client.jobs.submit(WAIT)
    ask("submit", write(RAISE), "--id", "bad", "--priority", "front")
    behind = ask("submit", write(KEEP), "--id", "behind").out.strip()
    try:
        rows = {line.split()[0]: line for line in ask("jobs").out.splitlines()}
        assert " waiting " in rows[behind]
        assert "before it" in rows[behind]
        assert ask("jobs", "--state", "waiting", "--limit", "1").out.split()[0] == behind
        assert [
            json.loads(line)["id"] for line in ask("jobs", "--json", "--limit", "1").out.splitlines()
        ] == [behind]
    finally:
        cancelled = ask("cancel", waiting.id)
    assert cancelled.out.split()[0] == waiting.id
    client.jobs.wait("bad", timeout=60)
    assert "no luck with 13" in ask("jobs", "--state", "failed").out
    client.jobs.wait(behind, timeout=60)
    assert "1 file" in next(line for line in ask("jobs").out.splitlines() if line.startswith(behind))
    again = ask("jobs", "retry", behind).out.strip()
    assert client.jobs.wait(again, timeout=60).retry_of == behind
    assert ask("jobs", "forget", again) == Said(0, "", "")
    assert all(job.id != again for job in client.jobs.list())


def test_cancel_all(ask: Call, client: Client) -> None:
    ids = [client.jobs.submit(WAIT, inputs={"1.start": number}).id for number in range(3)]
    said = ask("cancel", "--all")
    assert said.status == 0
    assert {line.split()[0] for line in said.out.splitlines()} == set(ids)
    assert {client.jobs.wait(name, timeout=60).state for name in ids} == {"cancelled"}
    assert ask("cancel", "--all") == Said(0, "", "")


def test_one_that_is_refused_keeps_no_other_from_being_done(ask: Call, client: Client) -> None:
    job = client.jobs.submit(WAIT)
    said = ask("cancel", "nobody", job.id)
    assert said.status == 2
    assert client.jobs.wait(job.id, timeout=60).state == "cancelled"


def test_a_job_that_runs_is_stopping_once_it_is_cancelled(ask: Call, client: Client) -> None:
    job = client.jobs.submit(WAIT)
    next(event for event in client.jobs.events(job.id) if event.type == "node_started")
    said = ask("cancel", job.id)
    assert said.out in (f"{job.id}  stopping\n", f"{job.id}  cancelled\n")
    assert client.jobs.wait(job.id, timeout=60).state == "cancelled"


def test_watch_draws_a_job_as_a_run(ask: Call, write: Any, client: Client, tmp_path: Path) -> None:
    name = client.jobs.submit(KEEP, inputs={"from": 40}).id
    said = ask("watch", name, "--output", str(tmp_path))
    assert said.status == 0
    assert Path(said.out.strip()).read_text() == "43"
    assert "running 2 nodes" in said.err
    assert "Counting: done in " in said.err
    assert said.err.splitlines()[-1].startswith("done in ")
    assert "running 2 nodes" in ask("watch", name).err, "what is over can be seen again"


def test_watch_ends_as_the_job_does(ask: Call, write: Any, client: Client) -> None:
    assert ask("submit", write(RAISE), "--watch").status == 1
    job = client.jobs.submit(WAIT, inputs={"1.start": 5})
    client.jobs.cancel(job.id)
    said = ask("watch", job.id)
    assert (said.status, said.out) == (130, "")
    assert "was cancelled" in said.err


def watching(served: Served, *argv: str) -> subprocess.Popen[str]:
    environ = {**os.environ, "INKLOOM_URL": served.url}
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, "watch", *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environ,
    )


def until(lines: Iterator[str], type: str) -> list[dict[str, Any]]:
    """Read events up to the next of a type."""
    told: list[dict[str, Any]] = []
    for line in lines:
        told.append(json.loads(line))
        if told[-1]["type"] == type:
            return told
    raise AssertionError(f"no {type} came: {told}")


def test_watch_goes_on_when_the_server_was_killed(tmp_path: Path) -> None:
    server = Served(tmp_path)
    server.start()
    try:
        with Client(server.url) as client:
            job = client.jobs.submit(WAIT)
            with watching(server, job.id, "--json") as process:
                assert process.stdout is not None
                told = until(iter(process.stdout), "progress")
                server.kill()
                server.start()
                told += until(iter(process.stdout), "run_started")
                told += until(iter(process.stdout), "progress")
                client.jobs.cancel(job.id)
                told += [json.loads(line) for line in process.stdout]
                assert process.wait(60) == 130
    finally:
        server.kill()
    kept = [event["seq"] for event in told if event["type"] not in ("progress", "span", "state", "mark")]
    assert kept == list(range(1, len(kept) + 1)), "none is missing, none came twice"
    assert [event["attempt"] for event in told if event["type"] == "run_started"] == [1, 2]
    assert (told[-1]["type"], told[-1]["data"]["state"]) == ("state", "cancelled")


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_ends_the_watching_and_not_the_job(served: Served, client: Client) -> None:
    job = client.jobs.submit(WAIT, inputs={"1.start": 9})
    try:
        with watching(served, job.id) as process:
            assert process.stderr is not None
            assert any("running" in line for line in process.stderr)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (130, "")
        assert f"inkloom cancel {job.id}" in err
        assert "Traceback" not in err
        assert client.jobs.get(job.id).state == "running"
    finally:
        client.jobs.cancel(job.id)
