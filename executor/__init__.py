"""The engine: graphs of typed nodes, checked, keyed by content, cached and run; it knows no picture."""

from importlib import import_module
from typing import TYPE_CHECKING

from .checks.inputs import with_inputs
from .checks.validate import Validation, validate
from .events import (
    EVENTS,
    Event,
    Mark,
    NodeBlocked,
    NodeFailed,
    NodeFinished,
    NodeStarted,
    Progress,
    Recap,
    RunCancelled,
    RunDone,
    RunFailed,
    RunStarted,
    Span,
    from_json,
    to_json,
)
from .files.folders import ExtraFolder, Folders, Kind, MissingFileError, annotated
from .files.names import UnsafeNameError
from .files.receipts import Receipt, ReceiptFile, Receipts
from .graphs.exposed import Place, exposed_inputs
from .graphs.graph import BadLink, Graph, Link, Node
from .memory.fitting import Memory, OutOfMemoryError
from .memory.manager import Manager, NoRoomError, Way, Weights, whole
from .memory.workspaces import Shape, Workspaces
from .node_types.annotations import (
    Advanced,
    Choice,
    Display,
    Files,
    FileSet,
    Hidden,
    Lazy,
    Mentions,
    Names,
    Optional,
    Port,
    Range,
    RawLink,
    Remote,
    Seed,
    Text,
    Tooltip,
)
from .node_types.context import Cancelled, CancelToken, Context
from .node_types.declaration import NodeTable, declared_by, node
from .node_types.describe import input_config, object_info, options_of
from .node_types.node_type import UNSET, Input, NodeType, Output
from .node_types.results import Blocked, Each, Expansion, Foreseen, Many, Ui
from .node_types.signature import DeclarationError
from .problems import CODES, Json, Problem, WorkflowError, nearest, pointer

if TYPE_CHECKING:
    from .caches.disk_cache import DiskCache
    from .caches.keys import Key, node_key
    from .caches.memory_cache import Entry, MemoryCache
    from .caches.tiers import Tiers
    from .explaining.explain import Explanation, NodeExplanation, explain
    from .explaining.history import Cost, History
    from .explaining.reasons import REASONS, Reason
    from .explaining.recording import recorded
    from .runs.run import run
    from .runs.running_graph import RunningGraph

__all__ = [
    "CODES",
    "EVENTS",
    "REASONS",
    "UNSET",
    "Advanced",
    "BadLink",
    "Blocked",
    "CancelToken",
    "Cancelled",
    "Choice",
    "Context",
    "Cost",
    "DeclarationError",
    "DiskCache",
    "Display",
    "Each",
    "Entry",
    "Event",
    "Expansion",
    "Explanation",
    "ExtraFolder",
    "FileSet",
    "Files",
    "Folders",
    "Foreseen",
    "Graph",
    "Hidden",
    "History",
    "Input",
    "Json",
    "Key",
    "Kind",
    "Lazy",
    "Link",
    "Manager",
    "Many",
    "Mark",
    "Memory",
    "MemoryCache",
    "Mentions",
    "MissingFileError",
    "Names",
    "NoRoomError",
    "Node",
    "NodeBlocked",
    "NodeExplanation",
    "NodeFailed",
    "NodeFinished",
    "NodeStarted",
    "NodeTable",
    "NodeType",
    "Optional",
    "OutOfMemoryError",
    "Output",
    "Place",
    "Port",
    "Problem",
    "Progress",
    "Range",
    "RawLink",
    "Reason",
    "Recap",
    "Receipt",
    "ReceiptFile",
    "Receipts",
    "Remote",
    "RunCancelled",
    "RunDone",
    "RunFailed",
    "RunStarted",
    "RunningGraph",
    "Seed",
    "Shape",
    "Span",
    "Text",
    "Tiers",
    "Tooltip",
    "Ui",
    "UnsafeNameError",
    "Validation",
    "Way",
    "Weights",
    "WorkflowError",
    "Workspaces",
    "annotated",
    "declared_by",
    "explain",
    "exposed_inputs",
    "from_json",
    "input_config",
    "nearest",
    "node",
    "node_key",
    "object_info",
    "options_of",
    "pointer",
    "recorded",
    "run",
    "to_json",
    "validate",
    "whole",
    "with_inputs",
]

OF_RUNS = {
    "Cost": "explaining.history",
    "DiskCache": "caches.disk_cache",
    "Entry": "caches.memory_cache",
    "Explanation": "explaining.explain",
    "History": "explaining.history",
    "Key": "caches.keys",
    "MemoryCache": "caches.memory_cache",
    "NodeExplanation": "explaining.explain",
    "REASONS": "explaining.reasons",
    "Reason": "explaining.reasons",
    "RunningGraph": "runs.running_graph",
    "Tiers": "caches.tiers",
    "explain": "explaining.explain",
    "node_key": "caches.keys",
    "recorded": "explaining.recording",
    "run": "runs.run",
}
"""What is loaded when it is asked for, and where it is: who checks workflows, as a web process, runs none."""

if not TYPE_CHECKING:  # which would take it for a leave to ask for any name

    def __getattr__(name: str) -> object:
        """Return what `OF_RUNS` names."""
        if name not in OF_RUNS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f".{OF_RUNS[name]}", __name__), name)
