"""The engine: graphs of typed nodes, checked, keyed by content, cached and run; it knows no picture."""

from .annotations import (
    Advanced,
    Choice,
    Display,
    Files,
    Hidden,
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
from .cache import Entry, MemoryCache
from .context import Cancelled, CancelToken, Context
from .declaration import NodeTable, declared_by, node
from .describe import input_config, object_info, options_of
from .events import (
    EVENTS,
    Event,
    NodeFinished,
    NodeStarted,
    Progress,
    RunCancelled,
    RunDone,
    RunFailed,
    RunStarted,
    from_json,
    to_json,
)
from .folders import ExtraFolder, Folders, Kind, MissingFileError, UnsafeNameError, annotated
from .graph import BadLink, Graph, Link, Node
from .keys import Key, node_key
from .node_type import UNSET, Input, NodeType, Output
from .problems import CODES, Json, Problem, WorkflowError, nearest, pointer
from .results import Expansion, Ui
from .run import run
from .signature import DeclarationError
from .validate import Validation, validate

__all__ = [
    "CODES",
    "EVENTS",
    "UNSET",
    "Advanced",
    "BadLink",
    "CancelToken",
    "Cancelled",
    "Choice",
    "Context",
    "DeclarationError",
    "Display",
    "Entry",
    "Event",
    "Expansion",
    "ExtraFolder",
    "Files",
    "Folders",
    "Graph",
    "Hidden",
    "Input",
    "Json",
    "Key",
    "Kind",
    "Link",
    "MemoryCache",
    "Mentions",
    "MissingFileError",
    "Names",
    "Node",
    "NodeFinished",
    "NodeStarted",
    "NodeTable",
    "NodeType",
    "Optional",
    "Output",
    "Port",
    "Problem",
    "Progress",
    "Range",
    "RawLink",
    "RunCancelled",
    "RunDone",
    "RunFailed",
    "RunStarted",
    "Seed",
    "Text",
    "Tooltip",
    "Ui",
    "UnsafeNameError",
    "Validation",
    "WorkflowError",
    "annotated",
    "declared_by",
    "from_json",
    "input_config",
    "nearest",
    "node",
    "node_key",
    "object_info",
    "options_of",
    "pointer",
    "run",
    "to_json",
    "validate",
]
