"""What a command computes on, as its arguments say."""

from __future__ import annotations

import argparse

METAVAR = "auto|cpu|cuda[:N]"


def arguments(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """Declare the argument of commands that compute with models, or tell what they would compute."""
    more = (
        "; several with commas between them, or all cards, each with a worker of its own" if several else ""
    )
    parser.add_argument(
        "--device",
        metavar="auto|all|cpu|cuda[:N][,…]" if several else METAVAR,
        default="auto",
        help=f"what models compute on: the processor, or one of NVIDIA's graphics cards by its number{more} "
        "(default: %(default)s, the first card where there is one, or else the processor)",
    )
