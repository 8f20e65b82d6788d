"""Networks whose weights take no memory and no time, until a file's are put in their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

Spec = TypeVar("Spec")
Network = TypeVar("Network", bound=nn.Module)

DRAWING = (nn.init.normal_, nn.init.uniform_, nn.init.kaiming_uniform_)
"""How torch's layers draw their first weights."""


class Undrawn(TorchFunctionMode):
    """Leaves out what would draw first weights; on the meta device that would load torch's compiler."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Call torch's function `func`, or give back the weight as it is."""
        return kwargs["tensor"] if func in DRAWING else func(*args, **(kwargs or {}))


def on_meta(build: Callable[[Spec], Network], spec: Spec) -> Network:
    """Build a network without weights, to be filled."""
    with torch.device("meta"), Undrawn():
        return build(spec)
