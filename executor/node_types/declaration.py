"""A node type is a plain annotated function; these declare it and gather what was declared."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any, TypeVar, get_args

from ..problems import listing, nearest
from .node_type import Lane, NodeType
from .results import Foreseen
from .signature import DeclarationError, place_of, read_signature

F = TypeVar("F", bound=Callable[..., Any])


def node(
    name: str,
    *,
    category: str,
    display_name: str | None = None,
    version: int = 1,
    output: bool = False,
    needs: Callable[..., object] | None = None,
    fingerprint: Callable[..., object] | None = None,
    work: Callable[..., float] | None = None,
    foresees: Callable[..., Foreseen | None] | None = None,
    lane: Lane = "device",
    idempotent: bool = True,
    deprecated: bool = False,
    experimental: bool = False,
) -> Callable[[F], F]:
    """Declare a node type; the function itself stays as it is, callable and typed.

    Every input is a keyword-only parameter with an annotation; a first parameter `ctx: Context` is optional.
    `output` marks a node whose result is wanted for its own sake. An input `list[...]` gets all values of a
    list at once, and plain inputs beside it the first of theirs; an output `list[...]` gives many values.
    Nodes without such inputs are called once for each value, a shorter list going on with its last one. The
    function may be async: such nodes wait beside others.

    `needs` gets, by name, the inputs known so far, and returns names of `Lazy()` inputs to compute; it is
    asked again with those, until it names no more. `fingerprint` gets the values written in the workflow,
    None for what is linked, and returns a JSON value that the content key is made of besides: the time of a
    file, say. `work` gets by name the numbers of some inputs and returns what the node's time is about in
    proportion to, so that `explain` estimates 30 steps from 20: it is asked where all of them are written in
    the workflow. `foresees` gets inputs by name, as soon as all that it takes are written in the workflow, at
    hand, or foreseen by the nodes that they come from, and returns what the node will need and give, so that
    a run is refused before it computes what can't be used; None where it can't tell. A node that is not
    `idempotent` shares no result with its equals under other ids.

    Nodes of different lanes run at the same time. In the lane "device" one runs after the other: what
    computes with models, and by default everything. So do those that write numbered "files", in a lane of
    their own. Up to `WORKERS` run as "worker": what waits for disks and networks, or long for the CPU.

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
            needs=needs,
            fingerprint=fingerprint,
            work=work,
            foresees=foresees,
            lane=_known_lane(lane, function),
            idempotent=idempotent,
            deprecated=deprecated,
            experimental=experimental,
        )
        function.__dict__[_MARK] = declared
        return function

    return declare


def _known_lane(lane: Lane, function: Callable[..., object]) -> Lane:
    if lane not in get_args(Lane):
        known = listing(get_args(Lane))
        raise DeclarationError(f"{place_of(function)}: there is no lane {lane!r}; known: {known}")
    return lane


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

    @property
    def types(self) -> Mapping[str, NodeType]:
        """The same as a plain mapping, which is quicker to ask and has no words for names it lacks."""
        return self._types

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
