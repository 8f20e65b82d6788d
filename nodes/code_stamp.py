"""What decides results besides content keys: the code that computes them."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent

ROOMS = ("diffusion", "executor", "nodes")
"""The folders whose code has a part in what nodes compute."""

LIBRARIES = ("torch", "tokenizers", "pillow")
"""The libraries whose versions have one."""


def code_stamp(package: Path = PACKAGE) -> str:
    """Return a digest of the code of a package and of its libraries' versions; loads none of it.

    Results that outlive a process are found again by it: those of other code, also of a file of inkloom that
    somebody edited, are not taken for its own.
    """
    digest = hashlib.blake2b(digest_size=8)
    for name in LIBRARIES:
        try:
            digest.update(f"{name} {version(name)}\n".encode())
        except PackageNotFoundError:
            digest.update(f"{name} none\n".encode())
    for room in ROOMS:
        for path in sorted((package / room).rglob("*.py")):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(package).as_posix()} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()
