"""A function's signature is the whole declaration of a node type."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import pytest

from inkloom.executor import (
    UNSET,
    Advanced,
    Blocked,
    Choice,
    Context,
    DeclarationError,
    Display,
    Expansion,
    Files,
    Folders,
    Hidden,
    Json,
    Lazy,
    Names,
    NodeTable,
    Optional,
    Port,
    Range,
    RawLink,
    Seed,
    Text,
    Tooltip,
    Ui,
    declared_by,
    node,
    object_info,
)

if TYPE_CHECKING:
    from torch import Tensor

Image = Annotated["Tensor", Port("IMAGE")]


class Pair(NamedTuple):
    LEFT: Image
    RIGHT: Annotated[int, Tooltip("how many")]


@node("Nasty", category="test/nasty", display_name="Nasty Node", version=3, output=True, experimental=True)
def nasty(
    ctx: Context,
    *,
    image: Image,
    other: Image | None = None,
    any_at_all: Annotated[Any, Port("*"), RawLink()],
    seed: Annotated[int, Seed()] = 0,
    copy: Annotated[int, Range(8, 64, step=8, multiple=True), Display("slider")] = 16,
    cfg: Annotated[float, Range(0, 100, step=0.1, round=0.01)] = 8.0,
    method: Annotated[str, Choice(["area", "lanczos"])],
    mode: Literal["on", "off"] = "on",
    name: Annotated[str, Files("checkpoints", also=("builtin",))],
    picture: Annotated[str, Files("input", upload=True)],
    text: Annotated[str, Text(multiline=True, dynamic_prompts=True), Tooltip("what to draw")] = "",
    flag: Annotated[bool, Optional()] = True,
    limit: Annotated[int, Range(1, 9), Advanced()] | None = None,
    prompt: Annotated[Json, Hidden("PROMPT")],
    **shares: Annotated[float, Range(0, 1), Names(("in.0.", "out."), default=1.0)],
) -> Pair | Ui | Expansion:
    """Do nothing, nastily.

    In two paragraphs.
    """
    raise NotImplementedError


def test_object_info(tmp_path: Any) -> None:
    (tmp_path / "models" / "checkpoints").mkdir(parents=True)
    (tmp_path / "models" / "checkpoints" / "a.safetensors").touch()
    declared = declared_by(nasty)
    assert declared is not None
    assert object_info(declared, Folders(tmp_path)) == {
        "input": {
            "required": {
                "image": ["IMAGE", {}],
                "any_at_all": ["*", {"rawLink": True}],
                "seed": ["INT", {"default": 0, "min": 0, "max": 2**64 - 1, "control_after_generate": True}],
                "copy": ["INT", {"default": 16, "min": 8, "max": 64, "step": 8, "display": "slider"}],
                "cfg": ["FLOAT", {"default": 8.0, "min": 0.0, "max": 100.0, "step": 0.1, "round": 0.01}],
                "method": [["area", "lanczos"], {}],
                "mode": [["on", "off"], {"default": "on"}],
                "name": [["builtin", "a.safetensors"], {}],
                "picture": [[], {"image_upload": True}],
                "text": [
                    "STRING",
                    {"default": "", "multiline": True, "dynamicPrompts": True, "tooltip": "what to draw"},
                ],
                "in.0.": ["FLOAT", {"default": 1.0, "min": 0.0, "max": 1.0}],
                "out.": ["FLOAT", {"default": 1.0, "min": 0.0, "max": 1.0}],
            },
            "optional": {
                "other": ["IMAGE", {}],
                "flag": ["BOOLEAN", {"default": True}],
                "limit": ["INT", {"min": 1, "max": 9, "advanced": True}],
            },
            "hidden": {"prompt": "PROMPT"},
        },
        "input_order": {
            "required": [
                "image",
                "any_at_all",
                "seed",
                "copy",
                "cfg",
                "method",
                "mode",
                "name",
                "picture",
                "text",
                "in.0.",
                "out.",
            ],
            "optional": ["other", "flag", "limit"],
            "hidden": ["prompt"],
        },
        "output": ["IMAGE", "INT"],
        "output_is_list": [False, False],
        "output_name": ["LEFT", "RIGHT"],
        "output_tooltips": ["", "how many"],
        "name": "Nasty",
        "display_name": "Nasty Node",
        "description": "Do nothing, nastily.\n\nIn two paragraphs.",
        "python_module": __name__,
        "category": "test/nasty",
        "output_node": True,
        "experimental": True,
    }


def test_schema() -> None:
    declared = declared_by(nasty)
    assert declared is not None
    assert declared.schema == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Nasty",
        "description": "Do nothing, nastily.\n\nIn two paragraphs.",
        "type": "object",
        "properties": {
            "seed": {"type": "integer", "minimum": 0, "maximum": 2**64 - 1, "default": 0},
            "copy": {"type": "integer", "minimum": 8, "maximum": 64, "multipleOf": 8, "default": 16},
            "cfg": {"type": "number", "minimum": 0.0, "maximum": 100.0, "default": 8.0},
            "method": {"enum": ["area", "lanczos"]},
            "mode": {"enum": ["on", "off"], "default": "on"},
            "name": {"type": "string"},
            "picture": {"type": "string"},
            "text": {"type": "string", "default": "", "description": "what to draw"},
            "flag": {"type": "boolean", "default": True},
            "limit": {"type": ["integer", "null"], "minimum": 1, "maximum": 9, "default": None},
            "in.0.": {"type": "number", "minimum": 0.0, "maximum": 1.0, "default": 1.0},
            "out.": {"type": "number", "minimum": 0.0, "maximum": 1.0, "default": 1.0},
        },
    }


def test_facts_besides_the_wire() -> None:
    declared = declared_by(nasty)
    assert declared is not None
    assert (declared.version, declared.expands, declared.takes_context) == (3, True, True)
    assert declared.inputs["image"].default is UNSET
    assert declared.defaults == {"other": None, "flag": True, "limit": None}


def test_the_function_stays_a_function() -> None:
    @node("Twice", category="test")
    def twice(*, number: int) -> int:
        """Double a number."""
        return 2 * number

    assert twice(number=4) == 8


def _unannotated(*, a) -> None: ...


def _unknown(*, a: bytes) -> None: ...


def _misspelt(*, a: Imgae) -> None: ...  # noqa: F821  # pyright: ignore[reportUndefinedVariable] -- the test


def _positional(a: int) -> None: ...


def _rest(**more: int) -> None: ...


def _no_return(*, a: int): ...


def _out_of_range(*, a: Annotated[int, Range(1, 5)] = 6) -> None: ...


def _no_multiple(*, a: Annotated[int, Range(0, 64, step=8, multiple=True)] = 9) -> None: ...


def _wrong_kind(*, a: float = 1) -> None: ...


def _not_offered(*, a: Annotated[str, Choice(["x"])] = "y") -> None: ...


def _null(*, a: int = None) -> None: ...  # noqa: RUF013  # pyright: ignore[reportArgumentType] -- the test


def _handle_default(*, a: Image = 3) -> None: ...  # pyright: ignore[reportArgumentType] -- the test


def _float_limits(*, a: Annotated[int, Range(0, 1.5)]) -> None: ...


def _empty_range(*, a: Annotated[int, Range(2, 1)]) -> None: ...


def _at_an_open_end(*, a: Annotated[float, Range(0, 1, above=True)] = 0.0) -> None: ...


def _twice_noted(*, a: Annotated[int, Range(0, 1), Range(0, 2)]) -> None: ...


def _strange_note(*, a: Annotated[str, Range(0, 1)]) -> None: ...


def _optional_without_default(*, a: Annotated[int, Optional()]) -> None: ...


def _several(*, a: int) -> int | str: ...


def _bytes_out(*, a: int) -> bytes: ...


def _lazy_without_null(*, a: Annotated[int, Lazy()]) -> None: ...


def _lazy_without_needs(*, a: Annotated[int | None, Lazy()]) -> None: ...


def _list_with_default(*, a: list[int] = [1]) -> None: ...  # noqa: B006 -- the test


def _list_of_what(*, a: list[bytes]) -> None: ...


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (_unannotated, "parameter 'a': has no annotation"),
        (_unknown, "should be Annotated[..., Port"),
        (_misspelt, "'Imgae' is not defined"),
        (_positional, "keyword-only"),
        (_rest, "needs one Names(...)"),
        (_no_return, "return annotation"),
        (_out_of_range, "default 6 is not within 1 to 5"),
        (_at_an_open_end, "default 0.0 is not within above 0.0 to 1.0"),
        (_no_multiple, "default 9 is no multiple of 8"),
        (_wrong_kind, "default 1 is no float"),
        (_not_offered, "default 'y' is not one of x"),
        (_null, "must be `... | None`"),
        (_handle_default, "can only be linked"),
        (_float_limits, "limits of an int must be ints"),
        (_empty_range, "range is empty"),
        (_twice_noted, "Range is noted twice"),
        (_strange_note, "Range has no meaning for STRING"),
        (_optional_without_default, "needs a default"),
        (_several, "one NamedTuple"),
        (_bytes_out, "return value"),
        (_lazy_without_null, "annotate it as `... | None`"),
        (_lazy_without_needs, "has lazy inputs (a) and no needs="),
        (_list_with_default, "default of a list can only be None"),
        (_list_of_what, "should be Annotated[..., Port"),
    ],
)
def test_refuses(function: Callable[..., Any], says: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        node("Bad", category="test")(function)
    assert says in str(caught.value)
    assert function.__name__ in str(caught.value)


def _plain(*, a: int) -> None: ...


def _positional_helper(a: int, /) -> list[str]: ...


async def _async_helper(a: int) -> None: ...


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"needs": lambda: ["a"]}, "needs= and no Lazy() input"),
        ({"fingerprint": lambda b: 1}, "the node has no input 'b'; known: a"),
        ({"fingerprint": lambda *all: 1}, "gets inputs by name"),
        ({"fingerprint": _positional_helper}, "gets inputs by name"),
        ({"work": lambda b: 1}, "the node has no number 'b'; known: a"),
        ({"work": lambda **all: 1}, "must name the inputs that it takes"),
        ({"foresees": lambda b: None}, "the node has no input 'b'; known: a"),
        ({"foresees": _async_helper}, "must not be async"),
        ({"lane": "fast"}, "there is no lane 'fast'; known: device, files, worker"),
    ],
)
def test_refuses_what_stands_beside_the_function(more: dict[str, Any], says: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        node("Bad", category="test", **more)(_plain)
    assert says in str(caught.value)
    assert "_plain" in str(caught.value)


def test_lists_lazy_inputs_and_async_functions() -> None:
    @node("New", category="test", needs=lambda which: [], lane="worker", idempotent=False)
    async def new(
        *,
        which: int,
        all_of_them: list[Image],
        some: Annotated[list[Annotated[int, Range(1, 4)]], Tooltip("a few")] | None = None,
        late: Annotated[Image | None, Lazy()],
    ) -> list[Image] | Blocked | None:
        """Be everything at once."""

    declared = declared_by(new)
    assert declared is not None
    inputs = declared.inputs
    assert [spec.is_list for spec in inputs.values()] == [False, True, True, False]
    assert [spec.lazy for spec in inputs.values()] == [False, False, False, True]
    assert [spec.required for spec in inputs.values()] == [True, True, False, True]
    assert (inputs["some"].range, inputs["some"].tooltip) == (Range(1, 4), "a few")
    assert (declared.is_input_list, declared.is_async, declared.idempotent) == (True, True, False)
    assert (declared.lane, declared.lazy_inputs) == ("worker", ("late",))
    assert [(output.type, output.is_list) for output in declared.outputs] == [("IMAGE", True)]
    assert object_info(declared, Folders.__new__(Folders))["input"] == {
        "required": {
            "which": ["INT", {}],
            "all_of_them": ["IMAGE", {}],
            "late": ["IMAGE", {"lazy": True}],
        },
        "optional": {"some": ["INT", {"min": 1, "max": 4, "tooltip": "a few"}]},
    }


def test_table() -> None:
    table = NodeTable.collect(sys.modules[__name__])
    assert list(table) == ["Nasty"]
    assert "Nasty" in table
    assert "nasty" not in table
    with pytest.raises(KeyError, match="no node type 'nasty'; known: Nasty"):
        table["nasty"]


def test_duplicate_names_are_refused() -> None:
    first, second = ModuleType("first"), ModuleType("second")
    first.__dict__["nasty"] = second.__dict__["alias"] = nasty
    assert list(NodeTable.collect(first, second)) == ["Nasty"]

    @node("Nasty", category="test")
    def impostor(*, number: int) -> int:
        """Pretend."""
        return number

    second.__dict__["impostor"] = impostor
    with pytest.raises(DeclarationError, match="two node types are called 'Nasty'"):
        NodeTable.collect(first, second)
