"""A workflow as a function: the JSON Schema of what it takes by name."""

from __future__ import annotations

from typing import NamedTuple

from ..files.folders import Folders
from ..graphs.exposed import Place, exposed_inputs
from ..graphs.graph import BadLink, Graph, Link
from ..node_types.declaration import NodeTable
from ..node_types.describe import options_of
from ..node_types.node_type import UNSET, Input

DIALECT = "https://json-schema.org/draft/2020-12/schema"

SAID = ("title", "description", "default", "examples")
"""Keywords that are for people; the others say what is allowed."""

Schema = dict[str, object]


def inputs_schema(
    graph: Graph, table: NodeTable, folders: Folders, *, title: str = "", description: str = ""
) -> Schema:
    """Return the JSON Schema (draft 2020-12) of an object with values for the inputs a workflow exposes.

    The defaults are the values that the workflow has; what has none that could be used is required, such as
    a model that is not there. A name that stands for inputs of several nodes takes what is right for all of
    them. Inputs of unknown classes take anything. Raises WorkflowError where nodes don't say what they
    expose as they should.
    """
    taken = {
        name: [_taken(place, graph, table, folders) for place in places]
        for name, places in exposed_inputs(graph).items()
    }
    schema: Schema = {"$schema": DIALECT, "type": "object"}
    schema |= {"title": title} if title else {}
    schema |= {"description": description} if description else {}
    schema["properties"] = {
        name: _together(name, [one.schema for one in all_]) for name, all_ in taken.items()
    }
    needed = [name for name, places in taken.items() if any(one.needed for one in places)]
    return {**schema, **({"required": needed} if needed else {}), "additionalProperties": False}


class _Taken(NamedTuple):
    """What an input takes, and whether it has to be given from outside."""

    schema: Schema
    needed: bool


def _together(name: str, schemas: list[Schema]) -> Schema:
    """Return what all of these allow; what they tell people is told by the first."""
    first = schemas[0]
    allowed = [_allowed(schema) for schema in schemas]
    others = [one for number, one in enumerate(allowed) if one not in allowed[:number]][1:]
    title = name.replace("_", " ").capitalize()
    return {"title": title, **first, **({"allOf": others} if others else {})}


def _allowed(schema: Schema) -> Schema:
    return {word: limit for word, limit in schema.items() if word not in SAID}


def _taken(place: Place, graph: Graph, table: NodeTable, folders: Folders) -> _Taken:
    node = graph.nodes[place.node]
    known = table.types.get(node.class_type)
    spec = None if known is None else known.inputs.get(place.input)
    schema: Schema = {} if spec is None else _declared(spec, folders)
    given = node.inputs.get(place.input, UNSET)
    own = {word: said for word, said in schema.items() if word != "default"}
    if given is UNSET:
        return _Taken(own, True) if spec is not None and spec.required else _Taken(schema, False)
    if isinstance(given, Link):
        return _Taken(own, False)
    if isinstance(given, BadLink) or not _is_on_offer(given, schema):
        return _Taken(own, True)
    return _Taken({**own, "default": given}, False)


def _is_on_offer(given: object, schema: Schema) -> bool:
    options = schema.get("enum")
    return not isinstance(options, list) or given in options


def _declared(spec: Input, folders: Folders) -> Schema:
    schema = dict(spec.schema)
    if spec.files is not None:
        known = list(options_of(spec, folders) or ())
        # A picture may come between now and the run, also into a folder that is not listed: any name will do.
        schema["examples" if spec.files.upload else "enum"] = known
    return schema if spec.widget or spec.type == "*" else {**schema, "not": {}}  # links alone carry it
