"""Reading a node type from the signature of an annotated function."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, ForwardRef, Literal, Union, cast, get_args, get_origin

from ..problems import listing
from .annotations import (
    SEED_MAX,
    Advanced,
    Choice,
    Display,
    Files,
    Hidden,
    Lazy,
    Mentions,
    Names,
    Optional,
    Port,
    Range,
    RawLink,
    Seed,
    Text,
    Tooltip,
)
from .context import Context
from .node_type import SCALARS, UNSET, Helper, Input, NodeType, Output
from .results import Blocked, Each, Expansion, Ui


class DeclarationError(TypeError):
    """A node function whose signature can't be a node; the message names function, parameter and remedy."""


def read_signature(
    function: Callable[..., object],
    *,
    name: str,
    needs: Callable[..., object] | None = None,
    fingerprint: Callable[..., object] | None = None,
    work: Callable[..., float] | None = None,
    foresees: Callable[..., object] | None = None,
    **facts: Any,
) -> NodeType:
    """Return the node type that a function's signature describes; `facts` are what it does not say.

    `needs`, `fingerprint`, `work` and `foresees` are functions beside it that take some of its inputs.

    Raises `DeclarationError` when the signature has no meaning as a node.
    """
    notes = _evaluated(function, inspect.get_annotations(function))
    parameters = list(inspect.signature(function).parameters.values())
    takes_context = bool(parameters) and notes.get(parameters[0].name) is Context
    inputs: dict[str, Input] = {}
    hidden: dict[str, str] = {}
    for parameter in parameters[takes_context:]:
        where = f"{place_of(function)}, parameter {parameter.name!r}"
        if parameter.kind is parameter.VAR_KEYWORD and parameter.name in notes:
            inputs |= _alike(notes[parameter.name], where)
            continue
        if parameter.kind is not parameter.KEYWORD_ONLY:
            raise DeclarationError(f"{where}: inputs are keyword-only; put them after a `*`")
        if parameter.name not in notes:
            raise DeclarationError(f"{where}: has no annotation")
        default = UNSET if parameter.default is parameter.empty else parameter.default
        read = _input(parameter.name, notes[parameter.name], default, where)
        if isinstance(read, Hidden):
            hidden[parameter.name] = read.kind
        else:
            inputs[parameter.name] = read
    if "return" not in notes:
        raise DeclarationError(
            f"{place_of(function)}: has no return annotation; write -> None if it gives nothing"
        )
    outputs, returns_tuple, expands = _outputs(notes["return"], place_of(function))
    return NodeType(
        name=name,
        description=inspect.getdoc(function) or "",
        function=function,
        inputs=MappingProxyType(inputs),
        outputs=outputs,
        hidden=MappingProxyType(hidden),
        takes_context=takes_context,
        expands=expands,
        returns_tuple=returns_tuple,
        needs=_needs(needs, function, inputs, hidden),
        fingerprint=_fingerprint(fingerprint, function, inputs),
        work=_work(work, function, inputs),
        foresees=_foresees(foresees, function, inputs),
        **facts,
    )


def _needs(
    needs: Callable[..., object] | None,
    function: Callable[..., object],
    inputs: Mapping[str, Input],
    hidden: Mapping[str, str],
) -> Helper | None:
    lazy = [name for name, spec in inputs.items() if spec.lazy]
    if needs is None and not lazy:
        return None
    if needs is None or not lazy:
        has = f"lazy inputs ({', '.join(lazy)}) and no needs=" if lazy else "needs= and no Lazy() input"
        raise DeclarationError(f"{place_of(function)}: has {has}; the one is of no use without the other")
    return _helper(needs, f"{place_of(function)}, needs=", [*inputs, *hidden])


def _fingerprint(
    fingerprint: Callable[..., object] | None, function: Callable[..., object], inputs: Mapping[str, Input]
) -> Helper | None:
    if fingerprint is None:
        return None
    return _helper(fingerprint, f"{place_of(function)}, fingerprint=", list(inputs))


def _foresees(
    foresees: Callable[..., object] | None, function: Callable[..., object], inputs: Mapping[str, Input]
) -> Helper | None:
    if foresees is None:
        return None
    if inspect.iscoroutinefunction(foresees):
        raise DeclarationError(f"{place_of(function)}, foresees={foresees.__name__}: must not be async")
    return _helper(foresees, f"{place_of(function)}, foresees=", list(inputs))


def _work(
    work: Callable[..., float] | None, function: Callable[..., object], inputs: Mapping[str, Input]
) -> Helper | None:
    if work is None:
        return None
    where = f"{place_of(function)}, work="
    numbers = [name for name, spec in inputs.items() if spec.type in ("INT", "FLOAT")]
    helper = _helper(work, where, numbers, "number")
    if helper.takes is None:
        raise DeclarationError(f"{where}{work.__name__}: must name the inputs that it takes; it has a **")
    return helper


def _helper(function: Callable[..., object], where: str, known: Sequence[str], kind: str = "input") -> Helper:
    """Read which of a node's inputs a function beside it takes."""
    takes: list[str] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            return Helper(function, None)
        if parameter.kind is parameter.VAR_POSITIONAL or parameter.kind is parameter.POSITIONAL_ONLY:
            raise DeclarationError(f"{where}{function.__name__}: gets inputs by name; {parameter} can't")
        if parameter.name not in known:
            has = f"the node has no {kind} {parameter.name!r}; known: {listing(known)}"
            raise DeclarationError(f"{where}{function.__name__}: {has}")
        takes.append(parameter.name)
    return Helper(function, tuple(takes))


def _evaluated(owner: Callable[..., object] | type, notes: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate annotations written as text, once: a name inside quotes inside of them stays a name.

    So a port type may speak of a Python type that is only imported for type checking.
    """

    def holder() -> None: ...

    holder.__annotations__ = {
        key: note.__forward_arg__ if isinstance(note, ForwardRef) else note for key, note in notes.items()
    }
    known = (
        owner.__globals__ if isinstance(owner, types.FunctionType) else vars(sys.modules[owner.__module__])
    )
    try:
        return inspect.get_annotations(holder, globals=known, eval_str=True)
    except NameError as error:
        raise DeclarationError(f"{place_of(owner)}: unknown name in an annotation: {error}") from error


def place_of(owner: Callable[..., object] | type) -> str:
    """Name a function or class with its module."""
    return f"{owner.__module__}.{owner.__qualname__}"


def _members(note: object) -> tuple[tuple[object, ...], list[object]]:
    """Take an annotation apart into the members of its union and the notes on all of them."""
    if get_origin(note) is Annotated:
        inner, *marks = get_args(note)
        members, inner_marks = _members(inner)
        return members, inner_marks + marks
    if get_origin(note) in (Union, types.UnionType):
        parts = [_members(part) for part in get_args(note)]
        return tuple(m for members, _ in parts for m in members), [
            mark for _, marks in parts for mark in marks
        ]
    return (note,), []


_ALLOWED_NOTES: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {
        "INT": (Range, Seed, Display),
        "FLOAT": (Range, Display),
        "STRING": (Text, Mentions),
        "BOOLEAN": (),
        "COMBO": (Choice, Files),
    }
)


def _alike(note: object, where: str) -> dict[str, Input]:
    """Read the inputs that a `**` parameter stands for, which its `Names` tell."""
    _, marks = _members(note)
    names = [mark for mark in marks if isinstance(mark, Names)]
    if len(names) != 1:
        raise DeclarationError(f"{where}: a ** parameter needs one Names(...) that says which inputs it has")
    [told] = names
    one = Annotated[(get_args(note)[0], *(mark for mark in marks if mark is not told))]
    read = {name: _input(name, one, told.default, f"{where}, input {name!r}") for name in told.names}
    return {name: each for name, each in read.items() if isinstance(each, Input)}


def _listed(note: object) -> tuple[tuple[object, ...], list[object], bool]:
    """Take an annotation apart as `_members` does, and look into a `list[...]` that is no port itself."""
    members, marks = _members(note)
    lists = [member for member in members if get_origin(member) is list]
    if len(lists) != 1 or any(isinstance(mark, Port) for mark in marks):
        return members, marks, False
    inner, inner_marks = _members(get_args(lists[0])[0])
    return (*inner, *(member for member in members if member is not lists[0])), inner_marks + marks, True


def _input(name: str, note: object, default: object, where: str) -> Input | Hidden:
    members, marks, is_list = _listed(note)
    by_kind: dict[type, Any] = {}
    for mark in marks:
        if type(mark) in by_kind:
            raise DeclarationError(f"{where}: {type(mark).__name__} is noted twice")
        by_kind[type(mark)] = mark
    if hidden := by_kind.get(Hidden):
        return hidden
    nullable = type(None) in members
    wire = _wire_type(tuple(member for member in members if member is not type(None)), by_kind, where)
    allowed = (Optional, Advanced, Lazy, RawLink, Tooltip, *_ALLOWED_NOTES.get(wire, (Port,)))
    if strange := [kind.__name__ for kind in by_kind if kind not in allowed]:
        raise DeclarationError(f"{where}: {', '.join(strange)} has no meaning for {wire}")
    if Optional in by_kind and default is UNSET:
        raise DeclarationError(f"{where}: an Optional() input needs a default")
    if Lazy in by_kind and not (nullable or Any in members):
        raise DeclarationError(f"{where}: is None when it was not asked for, so annotate it as `... | None`")
    if is_list and default not in (UNSET, None):
        raise DeclarationError(f"{where}: the default of a list can only be None")
    if default is None and not nullable:
        raise DeclarationError(f"{where}: the default is None, so the annotation must be `... | None`")
    choice = by_kind.get(Choice)
    if choice is None and members and get_origin(members[0]) is Literal:
        choice = Choice(get_args(members[0]))
    limits = by_kind.get(Range, Range(0, SEED_MAX) if Seed in by_kind else None)
    tooltip = by_kind.get(Tooltip)
    read = Input(
        name=name,
        type=wire,
        required=not (Optional in by_kind or (nullable and default is None)),
        default=default,
        nullable=nullable,
        range=_typed(limits, wire, where),
        choice=choice,
        files=by_kind.get(Files),
        seed=Seed in by_kind,
        text=by_kind.get(Text),
        mentions=by_kind.get(Mentions),
        display=by_kind.get(Display),
        raw_link=RawLink in by_kind,
        lazy=Lazy in by_kind,
        is_list=is_list,
        advanced=Advanced in by_kind,
        tooltip=tooltip.text if tooltip else "",
    )
    _check_default(read, where)
    return read


def _wire_type(members: tuple[object, ...], notes: Mapping[type, Any], where: str) -> str:
    if Port in notes:
        return notes[Port].type
    if Choice in notes or Files in notes:
        return "COMBO"
    if len(members) == 1:
        [member] = members
        if get_origin(member) is Literal:
            return "COMBO"
        if member in SCALARS:
            return SCALARS[cast(type, member)]
    shown = " | ".join(map(str, members))
    raise DeclarationError(
        f"{where}: {shown} is neither {', '.join(kind.__name__ for kind in SCALARS)} nor a port; "
        'is it a handle that should be Annotated[..., Port("NAME")]?'
    )


def _typed(limits: Range | None, wire: str, where: str) -> Range | None:
    """Write the limits of a FLOAT as floats, as the wire does, and refuse fractions for an INT."""
    if limits is None:
        return None
    numbers = (limits.min, limits.max, limits.step, limits.round)
    if wire == "INT" and any(isinstance(number, float) for number in numbers):
        raise DeclarationError(f"{where}: the limits of an int must be ints")
    if limits.max not in limits or (limits.multiple and not limits.step):
        raise DeclarationError(f"{where}: the range is empty, or has `multiple` without a step")
    if wire == "INT":
        return limits
    return Range(
        float(limits.min),
        float(limits.max),
        None if limits.step is None else float(limits.step),
        limits.round if limits.round is None or limits.round is False else float(limits.round),
        limits.multiple,
        limits.above,
    )


def _check_default(read: Input, where: str) -> None:
    default, limits = read.default, read.range
    if default is UNSET or (default is None and read.nullable):
        return
    kinds = {wire: kind for kind, wire in SCALARS.items()}
    kind = kinds.get(read.type)
    if kind is not None and type(default) is not kind:
        raise DeclarationError(f"{where}: the default {default!r} is no {kind.__name__}")
    if limits is not None and cast(float, default) not in limits:
        raise DeclarationError(f"{where}: the default {default!r} is not within {limits}")
    if limits is not None and limits.multiple and limits.step and cast(float, default) % limits.step:
        raise DeclarationError(f"{where}: the default {default!r} is no multiple of {limits.step}")
    if read.choice is not None and default not in read.choice.options:
        known = listing(map(str, read.choice.options))
        raise DeclarationError(f"{where}: the default {default!r} is not one of {known}")
    if not read.widget and read.type != "*":
        raise DeclarationError(f"{where}: a {read.type} can only be linked, so its default can only be None")


def _outputs(note: object, place: str) -> tuple[tuple[Output, ...], bool, bool]:
    """Read a return annotation: the outputs, whether they come as a tuple, whether the node may expand."""
    parts = get_args(note) if get_origin(note) in (Union, types.UnionType) else (note,)
    expands = Expansion in parts or Each in parts
    plain = [part for part in parts if part not in (Ui, Expansion, Each, Blocked, None, type(None))]
    if not plain:
        return (), False, expands
    if len(plain) > 1:
        raise DeclarationError(f"{place}: several outputs are returned as one NamedTuple, not as a union")
    [found] = plain
    if inspect.isclass(found) and issubclass(found, tuple) and hasattr(cast(Any, found), "_fields"):
        notes = _evaluated(cast(type, found), cast("Mapping[str, Any]", found.__annotations__))
        return tuple(_output(key, notes[key], f"{place}, output {key!r}") for key in notes), True, expands
    return (_output("", cast(object, found), f"{place}, return value"),), False, expands


def _output(name: str, note: object, where: str) -> Output:
    members, marks, is_list = _listed(note)
    notes: dict[type, Any] = {type(mark): mark for mark in marks}
    wire = _wire_type(tuple(member for member in members if member is not Blocked), notes, where)
    tooltip = notes.get(Tooltip)
    return Output(name=name or wire, type=wire, tooltip=tooltip.text if tooltip else "", is_list=is_list)
