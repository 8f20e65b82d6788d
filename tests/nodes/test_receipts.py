"""A file that an attempt wrote is written once, at whatever moment the attempt was ended."""

import subprocess
import sys
from pathlib import Path

import pytest

from inkloom.executor import Context, Folders, Json, Receipt, ReceiptFile
from inkloom.nodes.numbered import save_numbered

ATTEMPT = """
import os, sys
from pathlib import Path
from inkloom.executor import Receipt, ReceiptFile
from inkloom.nodes import numbered

def ends(work, before):
    def ending(*given, **named):
        if not before:
            work(*given, **named)
        os._exit(9)
    return ending

root, moment = Path(sys.argv[1]), sys.argv[2]
receipts = ReceiptFile(root / "receipts")
match moment:
    case "before the receipt":
        ReceiptFile.keep = ends(ReceiptFile.keep, True)
    case "after the receipt":
        ReceiptFile.keep = ends(ReceiptFile.keep, False)
    case "before it has its number":
        os.link = ends(os.link, True)
    case "after it has its number":
        os.link = ends(os.link, False)
    case "at the end":
        numbered.sync_folder = ends(numbered.sync_folder, True)
path = numbered.save_numbered(
    root / "output", "a/b", ".txt", lambda file: file.write(b"content"), receipt=Receipt(receipts, "9 0 0")
)
print(path.relative_to(root / "output").as_posix())
"""

MOMENTS = (
    "before the receipt",
    "after the receipt",
    "before it has its number",
    "after it has its number",
    "at the end",
)


def attempt(root: Path, moment: str) -> str:
    argv = [sys.executable, "-c", ATTEMPT, str(root), moment]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == (9 if moment else 0), done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_second_attempt_writes_what_is_missing(tmp_path: Path, moment: str) -> None:
    attempt(tmp_path, moment)
    assert attempt(tmp_path, "") == "a/b_00001_.txt"
    assert attempt(tmp_path, "") == "a/b_00001_.txt"
    there = sorted(path.name for path in (tmp_path / "output" / "a").iterdir())
    parts = [name for name in there if name.endswith(".part")]
    assert [name for name in there if name not in parts] == ["b_00001_.txt"]
    assert len(parts) == (moment == "before the receipt"), "swept away later"


def save(root: Path, receipt: Receipt, content: bytes = b"content") -> str:
    path = save_numbered(root, "b", ".txt", lambda file: file.write(content), receipt=receipt)
    assert path.read_bytes() == content
    return path.name


def test_what_the_user_removed_is_written_again(tmp_path: Path) -> None:
    receipt = Receipt(ReceiptFile(tmp_path / "receipts"), "9")
    assert save(tmp_path, receipt) == "b_00001_.txt"
    (tmp_path / "b_00001_.txt").unlink()
    (tmp_path / "b_00001_.txt").write_bytes(b"another's")
    assert save(tmp_path, receipt) == "b_00002_.txt"


def test_other_files_of_the_run_and_other_runs_have_receipts_of_their_own(tmp_path: Path) -> None:
    context = Context(folders=Folders(tmp_path), node_id="9", receipts=ReceiptFile(tmp_path / "receipts"))
    assert [save(tmp_path, context.receipt(number)) for number in (0, 1, 0)] == [
        *("b_00001_.txt", "b_00002_.txt", "b_00001_.txt")
    ]
    other = Context(folders=Folders(tmp_path), node_id="9", receipts=ReceiptFile(tmp_path / "other"))
    assert save(tmp_path, other.receipt()) == "b_00003_.txt"
    once = Context(folders=Folders(tmp_path), node_id="9")
    assert [save(tmp_path, once.receipt()) for _ in range(2)] == ["b_00004_.txt", "b_00005_.txt"]


@pytest.mark.parametrize("cut", range(1, 20))
def test_a_receipt_that_was_cut_short_counts_as_none(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "folder" / "receipts"
    first, second, third = (Receipt(ReceiptFile(path), key) for key in "abc")
    given: dict[str, Json] = {"x": "ä"}
    first.keep(given)
    second.keep([1])
    path.write_bytes(path.read_bytes()[:-cut])
    whole = cut <= len(b'["b", [1]]\n')
    assert Receipt(ReceiptFile(path), "b").found() is None
    assert Receipt(ReceiptFile(path), "a").found() == (given if whole else None)
    Receipt(ReceiptFile(path), "c").keep(3)
    assert Receipt(ReceiptFile(path), "c").found() == 3
    assert Receipt(ReceiptFile(path), "a").found() == (given if whole else None)
    assert third.found() is None, "read when the file was opened"
