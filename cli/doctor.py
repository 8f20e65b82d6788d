"""`inkloom doctor`: what is there, what is missing, and what to do about it."""

from __future__ import annotations

import argparse
import platform
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .shown.columns import styled
from .shown.sizes import size_text

if TYPE_CHECKING:
    from ..executor import Folders

NAME = "doctor"
SUMMARY = "tell what is there, what is missing, and what to do"
DESCRIPTION = (
    "Look at what inkloom needs and can use: what a worker loads, torch and devices, the editor, the root "
    "folder, the database of jobs, models. Nothing is changed. Exits with 1 when something is missing that "
    "inkloom can't do without."
)

Verdict = Literal["ok", "missing", "broken"]
"""Missing: something can be had that is not there. Broken: inkloom can't work like that."""

MARKS: dict[Verdict, str] = {"ok": "ok", "missing": "--", "broken": "!!"}

PATIENCE = 300.0
"""Seconds for a worker to load what it needs; from a cold disk that is minutes."""

LOADING = """
import importlib

def load(module):
    print(module, flush=True)
    return importlib.import_module(module)

for module in load("inkloom.server.workers.worker").PRELOAD:
    load(module)
"""
"""A program that loads what a worker does, and says what it is at."""

LITTLE = 2_000_000_000
"""Bytes of free disk below which something is said."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `remedy` is what to do, empty where nothing is."""

    verdict: Verdict
    what: str
    found: str
    remedy: str = ""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare no arguments: everything is looked at."""


def command(given: argparse.Namespace) -> int:
    """Print a line for everything that was looked at, and a remedy below what is not as it could be."""
    from .data_folders import data_folders

    findings = list(examined(given.root, data_folders(given)))
    wide = max(len(one.what) for one in findings)
    for one in findings:
        style = {"ok": "green", "missing": "yellow", "broken": "red"}[one.verdict]
        print(f"{styled(MARKS[one.verdict], style)}  {one.what:{wide}}  {one.found}")
        if one.remedy:
            print(f"    {'':{wide}}  {one.remedy}")
    return int(any(one.verdict == "broken" for one in findings))


def examined(root: Path, folders: Folders) -> Iterator[Finding]:
    """Look at everything, one after the other."""
    yield Finding("ok", "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    started = worker()
    yield started
    if started.verdict == "ok":  # what ends a worker would end this program, too
        yield from torch_and_devices()
    yield editor()
    yield root_folder(root)
    yield database(root / "jobs" / "jobs.sqlite")
    yield models(folders)


def worker(patience: float = PATIENCE) -> Finding:
    """Look whether a worker can load what it computes with: in a process, which a crash there ends alone.

    `patience` are seconds.
    """
    from ..server.workers.process import died_how

    began = time.monotonic()
    try:
        process = subprocess.run(
            [sys.executable, "-P", "-c", LOADING],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=patience,
        )
    except subprocess.TimeoutExpired:
        found = f"not ready after {patience:g} seconds"
        remedy = "is the disk with Python's packages slow, or another program busy? Try again"
        return Finding("broken", "worker", found, remedy)
    if process.returncode == 0:
        return Finding("ok", "worker", f"loads all it needs in {time.monotonic() - began:.1f} s")
    module = (process.stdout.split() or ["inkloom"])[-1]
    reason = (process.stderr.strip().splitlines() or ["it did not say why"])[-1]
    found = f"{died_how(process.returncode)} while it loaded {module}: {reason}"
    return Finding("broken", "worker", found, f"pip install --force-reinstall {module.partition('.')[0]}")


def torch_and_devices() -> Iterator[Finding]:
    """Look at torch, and at what it can compute on."""
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: one of its libraries can't be loaded
        told = str(error).partition("\n")[0]
        yield Finding("broken", "torch", f"can't be loaded: {told}", "pip install --force-reinstall torch")
        return
    yield Finding("ok", "torch", torch.__version__)
    for number in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(number)
        found = f"{torch.cuda.get_device_name(number)}, {size_text(free)} free of {size_text(total)}"
        yield Finding("ok", f"cuda:{number}", found)
    if torch.cuda.device_count() == 0:
        found = f"the processor only, {torch.get_num_threads()} threads"
        yield Finding("ok", "devices", found)


def editor() -> Finding:
    """Look whether the editor was built."""
    from ..server.editor import REMEDY, Editor

    if Editor().is_there():
        return Finding("ok", "editor", "built; inkloom serve shows it at /")
    return Finding("missing", "editor", "not built; all else works without it", f"to have it, {REMEDY}")


def root_folder(root: Path) -> Finding:
    """Look at the root folder and the disk that it lies on."""
    there = next(folder for folder in (root.absolute(), *root.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    found = f"{root}, {size_text(free)} free" if root.exists() else f"{root}, made at the first run"
    if free < LITTLE:
        return Finding("missing", "root", found, "give the disk room: inkloom cache shows what is kept")
    return Finding("ok", "root", found)


def database(file: Path) -> Finding:
    """Look at the database of jobs, without writing to it."""
    if not file.exists():
        return Finding("ok", "database", f"{file}, made when the server first starts")
    try:
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
        try:
            [[told]] = connection.execute("PRAGMA quick_check(1)").fetchall()
        finally:
            connection.close()
    except sqlite3.Error as error:
        told = str(error)
    if told == "ok":
        return Finding("ok", "database", f"{file}, {size_text(file.stat().st_size)}")
    rescue = f"rescue what is in it with 'sqlite3 {file.name} .recover', or move it away to begin a new one"
    return Finding("broken", "database", f"{file} is damaged: {told}", rescue)


def models(folders: Folders) -> Finding:
    """Count the checkpoints, of which one comes with inkloom."""
    names = folders.names("checkpoints")
    if len(names) > 1:
        return Finding("ok", "models", f"{len(names)} checkpoints")
    where = folders.roots("checkpoints")[0]
    only = "only inklet, the small model that comes with inkloom" if names else "none"
    return Finding("missing", "models", only, f"put checkpoints (.safetensors) into {where}")
