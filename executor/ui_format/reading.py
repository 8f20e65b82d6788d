"""From the editor's JSON, version 0.4 or 1.0, to a `Document`; says all that can't be read, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from ..problems import Problem, WorkflowError, pointer
from .document import RENAMED, Definition, Document, Group, Item, Sheet, Slot, Wire
from .forms import identity, shown, type_text, whole, whole_text

GROUPS = ("workflow>", "workflow/")
"""How the types of legacy group nodes begin."""

WIRE = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
"""What a link says, in the order of its list."""

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

Object = Mapping[str, Any]
Place = tuple[object, ...]


def read_document(saved: Object) -> Document:
    """Read what the editor saved; the given object is not changed.

    Subgraphs that no node uses are not looked at. Raises `WorkflowError` with all problems of form, their
    pointers leading into what was given.
    """
    reader = _Reader()
    sheet = reader.sheet(saved, ())
    known = dict(_subgraphs(saved, reader))
    definitions: dict[str, Definition | Group] = {}
    waiting = [sheet]
    while waiting:
        for item in waiting.pop().items.values():
            if item.type in definitions or not item.live:
                continue
            if (found := known.get(item.type)) is not None:
                definition = reader.definition(*found)
            elif item.type.startswith(GROUPS):
                definition = reader.group(item, saved)
            else:
                reader.require_no_subgraph(item)
                continue
            definitions[item.type] = definition
            waiting.append(definition.sheet)
    if reader.problems:
        raise WorkflowError(reader.problems)
    return Document(sheet, definitions)


def _subgraphs(saved: Object, reader: _Reader) -> Iterator[tuple[str, tuple[Object, Place]]]:
    """Yield each subgraph with its place, also those inside of others; of two with one id the outer."""
    waiting: list[tuple[Object, Place]] = [(saved, ())]
    seen: set[str] = set()
    for holder, place in waiting:
        definitions = reader.object(holder, "definitions", place)
        for number, entry in enumerate(reader.list(definitions, "subgraphs", (*place, "definitions"))):
            here = (*place, "definitions", "subgraphs", number)
            if not isinstance(entry, Mapping):
                reader.wrong(here, "a subgraph", "an object", entry)
                continue
            found = cast(Object, entry)
            waiting.append((found, here))
            name = found.get("id")
            if isinstance(name, str) and name not in seen:
                seen.add(name)
                yield name, (found, here)


class _Reader:
    """Reads piece by piece and gathers what is wrong."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, place: Place, what: str, wanted: str, given: object, node: str | None = None) -> None:
        message = f"{what} must be {wanted}, not {shown(given)}"
        self.problems.append(
            Problem(code="not_ui_format", message=message, node=node, pointer=pointer(*place), allowed=wanted)
        )

    def object(self, holder: Object, key: str, place: Place) -> Object:
        """Return an object of `holder`, empty where there is none."""
        found = holder.get(key)
        if isinstance(found, Mapping):
            return cast(Object, found)
        if found is not None:
            self.wrong((*place, key), f"{key!r}", "an object", found)
        return {}

    def list(
        self, holder: Object, key: str, place: Place, of: str = "", node: str | None = None
    ) -> list[Any]:
        """Return a list of `holder`, empty where there is none."""
        found = holder.get(key)
        if isinstance(found, list):
            return cast("list[Any]", found)
        if found is not None:
            self.wrong((*place, key), f"{key!r}{of}", "a list", found, node)
        return []

    def sheet(self, saved: Object, place: Place) -> Sheet:
        items: dict[str, Item] = {}
        for number, entry in enumerate(self.list(saved, "nodes", place)):
            item = self.item(entry, (*place, "nodes", number))
            if item is not None and items.setdefault(item.id, item) is not item:
                message = f"two nodes have the id {item.id}: {items[item.id].named()} and {item.named()}"
                where = pointer(*place, "nodes", number, "id")
                self.problems.append(
                    Problem(code="not_ui_format", message=message, node=item.id, pointer=where)
                )
        wires: dict[str, Wire] = {}
        for number, entry in enumerate(self.list(saved, "links", place)):
            here = (*place, "links", number)
            if (found := self.wire(entry, here)) and wires.setdefault(found[0], found[1]) != found[1]:
                message = f"two links have the id {found[0]} and different ends"
                self.problems.append(Problem(code="not_ui_format", message=message, pointer=pointer(*here)))
        return Sheet(items, wires)

    def item(self, entry: object, place: Place, number: int | None = None) -> Item | None:
        """Read a node; in a legacy group `number` is its place there, which counts as its id."""
        if not isinstance(entry, Mapping):
            self.wrong(place, "a node", "an object", entry)
            return None
        saved = cast(Object, entry)
        name = identity(saved.get("id")) if number is None else str(number)
        if name is None:
            self.wrong((*place, "id"), "the id of a node", "a whole number or text", saved.get("id"))
            return None
        title = saved.get("title")
        kind = saved.get("type")
        if not isinstance(kind, str):
            self.wrong((*place, "type"), f"the type of node {name}", "text", kind, name)
            return None
        called = f"node {name}" + (f' "{title}"' if isinstance(title, str) and title else f" ({kind})")
        mode = whole(saved.get("mode", 0))
        if mode is None:
            self.wrong((*place, "mode"), f"the mode of {called}", "a number", saved.get("mode"), name)
        properties = self.object(saved, "properties", place)
        known_as = properties.get("Node name for S&R")
        return Item(
            id=name,
            type=RENAMED.get(kind, kind),
            mode=mode or 0,
            title=title if isinstance(title, str) else "",
            called=known_as if isinstance(known_as, str) else "",
            inputs=tuple(self.slots(saved, "inputs", place, called, name)),
            outputs=tuple(self.slots(saved, "outputs", place, called, name)),
            values=self.values(saved, place, called, name),
            proxies=tuple(self.proxies(properties, place, called, name)),
        )

    def slots(self, saved: Object, key: str, place: Place, called: str, node: str) -> Iterator[Slot]:
        for number, entry in enumerate(self.list(saved, key, place, f" of {called}", node)):
            here = (*place, key, number)
            what = f"one of the {key} of {called}"
            if not isinstance(entry, Mapping):
                self.wrong(here, what, "an object", entry, node)
                continue
            slot = cast(Object, entry)
            name, link = slot.get("name"), slot.get("link")
            linked = identity(link) if key == "inputs" else None
            if key == "inputs" and not isinstance(name, str):
                self.wrong((*here, "name"), f"the name of {what}", "text", name, node)
            elif key == "inputs" and link is not None and linked is None:
                what = f"the link at input {name!r} of {called}"
                self.wrong((*here, "link"), what, "the id of a link", link, node)
            else:
                widget = isinstance(slot.get("widget"), Mapping)
                yield Slot(name if isinstance(name, str) else "", type_text(slot.get("type")), linked, widget)

    def values(self, saved: Object, place: Place, called: str, node: str) -> list[Any] | Object:
        found = saved.get("widgets_values")
        match found:
            case None:
                return []
            case list():
                return cast("list[Any]", found)
            case Mapping():
                named = cast(Object, found)
                # An array that went through a program that writes arrays as {"0": ..., "1": ...}.
                indexed = [str(number) for number in range(len(named))]
                return [named[key] for key in indexed] if set(named) == set(indexed) else named
            case _:
                what = f"'widgets_values' of {called}"
                self.wrong((*place, "widgets_values"), what, "a list or an object", found, node)
                return []

    def proxies(self, properties: Object, place: Place, called: str, node: str) -> Iterator[tuple[str, str]]:
        here = (*place, "properties")
        for number, entry in enumerate(self.list(properties, "proxyWidgets", here, f" of {called}", node)):
            match entry:
                case [inner, str() as name, *_] if (found := identity(inner)) is not None:
                    yield found, name
                case _:
                    what = f"one of the 'proxyWidgets' of {called}"
                    self.wrong((*here, "proxyWidgets", number), what, "[inner node, field]", entry, node)

    def wire(self, entry: object, place: Place) -> tuple[str, Wire] | None:
        """Read a link, a list or an object; None for one that leads nowhere, which the editor skips too."""
        shape: object = entry
        if isinstance(entry, Mapping):
            saved = cast(Object, entry)
            ends = [saved.get(key) for key in WIRE]
        elif isinstance(entry, list) and len(cast("list[Any]", entry)) >= len(WIRE):
            ends = cast("list[Any]", entry)[: len(WIRE)]
        else:
            if entry is not None:
                self.wrong(place, "a link", "[id, source node, output, target node, input, type]", shape)
            return None
        if ends[0] is not None and None in ends:
            return None
        name, origin, target = identity(ends[0]), identity(ends[1]), identity(ends[3])
        slot, target_slot = whole(ends[2]), whole(ends[4])
        if name is None or origin is None or target is None or slot is None or target_slot is None:
            read = (name, origin, slot, target, target_slot)
            bad = next(end for end, found in zip(ends, read, strict=True) if found is None)
            self.wrong(place, "ids and slots of a link", "numbers or names", bad)
            return None
        return name, Wire(origin, slot, target, target_slot)

    def definition(self, saved: Object, place: Place) -> Definition:
        inputs = self.slots(saved, "inputs", place, "a subgraph", "")
        title = saved.get("name")
        ends = {
            key: identity(self.object(saved, key, place).get("id")) for key in ("inputNode", "outputNode")
        }
        return Definition(
            name=title if isinstance(title, str) else "",
            sheet=self.sheet(saved, place),
            inputs=tuple(inputs),
            entry=ends["inputNode"] or "-10",
            exit=ends["outputNode"] or "-20",
        )

    def group(self, item: Item, saved: Object) -> Group:
        """Read the legacy group that a node is an instance of; its inner nodes are known by their place."""
        name = item.type[len(GROUPS[0]) :]
        place = ("extra", "groupNodes", name)
        groups = self.object(self.object(saved, "extra", ()), "groupNodes", ("extra",))
        if name not in groups:
            message = f"{item.named()} is a group node, and 'extra.groupNodes' has no group {name!r}"
            self.problems.append(Problem(code="missing_subgraph", message=message, node=item.id))
            return Group(name, Sheet({}, {}))
        group = self.object(groups, name, place[:-1])
        inner: dict[str, Item] = {}
        for number, entry in enumerate(self.list(group, "nodes", place)):
            if found := self.item(entry, (*place, "nodes", number), number):
                inner[found.id] = found
        wires = dict(self._group_wires(group, place))
        return Group(name, Sheet(inner, wires), **self._shown_by_group(group, place))

    def _shown_by_group(self, group: Object, place: Place) -> dict[str, Any]:
        outside: set[tuple[str, int]] = set()
        for entry in self.list(group, "external", place):
            match entry:
                case [node, slot, *_]:  # of the first versions the node itself, with its place in it
                    index = cast(Object, node).get("index") if isinstance(node, Mapping) else node
                    outside.add((identity(index) or "", whole(slot) or 0))
                case _:
                    self.wrong((*place, "external"), "an output of a group", "[node, output, type]", entry)
        found: dict[str, dict[tuple[str, str], Object]] = {"input": {}, "output": {}}
        config = self.object(group, "config", place)
        for node in config:
            for side, entries in found.items():
                here = (*place, "config", node)
                settings = self.object(self.object(config, node, here[:-1]), side, here)
                entries |= {(node, key): self.object(settings, key, (*here, side)) for key in settings}
        hidden = {
            side: [key for key, setting in entries.items() if setting.get("visible") is False]
            for side, entries in found.items()
        }
        names = {key: setting.get("name") for key, setting in found["input"].items()}
        return {
            "outside": frozenset(outside),
            "hidden_inputs": frozenset(hidden["input"]),
            "hidden_outputs": frozenset((node, whole_text(key)) for node, key in hidden["output"]),
            "renamed": {key: name for key, name in names.items() if isinstance(name, str)},
        }

    def _group_wires(self, group: Object, place: Place) -> Iterator[tuple[str, Wire]]:
        for number, entry in enumerate(self.list(group, "links", place)):
            match entry:
                # One without source came from outside when the group was made.
                case [origin, slot, target, target_slot, *_]:
                    found = self.wire([number, origin, slot, target, target_slot], (*place, "links", number))
                    if found is not None:
                        yield found
                case _:
                    wanted = "[source, output, target, input]"
                    self.wrong((*place, "links", number), "a link of a group", wanted, entry)

    def require_no_subgraph(self, item: Item) -> None:
        """Complain of a type that reads like a subgraph's id: those are never the name of a class."""
        if UUID.fullmatch(item.type):
            message = f"{item.named()} is a subgraph that the file does not define: {item.type}"
            self.problems.append(Problem(code="missing_subgraph", message=message, node=item.id))
