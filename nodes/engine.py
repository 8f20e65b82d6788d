"""The executor, fitted out for pictures: these nodes, a user's folders, torch without gradients."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from ..executor import (
    CancelToken,
    Event,
    Folders,
    Graph,
    Json,
    MemoryCache,
    NodeTable,
    Validation,
    run,
    validate,
)
from .model_folders import ALIASES, EXTRA_PATHS, KINDS, extra_folders

PACKAGE = Path(__file__).resolve().parent.parent

BUNDLED = {"checkpoints": (PACKAGE / "diffusion" / "inklet",), "input": (PACKAGE / "workflows" / "input",)}
"""What ships with inkloom and is found beside the user's files: a model, a picture to start from."""


PREVIEW_METHODS = ("auto", "latent2rgb", "taesd")
"""How samplers show what they have so far: by a fast estimate of colours, by a small decoder, or by the best
there is for the model."""


def cache_budget() -> int:
    """Return the bytes that results in memory may take: half of the machine's memory.

    A Stable Diffusion 1.5 checkpoint is 4.3 GB in float32; one that is not kept is loaded for each run.
    """
    if not hasattr(os, "sysconf"):  # Windows
        return 8 * 2**30
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def open_folders(root: Path, output: Path | None = None, extra_paths: Sequence[Path] = ()) -> Folders:
    """Return the data folder `root` with what ships with inkloom; pictures go to `output` if given.

    Models are also looked for where the file `extra_model_paths.yaml` in `root` and the files `extra_paths`
    say. Raises ExtraPathsError when one of them can't be used.
    """
    own = root / EXTRA_PATHS
    files = (*([own] if os.path.isfile(own) else []), *extra_paths)
    return Folders(
        root,
        bundled=BUNDLED,
        places={} if output is None else {"output": output},
        kinds=KINDS,
        aliases=ALIASES,
        extra=tuple(folder for file in files for folder in extra_folders(file)),
    )


@dataclass(frozen=True)
class Engine:
    """Runs workflows over one data folder and remembers results in memory from run to run."""

    table: NodeTable
    folders: Folders
    cache: MemoryCache = field(default_factory=lambda: MemoryCache(cache_budget()))

    def validate(self, graph: Graph, targets: Iterable[str] | None = None) -> Validation:
        """Check a workflow; loads no torch."""
        return validate(graph, self.table, self.folders, targets)

    def run(
        self,
        graph: Graph,
        *,
        targets: Iterable[str] | None = None,
        validation: Validation | None = None,
        cancel: CancelToken | None = None,
        extra_pnginfo: Json = None,
        previews: str | None = None,
    ) -> Generator[Event]:
        """Run a workflow and tell what happens; raises WorkflowError at once when nothing of it can run.

        `previews` is one of `PREVIEW_METHODS`, None for no previews.
        """
        return run(
            graph,
            self.table,
            self.folders,
            self.cache,
            targets=targets,
            validation=validation,
            cancel=cancel or CancelToken(),
            scope=without_gradients,
            hidden={"EXTRA_PNGINFO": extra_pnginfo},
            previews=previews,
        )


def without_gradients() -> AbstractContextManager[object]:
    """Return what node functions run inside: torch's inference mode."""
    import torch  # here, since validating and listing nodes needs none

    return torch.inference_mode()
