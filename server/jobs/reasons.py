"""Problems of a workflow as the wire tells them: the body of a 400, and the `node_errors` of a prompt."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

from ...executor import Folders, Graph, Input, Link, NodeTable, Problem, Validation, input_config

LONG_LIST = 20
"""A list of choices with more entries than this is not spelled out."""

Body = dict[str, object]


def error_body(
    kind: str, message: str, details: str = "", node_errors: Mapping[str, object] | None = None
) -> Body:
    """Return the body of a refusal."""
    error = {"type": kind, "message": message, "details": details, "extra_info": dict[str, object]()}
    return {"error": error, "node_errors": node_errors or {}}


def of_form(problems: Iterable[Problem]) -> Body:
    """Return the refusal of something that is no workflow in API format."""
    first, *others = problems
    return error_body(first.code, first.message, "\n".join(problem.message for problem in others))


def refusal(validation: Validation, table: NodeTable, folders: Folders) -> Body | None:
    """Return the refusal of a prompt; None when at least one of its outputs can run."""
    for problem in validation.problems:
        if message := _WHOLE_PROMPT.get(problem.code):
            return error_body("invalid_prompt", message(problem), f"Node ID '#{problem.node}'")
    if validation.outputs_good:
        return None
    if not validation.outputs_bad:
        return error_body("prompt_no_outputs", "Prompt has no outputs")
    errors = node_errors(validation, table, folders)
    details = [
        f"{reason['message']}: {reason['details']}"
        for output in validation.outputs_bad
        for reason in cast("dict[str, list[Body]]", errors.get(output, {"errors": []}))["errors"]
    ]
    details += [problem.message for problem in validation.problems if problem.code == "cycle"]
    return error_body(
        "prompt_outputs_failed_validation", "Prompt outputs failed validation", "\n".join(details), errors
    )


def node_errors(validation: Validation, table: NodeTable, folders: Folders) -> dict[str, Body]:
    """Return the reasons of each node that keeps an output from running."""
    if not validation.outputs_bad:
        return {}
    graph, users = validation.graph, _users(validation.graph)
    dependent: dict[str, list[str]] = {}
    for output, causes in validation.outputs_bad.items():
        for name in causes:
            dependent.setdefault(name, []).append(output)
    errors: dict[str, Body] = {}
    for problem in validation.problems:
        if problem.node is None or problem.node not in dependent or problem.code == "cycle":
            continue
        outputs, class_type = dependent[problem.node], graph.nodes[problem.node].class_type
        entry = errors.setdefault(
            problem.node, {"errors": [], "dependent_outputs": outputs, "class_type": class_type}
        )
        spec = table[class_type].inputs.get(problem.input or "")
        reason = _Reason(problem, spec, graph, users, table, folders).body()
        cast("list[Body]", entry["errors"]).append(reason)
    return errors


Users = Mapping[str, Sequence[tuple[str, str, Link]]]
"""For each node who is linked to it: the user's id, the name of its input, and the link."""


def _users(graph: Graph) -> Users:
    users: dict[str, list[tuple[str, str, Link]]] = {}
    for user in graph.nodes.values():
        for name, link in user.links():
            users.setdefault(link.node, []).append((user.id, name, link))
    return users


class _Reason:
    """One problem with what its wire form is made from."""

    def __init__(
        self,
        problem: Problem,
        spec: Input | None,
        graph: Graph,
        users: Users,
        table: NodeTable,
        folders: Folders,
    ) -> None:
        self.problem, self.spec, self.graph, self.table, self.folders = problem, spec, graph, table, folders
        # The wire places some errors of a node at the link that leads to it.
        self.users = users.get(problem.node or "", ())
        self.name = problem.input or ""

    def body(self) -> Body:
        tell = _TOLD.get(self.problem.code)
        if tell is None:  # a problem that only inkloom looks for
            message, details, extra = self.problem.message, self.name, {}
        else:
            message, details, extra = tell(self)
        kind = _WIRE_TYPES.get(self.problem.code, self.problem.code)
        if kind == _INNER and not self.users:
            kind, message, extra = (
                _OUTER,
                "Exception when validating node",
                {key: value for key, value in extra.items() if key in ("exception_type", "traceback")},
            )
        elif kind != _INNER:
            extra = {"input_name": self.name, **extra}
        return {"type": kind, "message": message, "details": details, "extra_info": extra}

    def config(self) -> list[Any] | None:
        return None if self.spec is None else input_config(self.spec, self.folders)

    def value(self) -> dict[str, object]:
        return {"input_config": self.config(), "received_value": self.problem.given}

    def missing(self) -> tuple[str, str, Body]:
        return "Required input is missing", self.name, {}

    def bad_link(self) -> tuple[str, str, Body]:
        return "Bad linked input, must be a length-2 list of [node_id, slot_index]", self.name, self.value()

    def mismatch(self) -> tuple[str, str, Body]:
        received, wanted = self.problem.facts["received_type"], self.problem.allowed
        details = f"{self.name}, received_type({received}) mismatch input_type({wanted})"
        facts = {"received_type": received, "linked_node": self.problem.facts["linked_node"]}
        return "Return type mismatch between linked nodes", details, {"input_config": self.config(), **facts}

    def unconverted(self) -> tuple[str, str, Body]:
        kind = self.spec.type if self.spec else "?"
        exception = self.problem.facts.get("exception", "")
        details = f"{self.name}, {self.problem.given}, {exception}"
        message = f"Failed to convert an input value to a {kind} value"
        return message, details, {**self.value(), "exception_message": exception}

    def too_small(self) -> tuple[str, str, Body]:
        [least] = cast("Mapping[str, object]", self.problem.allowed).values()
        return f"Value {self.problem.given} smaller than min of {least}", self.name, self.value()

    def too_big(self) -> tuple[str, str, Body]:
        most = cast("Mapping[str, object]", self.problem.allowed)["maximum"]
        return f"Value {self.problem.given} bigger than max of {most}", self.name, self.value()

    def not_in_list(self) -> tuple[str, str, Body]:
        options = list(cast("Iterable[object]", self.problem.allowed))
        long = len(options) > LONG_LIST
        shown = f"(list of length {len(options)})" if long else str(options)
        extra = {"input_config": None if long else self.config(), "received_value": self.problem.given}
        return "Value not in list", f"{self.name}: '{self.problem.given}' not in {shown}", extra

    def custom(self) -> tuple[str, str, Body]:
        text = f"Invalid image file: {self.problem.given}"
        return "Custom validation failed for node", f"{self.name} - {text}", {}

    def missing_node(self) -> tuple[str, str, Body]:
        source = cast("list[object]", self.problem.facts["linked_node"])[0]
        return self._inner(f"'{source}'", "KeyError")

    def bad_slot(self) -> tuple[str, str, Body]:
        return self._inner("tuple index out of range", "IndexError")

    def _inner(self, text: str, kind: str) -> tuple[str, str, Body]:
        extra: Body = {"exception_message": text, "exception_type": kind, "traceback": [self.problem.message]}
        if self.users:
            user, name, link = self.users[0]
            spec = self.table[self.graph.nodes[user].class_type].inputs.get(name)
            config = None if spec is None else input_config(spec, self.folders)
            extra = {"input_name": name, "input_config": config, **extra, "linked_node": list(link)}
        return "Exception when validating inner node", text, extra


_INNER, _OUTER = "exception_during_inner_validation", "exception_during_validation"

_WIRE_TYPES: Mapping[str, str] = MappingProxyType({"link_to_missing_node": _INNER, "bad_output_slot": _INNER})

_TOLD: Mapping[str, Callable[[_Reason], tuple[str, str, Body]]] = MappingProxyType(
    {
        "required_input_missing": _Reason.missing,
        "bad_linked_input": _Reason.bad_link,
        "return_type_mismatch": _Reason.mismatch,
        "invalid_input_type": _Reason.unconverted,
        "value_smaller_than_min": _Reason.too_small,
        "value_bigger_than_max": _Reason.too_big,
        "value_not_in_list": _Reason.not_in_list,
        "custom_validation_failed": _Reason.custom,
        "link_to_missing_node": _Reason.missing_node,
        "bad_output_slot": _Reason.bad_slot,
    }
)

_WHOLE_PROMPT: Mapping[str, Callable[[Problem], str]] = MappingProxyType(
    {
        "missing_class_type": lambda _: "Cannot execute because a node is missing the class_type property.",
        "unknown_node_class": lambda problem: f"Cannot execute because node {problem.given} does not exist.",
    }
)
"""Problems of one node that refuse the whole prompt, connected or not."""
