"""Why a node has to run: what differs between a place as it was and as it is now, as data and in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ..caches.fingerprints import FINGERPRINT
from ..problems import Json
from .places import Part, Place

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "never_seen": "no run of this workflow has had a result of this node",
        "forgotten": "it had this very result before, and no cache has it any more",
        "updated": "it had this very result before, from other code: inkloom or one of its libraries",
        "changed": "a value differs from the last run's",
        "file_changed": "a file of the same name has other content",
        "relinked": "an input comes from another node or output, or from a link in place of a value",
        "added": "an input is given that was not given before",
        "removed": "an input is not given any more that was given before",
        "above": "a node changed whose result it needs",
        "renamed": "the node knows its own id, and that is another one now",
        "version": "the node itself gives other results since an update",
        "rekeyed": "what decides its result differs in a way that the history does not tell",
        "outside": "what the node looks at outside of the workflow differs, as it says itself",
        "always": "the node wants to run in every run",
        "expands": "it makes nodes of its own when it runs, which are not known before",
        "undecided": "a node decides while it runs whether it needs this one",
        "same": "a node that runs anyway has the same result",
        "unreadable": "what decides its result can't be read",
    }
)
"""Every code of a reason and what it stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason, as `code` of `REASONS` and as a phrase to be read after the node's name.

    `before` and `after` are the values of `input`, links written `[node, slot]`; `nodes` are the others that
    the reason speaks of.
    """

    code: str
    text: str
    input: str | None = None
    before: Json = None
    after: Json = None
    nodes: tuple[str, ...] = ()


NamesOf = Callable[[str], str]
"""Gives what to call a node, by its id."""


def differences(
    before: Place, now: Place, names: NamesOf, changed_above: Callable[[str], Sequence[str]]
) -> list[Reason]:
    """Return what differs between two places of one class whose keys differ.

    Ids in `before` are those of the present workflow. `changed_above` gives for a source with another key
    than before the nodes that are to blame, itself or some above it.
    """
    found: list[Reason] = []
    blamed: dict[str, None] = {}
    if before.version != now.version:
        text = f"the node itself was changed: version {before.version} -> {now.version}"
        found.append(Reason(code="version", text=text, before=before.version, after=now.version))
    if before.own != now.own:
        text = f"its id is part of its result: {before.own} -> {now.own}"
        found.append(Reason(code="renamed", text=text, before=before.own, after=now.own))
    for name in dict.fromkeys((*now.inputs, *before.inputs)):
        old, new = (_given(place.inputs.get(name)) for place in (before, now))
        if json.dumps(old) == json.dumps(new):  # 1, 1.0 and true are equal to Python
            continue
        if old and new and old[:2] == new[:2] and old[0] == "link" and old[3] == new[3]:
            if old[2] != new[2]:
                blamed.update(dict.fromkeys(changed_above(str(new[1]))))
            if old[4:] != new[4:]:
                found.append(_file_changed(name, "one that the linked text may name"))
        else:
            found += _difference(name, old, new, names)
    if blamed:
        found.append(_above(tuple(blamed), names))
    return found or [Reason(code="rekeyed", text="it changed in a way that is not recorded")]


def runs_always(why: str) -> Reason:
    """Return the reason of a node that runs every time."""
    return Reason(code="always", text=f"it runs every time: {why}")


BLAMED = 3
"""Nodes above that are named; the others are counted in."""


def _above(blamed: tuple[str, ...], names: NamesOf) -> Reason:
    """Return the reason that nodes above changed."""
    shown = [names(node) for node in blamed[:BLAMED]]
    said = " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
    more = " and others" if len(blamed) > BLAMED else ""
    return Reason(code="above", text=f"because {said}{more} above it changed", nodes=blamed[: BLAMED + 1])


def _given(part: Part | None) -> Part | None:
    """Return None for an input that is left out: null stands for it, too."""
    return None if part == ["value", None] else part


def _difference(name: str, old: Part | None, new: Part | None, names: NamesOf) -> Iterator[Reason]:
    """Yield what differs in one input; what brings the same result in another way is no difference."""
    if name == FINGERPRINT:
        yield _outside(old, new)
    elif old is None or new is None:
        yield _given_or_not(name, old, new, names)
    elif old[0] == new[0] == "link":
        if old[2:] != new[2:]:
            yield _relinked(name, old, new, names)
    elif "link" in (old[0], new[0]):
        yield _relinked(name, old, new, names)
    elif json.dumps(old[1]) != json.dumps(new[1]):
        if not (old[0] == new[0] == "file" and old[2] == new[2]):
            before, after = shown(old[1], new[1])
            text = f"{name} {before} -> {after}"
            yield Reason(code="changed", text=text, input=name, before=old[1], after=new[1])
    elif old[0] == "file":
        yield _file_changed(name, str(new[1]))
    elif len(old) == len(new) and all(isinstance(file, list) for file in new[2:]):
        # A text that names files: it says how many, and in which order they are here.
        pairs = zip(old[2:], new[2:], strict=True)
        yield from (_file_changed(name, _first(file)) for was, file in pairs if was != file)
    else:
        yield _file_changed(name, f"one of {shown(new[1], None)[0]}")


def _outside(old: Part | None, new: Part | None) -> Reason:
    if new is not None and new[0] == "always":
        return runs_always(str(new[2]))
    before, after = (None if part is None or part[0] == "always" else part[1] for part in (old, new))
    said = "" if before is None or after is None else ": {} -> {}".format(*shown(before, after))
    return Reason(code="outside", text=f"what it looks at changed{said}", before=before, after=after)


def _given_or_not(name: str, old: Part | None, new: Part | None, names: NamesOf) -> Reason:
    if new is None:
        text = f"{name} is not given any more; it was {_said(old, names)}"
        return Reason(code="removed", text=text, input=name, before=_json(old))
    return Reason(
        code="added", text=f"{name} is given now: {_said(new, names)}", input=name, after=_json(new)
    )


def _relinked(name: str, old: Part, new: Part, names: NamesOf) -> Reason:
    same_node = old[1] == new[1]
    before, after = (_said(part, names, with_output=same_node) for part in (old, new))
    return Reason(
        code="relinked",
        text=f"input {name} now comes from {after} instead of {before}"
        if new[0] == "link"
        else f"{name} is now {after} instead of a link from {before}",
        input=name,
        before=_json(old),
        after=_json(new),
        nodes=tuple(str(part[1]) for part in (new, old) if part[0] == "link"),
    )


def _file_changed(name: str, file: str) -> Reason:
    return Reason(code="file_changed", text=f"file changed: {file}", input=name, before=file, after=file)


def _first(pair: Json) -> str:
    return str(pair[0]) if isinstance(pair, list) and pair else str(pair)


def _said(part: Part | None, names: NamesOf, *, with_output: bool = False) -> str:
    if part is None:
        return "nothing"
    if part[0] != "link":
        return shown(part[1], None)[0]
    node = names(str(part[1]))
    return f"output {part[3]} of {node}" if with_output else node


def _json(part: Part | None) -> Json:
    """Return what an input brought as the API format has it."""
    if part is None:
        return None
    return [part[1], part[3]] if part[0] == "link" else part[1]


SHOWN = 48
"""Characters of a value that are shown."""

LEAD = 16
"""Characters that are shown before the place where two long values begin to differ."""


def shown(before: Json, after: Json) -> tuple[str, str]:
    """Write two values so that their difference is seen: of long ones the part where it begins."""
    texts = [json.dumps(value, ensure_ascii=False) for value in (before, after)]
    pairs = enumerate(zip(*texts, strict=False))
    same = next((place for place, (old, new) in pairs if old != new), min(map(len, texts)))
    start = 0 if max(map(len, texts)) <= SHOWN else max(same - LEAD, 0)
    old, new = (
        ("…" if start else "") + text[start : start + SHOWN] + ("…" if len(text) > start + SHOWN else "")
        for text in texts
    )
    return old, new
