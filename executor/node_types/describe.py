"""A node type in the vocabulary of the wire."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..files.folders import Folders
from .node_type import UNSET, Input, NodeType


def options_of(spec: Input, folders: Folders) -> tuple[str | int | float | bool, ...] | None:
    """Return what a COMBO input offers, files of a folder included; None for other inputs.

    Those whose choices the editor asks for itself are such.
    """
    if spec.choice is not None:
        return spec.choice.options
    if spec.files is not None and spec.files.remote is None:
        return spec.files.offered(folders.names)
    return None


def input_config(spec: Input, folders: Folders) -> list[Any]:
    """Return the wire's declaration of an input: [type, options], the type of a COMBO being its list."""
    facts: dict[str, object] = {}
    if spec.default is not UNSET and spec.default is not None:
        facts["default"] = spec.default
    if spec.range is not None:
        facts["min"], facts["max"] = spec.range.min, spec.range.max
        facts |= {} if spec.range.step is None else {"step": spec.range.step}
        facts |= {} if spec.range.round is None else {"round": spec.range.round}
    if spec.seed:
        facts["control_after_generate"] = True
    if spec.text is not None:
        facts |= {"multiline": True} if spec.text.multiline else {}
        facts |= {"dynamicPrompts": True} if spec.text.dynamic_prompts else {}
        facts |= {"placeholder": spec.text.placeholder} if spec.text.placeholder else {}
    if spec.display is not None:
        facts["display"] = spec.display.kind
    if spec.files is not None and spec.files.upload:
        facts["image_upload"] = True
        facts |= {} if spec.files.folder == "input" else {"image_folder": spec.files.folder}
    if spec.files is not None and spec.files.remote is not None:
        facts["remote"] = asdict(spec.files.remote)
    if spec.lazy:
        facts["lazy"] = True
    if spec.raw_link:
        facts["rawLink"] = True
    if spec.advanced:
        facts["advanced"] = True
    if spec.tooltip:
        facts["tooltip"] = spec.tooltip
    options = options_of(spec, folders)
    return [spec.type if options is None else list(options), facts]


def object_info(node_type: NodeType, folders: Folders) -> dict[str, object]:
    """Return the wire's object_info entry of a node type."""
    groups: dict[str, dict[str, object]] = {"required": {}}
    for spec in node_type.inputs.values():
        group = "required" if spec.required else "optional"
        groups.setdefault(group, {})[spec.name] = input_config(spec, folders)
    if node_type.hidden:
        groups["hidden"] = dict(node_type.hidden)
    tooltips = [output.tooltip for output in node_type.outputs]
    return {
        "input": groups,
        "input_order": {group: list(names) for group, names in groups.items()},
        "output": [output.type for output in node_type.outputs],
        "output_is_list": [output.is_list for output in node_type.outputs],
        "output_name": [output.name for output in node_type.outputs],
        "name": node_type.name,
        "display_name": node_type.display_name,
        "description": node_type.description,
        "python_module": node_type.function.__module__,
        "category": node_type.category,
        "output_node": node_type.output_node,
        **({"output_tooltips": tooltips} if any(tooltips) else {}),
        **({"is_input_list": True} if node_type.is_input_list else {}),
        **({"deprecated": True} if node_type.deprecated else {}),
        **({"experimental": True} if node_type.experimental else {}),
    }
