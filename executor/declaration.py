"""A node type is a plain annotated function; these declare it and gather what was declared."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any, TypeVar

from .node_type import NodeType
from .problems import listing, nearest
from .signature import DeclarationError, place_of, read_signature

F = TypeVar("F", bound=Callable[..., Any])


def node(
    name: str,
    *,
    category: str,
    display_name: str | None = None,
    version: int = 1,
    output: bool = False,
    deprecated: bool = False,
    experimental: bool = False,
) -> Callable[[F], F]:
    """Declare a node type; the function itself stays as it is, callable and typed.

    Every input is a keyword-only parameter with an annotation; a first parameter `ctx: Context` is optional.
    `output` marks a node whose result is wanted for its own sake.
    Raises `DeclarationError` when the signature has no meaning as a node.
    """

    def declare(function: F) -> F:
        declared = read_signature(
            function,
            name=name,
            display_name=display_name or name,
            category=category,
            version=version,
            output_node=output,
            deprecated=deprecated,
            experimental=experimental,
        )
        function.__dict__[_MARK] = declared
        return function

    return declare


_MARK = "__inkloom_node__"


def declared_by(function: Callable[..., object]) -> NodeType | None:
    """Return the node type that a function was declared as, or None."""
    return getattr(function, "__dict__", {}).get(_MARK)


class NodeTable(Mapping[str, NodeType]):
    """Every node type by name; a name that is not there raises `KeyError` with the nearest one."""

    def __init__(self, node_types: Mapping[str, NodeType]) -> None:
        self._types = dict(node_types)

    @classmethod
    def collect(cls, *modules: ModuleType) -> NodeTable:
        """Gather the functions that modules declared with `@node`.

        Raises `DeclarationError` when two functions declare one name.
        """
        found: dict[str, NodeType] = {}
        for module in modules:
            for member in vars(module).values():
                declared = declared_by(member) if inspect.isfunction(member) else None
                if declared is None:
                    continue
                if found.setdefault(declared.name, declared) is not declared:
                    both = f"{place_of(found[declared.name].function)} and {place_of(declared.function)}"
                    raise DeclarationError(f"two node types are called {declared.name!r}: {both}")
        return cls(found)

    def __getitem__(self, name: str) -> NodeType:
        try:
            return self._types[name]
        except KeyError:
            closest = nearest(name, self._types)
            raise KeyError(f"no node type {name!r}; known: {listing(self._types, closest)}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._types

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)
