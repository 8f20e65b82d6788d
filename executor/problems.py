"""What is wrong with a workflow, as data: each problem names its place, and all of them come at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""Any JSON value."""

CODES: Mapping[str, str] = MappingProxyType(
    {
        # the file
        "not_json": "the text is not JSON; the message has line and column",
        "not_api_format": "the JSON is not an object of nodes",
        "not_ui_format": "a file of the editor has a part that can't be read",
        "missing_subgraph": "a node is a subgraph or a group that its file does not define",
        "bad_subgraph": "a subgraph contains itself, or unfolds to too many nodes",
        "duplicate_name": "one JSON object names a node or an input twice",
        # the graph
        "missing_class_type": "a node does not say what it is",
        "unknown_node_class": "no node type of that name exists",
        "cycle": "nodes wait for each other in a circle",
        "no_outputs": "nothing to run: the workflow has no output node, or none that was asked for",
        # links
        "bad_linked_input": "a link is not [node id, output slot]",
        "link_to_missing_node": "a link names a node that the workflow does not have",
        "bad_output_slot": "a link names an output that the node does not have",
        "return_type_mismatch": "a link brings another type than the input takes",
        "link_expected": "the input takes a link and got a value",
        # values
        "required_input_missing": "a required input is neither linked nor given",
        "invalid_input_type": "a value can't be converted to the input's type",
        "value_smaller_than_min": "a number is too small",
        "value_bigger_than_max": "a number is too big",
        "value_not_multiple": "a number is no multiple of the input's step",
        "value_not_in_list": "a choice or a file name is not among those that exist",
        "custom_validation_failed": "an uploaded file does not exist",
        # names from outside
        "unknown_input_name": "a value is given by a name that is no input of the workflow",
        "bad_exposed": "a node says in another form than it should which inputs it exposes",
        # warnings
        "undeclared_input": "a warning: the node has no such input, so what is given for it is not used",
    }
)
"""Every problem code and what it stands for; those of the wire's own vocabulary keep their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, where, and what would be right.

    `pointer` is an RFC 6901 JSON pointer into the API-format workflow. `given` is the value as it was judged
    (a number after its conversion), `allowed` what would have been accepted: a mapping with "minimum",
    "maximum" or "multipleOf", a list of names, or a type name. `nearest` is the known name closest to a wrong
    one. `facts` holds more for some codes: "exception" (the text of a failed conversion), "linked_node" and
    "received_type" of a link, the "nodes" of a cycle, "line" and "column" of text that is not JSON.
    """

    code: str
    message: str
    node: str | None = None
    input: str | None = None
    pointer: str = ""
    given: object = None
    allowed: object = None
    nearest: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict[str, object])


class WorkflowError(Exception):
    """A workflow that can't be run; `problems` has all the reasons."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{p.pointer or '/'}: {p.message} [{p.code}]" for p in self.problems))


def pointer(*parts: object) -> str:
    """Return the RFC 6901 JSON pointer that leads through `parts`."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


COMPARABLE = 5000
"""Names beyond this many are not compared letter by letter: a broken workflow must not cost minutes."""

LONGEST = 200
"""Nor are names longer than this."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`; None when none is like it or too many are to be compared."""
    import difflib  # only wanted where something is wrong already

    names = list(known)
    folded = {known_name.casefold(): known_name for known_name in names}
    if name.casefold() in folded:
        return folded[name.casefold()]
    if len(names) > COMPARABLE or len(name) > LONGEST:
        return None
    found = difflib.get_close_matches(name, names, n=1) or [
        folded[match] for match in difflib.get_close_matches(name.casefold(), folded, n=1)
    ]
    return found[0] if found else None


class Guesses:
    """Nearest names for all problems of one workflow, at a bounded cost.

    Of a workflow with a few mistakes each gets its hint; one that is wrong from end to end runs out of them.
    """

    def __init__(self, comparisons: int = 20_000) -> None:
        self._left = comparisons

    def nearest(self, name: str, known: Collection[str]) -> str | None:
        """Return what `nearest` does, None once too many names were compared."""
        if self._left <= 0:
            return None
        self._left -= len(known)
        return nearest(name, known)


def listing(names: Iterable[str], first: str | None = None, limit: int = 10) -> str:
    """Write names for a message, `first` in front, and count those left out."""
    ordered = sorted(set(names), key=lambda name: (name != first, name))
    shown = ", ".join(ordered[:limit])
    return f"{shown} and {len(ordered) - limit} more" if len(ordered) > limit else shown or "(none)"
