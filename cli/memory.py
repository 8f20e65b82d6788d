"""How much memory a command may compute in, as its arguments say."""

from __future__ import annotations

import argparse

from .disk import size


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of commands that compute."""
    parser.add_argument(
        "--memory",
        metavar="SIZE",
        type=size,
        help="compute in so much memory, such as 700M or 4G: what does not fit goes in smaller parts, models "
        "pass by layer by layer, and what can't fit is refused before it starts; results are kept in a "
        "quarter as much besides (default: two thirds of what the machine or container has; on a graphics "
        "card it is the card's own memory, by default what is free there but for 1 GiB or a tenth)",
    )
