"""U-Nets compiled by torch: quicker on graphics cards, after minutes of compiling for each new size."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import TypeAlias
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from ..names import row
from .attention import Context
from .hooks import Hooks
from .supply import Lend
from .unet import UNet, UNetSpec

Form: TypeAlias = tuple[torch.dtype, torch.device]
"""What a network computes in, and where."""


class CompilerError(RuntimeError):
    """A network can't be compiled here; the message says what is missing or what the compiler said."""


def _compiler_missing() -> str | None:
    if torch.cuda.is_available():
        return None if find_spec("triton") else "the package triton"
    compilers = (os.environ.get("CXX", "c++"), "g++", "clang++", "cl")
    return None if any(map(shutil.which, compilers)) else "a C++ compiler (g++, clang++)"


def _graphs_missing() -> str | None:
    return None if torch.cuda.is_available() else "a CUDA device"


BACKENDS: Mapping[str, Callable[[], str | None]] = {
    "inductor": _compiler_missing,
    "cudagraphs": _graphs_missing,
    "eager": lambda: None,  # traces and changes nothing
}
"""What torch compiles by, and a function that names what it lacks on this machine."""


class CompiledUNet(UNet):
    """A U-Net whose computation is traced when it is first called, and compiled by a backend."""

    def __init__(self, spec: UNetSpec, backend: str) -> None:
        super().__init__(spec)
        self._backend = backend
        # Torch leaves the types of backends open.
        self._quick = torch.compile(super()._computed, backend=backend)  # pyright: ignore[reportUnknownMemberType]

    def _computed(
        self, x: Tensor, timesteps: Tensor, context: Context, y: Tensor | None, hooks: Hooks, lend: Lend
    ) -> Tensor:
        from torch._dynamo.exc import TorchDynamoException  # here, since it takes a second to import

        try:
            return self._quick(x, timesteps, context, y, hooks, lend)
        except TorchDynamoException as error:
            said = str(error).strip().partition("\n")[0]
            raise CompilerError(
                f"{self._backend} can't compile this network: {said}. Leave it uncompiled, which gives the "
                "same picture"
            ) from error


class Compilation:
    """Compiled copies of networks by one backend. A memo: made when first used, one for each network.

    The copies have weights of their own where the network's are of another dtype, in the order that torch's
    own layers take: what is packed for the CPU can't be compiled.
    """

    def __init__(self, backend: str) -> None:
        """Raise UnknownNameError for an unknown backend, CompilerError for one that can't work here."""
        lacking = row(BACKENDS, backend, "backend")()
        if lacking is not None:
            raise CompilerError(
                f"{backend} needs {lacking}, which is not here; leave the network uncompiled, which gives "
                "the same picture"
            )
        self.backend = backend
        self._made: WeakKeyDictionary[UNet, tuple[Form, CompiledUNet]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def ready(self, network: UNet, dtype: torch.dtype, device: torch.device) -> UNet:
        """Return a network compiled for `dtype` on a device: the same one every time."""
        form = (dtype, device)
        with self._lock:
            made = self._made.get(network)
            if made is None or made[0] != form:
                made = self._made[network] = (form, _compiled(network, form, self.backend))
            return made[1]


def _compiled(network: UNet, form: Form, backend: str) -> CompiledUNet:
    dtype, device = form
    # Tensors that inference mode makes can't be traced.
    with torch.inference_mode(False), torch.no_grad():
        with torch.device("meta"):
            copy = CompiledUNet(network.spec, backend)
        weights = {
            name: weight.to(device, dtype, copy=weight.is_inference())
            for name, weight in network.state_dict().items()
        }
        copy.load_state_dict(weights, assign=True)
        return copy.eval().requires_grad_(False)
