"""`inkloom serve`: the server."""

from __future__ import annotations

import argparse
import gc

from . import device, disk, memory, precision, protection

NAME = "serve"
SUMMARY = "answer over HTTP and a websocket"
DESCRIPTION = "Serve workflows over HTTP and a websocket, in the protocol that ComfyUI's clients speak."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--listen", metavar="ADDRESS", default="127.0.0.1", help="address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--port", metavar="N", type=_port, default=8188, help="port (default: %(default)s; 0: any free)"
    )
    parser.add_argument(
        "--open",
        action="store_true",
        help="open the page in the browser of this machine, once the server answers",
    )
    protection.arguments(parser)
    disk.arguments(parser)
    device.arguments(parser, several=True)
    memory.arguments(parser)
    precision.arguments(parser)
    parser.add_argument(
        "--database",
        metavar="URL",
        help="where jobs are kept: postgresql://USER:PASSWORD@HOST/NAME, which several servers may share, or "
        "sqlite:///FILE (default: jobs/jobs.sqlite in the root folder)",
    )
    parser.add_argument(
        "--enable-compress-response-body",
        action="store_true",
        help="compress JSON and text for clients that take it: for slow networks",
    )
    parser.add_argument(
        "--preview-method",
        choices=("none", "auto", "latent2rgb", "taesd"),
        default="auto",
        help="how samplers show what they have so far: not at all, in the best way there is for the model, "
        "by a fast estimate of colours, or by a small decoder in models/vae_approx (default: %(default)s)",
    )


def command(given: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    # Nearly all that is made until the server answers stays. To look through it for what does not takes a
    # tenth of the start, and later a tenth of a second again and again, in which nobody is answered.
    gc.disable()
    from ..server.editor import REMEDY, Editor
    from ..server.serve import ServeError, serve
    from .browser import open_page, page_of
    from .data_folders import data_folders
    from .root import prepare
    from .usage import UsageError

    prepare(given.root)
    folders = data_folders(given)
    asked = protection.asked(given)

    def announce(url: str) -> None:
        gc.freeze()
        gc.enable()
        print(f"inkloom serves {url}   files: {given.root}   Ctrl-C stops", flush=True)
        if not Editor().is_there():
            print(f"The editor is not built. To have it, {REMEDY}.", flush=True)
        if given.open:
            open_page(page_of(url, asks=asked.token is not None), lambda line: print(line, flush=True))

    try:
        previews = None if given.preview_method == "none" else given.preview_method
        serve(
            folders,
            given.listen,
            given.port,
            announce,
            given.extra_model_paths_config,
            previews,
            given.cache_size,
            given.memory,
            given.precision,
            protection=asked,
            database=given.database,
            device=given.device,
            compress=given.enable_compress_response_body,
        )
    except ServeError as error:
        raise UsageError(str(error)) from error
    finally:
        gc.enable()
    print("stopped")
    return 0


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text!r}")
