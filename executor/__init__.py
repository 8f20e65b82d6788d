"""The engine: graphs of typed nodes, checked, keyed by content, cached and run; it knows no picture."""

from .caches.disk_cache import DiskCache
from .caches.keys import Key, node_key
from .caches.memory_cache import Entry, MemoryCache
from .caches.tiers import Tiers
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
    RunCancelled,
    RunDone,
    RunFailed,
    RunStarted,
    Span,
    from_json,
    to_json,
)
from .explaining.explain import Explanation, NodeExplanation, explain
from .explaining.history import Cost, History
from .explaining.reasons import REASONS, Reason
from .explaining.recording import recorded
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
