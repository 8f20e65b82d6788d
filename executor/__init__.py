"""The engine: graphs of typed nodes, checked, keyed by content, cached and run; it knows no picture."""

from .annotations import (
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
from .cache import Entry, MemoryCache
from .context import Cancelled, CancelToken, Context
from .declaration import NodeTable, declared_by, node
from .describe import input_config, object_info, options_of
from .disk_cache import DiskCache
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
from .explain import Explanation, NodeExplanation, explain
from .fitting import Memory, OutOfMemoryError
from .folders import ExtraFolder, Folders, Kind, MissingFileError, UnsafeNameError, annotated
from .graph import BadLink, Graph, Link, Node
from .history import Cost, History
from .keys import Key, node_key
from .memory import Manager, NoRoomError, Way, Weights, whole
from .node_type import UNSET, Input, NodeType, Output
from .problems import CODES, Json, Problem, WorkflowError, nearest, pointer
from .reasons import REASONS, Reason
from .recording import recorded
from .results import Blocked, Each, Expansion, Many, Ui
from .run import run
from .running import RunningGraph
from .signature import DeclarationError
from .tiers import Tiers
from .validate import Validation, validate
from .workspaces import Shape, Workspaces

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
    "Port",
    "Problem",
    "Progress",
    "Range",
    "RawLink",
    "Reason",
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
]
