"""The executor, fitted out for pictures: these nodes, a user's folders, torch without gradients."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager, nullcontext
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

PACKAGE = Path(__file__).resolve().parent.parent

BUNDLED = {"checkpoints": (PACKAGE / "diffusion" / "inklet",), "input": (PACKAGE / "workflows" / "input",)}
"""What ships with inkloom and is found beside the user's files: a model, a picture to start from."""

CACHE_BYTES = 2 * 2**30


def open_folders(root: Path, output: Path | None = None) -> Folders:
    """Return the data folder `root` with what ships with inkloom; pictures go to `output` if given."""
    return Folders(root, bundled=BUNDLED, places={} if output is None else {"output": output})


@dataclass(frozen=True)
class Engine:
    """Runs workflows over one data folder and remembers results in memory from run to run."""

    table: NodeTable
    folders: Folders
    cache: MemoryCache = field(default_factory=lambda: MemoryCache(CACHE_BYTES))

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
    ) -> Generator[Event]:
        """Run a workflow and tell what happens; raises WorkflowError at once when nothing of it can run."""
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
        )


def without_gradients() -> AbstractContextManager[object]:
    """Return what node functions run inside: torch's inference mode, once torch is there at all."""
    torch = sys.modules.get("torch")
    return nullcontext() if torch is None else torch.inference_mode()
