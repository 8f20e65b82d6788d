"""What adapters and options change inside a U-Net, at typed points, without touching its weights."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hooks:
    """Functions a network calls at named points while it computes; none by default."""


NO_HOOKS = Hooks()
