"""In which precision a command computes, as its arguments say."""

from __future__ import annotations

import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the argument of commands that compute with models, or tell what they would compute."""
    parser.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16", "float16"),
        default="auto",
        help="in what large models and VAEs compute: bfloat16 takes about 0.6 of the time and of the memory, "
        "and differs by a few grey levels of 255; float16 is for graphics cards (default: %(default)s, "
        "bfloat16 where the processor or card has it, or else float16 on a card and float32 on a processor)",
    )
