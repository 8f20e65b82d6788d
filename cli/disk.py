"""How much of the disk a command may take for results, as its arguments say."""

from __future__ import annotations

import argparse
import re

UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
"""What a number of bytes is multiplied with, by the first letter of its unit."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of commands that keep results."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--cache-size",
        metavar="SIZE",
        type=size,
        help="keep results of so many bytes on the disk, such as 500M or 20G "
        "(default: a tenth of the disk, 20G at most)",
    )
    group.add_argument(
        "--no-disk-cache",
        action="store_const",
        const=0,
        dest="cache_size",
        help="keep results in memory only, and look for none on the disk",
    )


def size(text: str) -> int:
    """Return the bytes that a text such as 500M means, for argparse."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE | re.ASCII)
    if found is None:
        raise argparse.ArgumentTypeError(f"a size is a number of bytes such as 500M or 20G, not {text!r}")
    return int(float(found[1]) * UNITS[found[2].upper()])
