"""The compiled check of one value says what a JSON Schema validator says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import pytest
from hypothesis import example, given, reject
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from inkloom.executor import Choice, Folders, Graph, NodeTable, Range, Seed, Ui, node, validate
from inkloom.executor.node_types.schema import Broken, compiled

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)
FEW = st.sampled_from(
    [None, True, False, 0, 1, -1, 0.0, -0.0, 1.0, 0.5, 2, 3, 8, 1e300, 10**400, "", "a", "1"]
)
VALUES = st.recursive(
    SCALARS | FEW, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=4
)
NUMBERS = st.sampled_from([-5, -1, 0, 1, 2, 3, 2**64 - 1, -1.0, 0.0, 0.1, 0.5, 1.0, 8.0, 1e30])
STEPS = st.sampled_from([1, 2, 3, 8, 64, 0.1, 0.25, 0.5, 1.0, 8.0, 1e-300])
TYPES = ("integer", "number", "string", "boolean", "null")

SCHEMAS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(TYPES) | st.lists(st.sampled_from(TYPES), min_size=1, unique=True),
        "enum": st.lists(SCALARS | FEW, min_size=1, max_size=4),
        "minimum": NUMBERS,
        "exclusiveMinimum": NUMBERS,
        "maximum": NUMBERS,
        "multipleOf": STEPS,
        "default": SCALARS,
        "description": st.text(),
    },
)


def first_error(schema: dict[str, Any], value: object) -> Broken | None:
    errors = Draft202012Validator(schema).iter_errors(cast(Any, value))
    try:
        return next((Broken(str(error.validator), error.validator_value) for error in errors), None)
    except OverflowError:  # the validator itself divides whole numbers beyond all floats
        reject()


@given(SCHEMAS, VALUES)
@example({"multipleOf": 1e-300}, 1e300)
@example({"multipleOf": 0.1}, 0.3)
@example({"enum": [1, True, "1"]}, 1.0)
@example({"enum": [1]}, True)
@example({"type": "integer"}, 20.0)
@example({"type": ["integer", "null"], "minimum": 1}, False)
def test_says_what_a_validator_says(schema: dict[str, Any], value: object) -> None:
    assert compiled(schema)(value) == first_error(schema, value)


@pytest.mark.parametrize(("value", "fits"), [(10**400, True), (10**400 + 1, False), (-(10**400), True)])
def test_numbers_beyond_all_floats_are_multiples_or_not(value: int, fits: bool) -> None:
    assert (compiled({"multipleOf": 2.0})(value) is None) == fits
    assert compiled({"multipleOf": 0.5})(value) is None
    assert compiled({"multipleOf": 0.5})(float("inf")) is not None


def test_a_keyword_without_a_rule_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no rule for items, pattern; there are type, enum, "):
        compiled({"type": "string", "pattern": "a", "items": {}})


@node("Everything", category="test", output=True)
def everything(
    *,
    whole: Annotated[int, Range(-3, 100)] = 0,
    seed: Annotated[int, Seed()] = 0,
    eights: Annotated[int, Range(16, 512, step=8, multiple=True)] = 64,
    part: Annotated[float, Range(0, 1)] | None = None,
    tenths: Annotated[float, Range(-1, 1, step=0.1, multiple=True)] = 0.0,
    text: str = "",
    flag: bool = False,
    choice: Annotated[str, Choice(["euler", "heun"])] = "heun",
    mixed: Annotated[object, Choice([1, 2.5, True, "1"])] = 1,
    either: Literal["a", "b"] | None = None,
) -> Ui:
    """Take one value of each kind."""
    return Ui({})


TABLE = NodeTable.collect(sys.modules[__name__])
INPUTS = TABLE["Everything"].inputs
NAMES = {
    "minimum": "value_smaller_than_min",
    "maximum": "value_bigger_than_max",
    "multipleOf": "value_not_multiple",
    "enum": "value_not_in_list",
    "type": "invalid_input_type",
}


@given(st.dictionaries(st.sampled_from(sorted(INPUTS)), SCALARS | FEW, max_size=4))
def test_a_workflow_is_judged_by_the_schema_that_clients_see(values: dict[str, Any]) -> None:
    defaults = {name: spec.default for name, spec in INPUTS.items() if spec.required}
    flow = {"1": {"class_type": "Everything", "inputs": {**defaults, **values}}}
    validation = validate(Graph.parse(flow), TABLE, Folders(Path("nowhere")))
    unconverted = {problem.input for problem in validation.problems if "exception" in problem.facts}
    judged = {
        name: value for name, value in validation.graph.nodes["1"].inputs.items() if name not in unconverted
    }
    errors: dict[object, str] = {}
    for error in Draft202012Validator(TABLE["Everything"].schema).iter_errors(cast(Any, judged)):
        errors.setdefault(error.absolute_path[0], NAMES[str(error.validator)])
    told = {
        problem.input: problem.code for problem in validation.problems if problem.input not in unconverted
    }
    assert told == errors
