"""What a command computes on, as its arguments say."""

from __future__ import annotations

import argparse

METAVAR = "auto|cpu|cuda[:N]"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the argument of commands that compute with models, or tell what they would compute."""
    parser.add_argument(
        "--device",
        metavar=METAVAR,
        default="auto",
        help="what models compute on: the processor, or one of NVIDIA's graphics cards by its number "
        "(default: %(default)s, the first card where there is one, or else the processor)",
    )
