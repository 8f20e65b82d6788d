"""What is said under /v1, on both sides: the server answers with these values, the client reads them.

Times are seconds since the epoch, as floats; sizes are bytes. What is asked refuses unknown fields; what is
answered may get new ones.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

State = Literal["waiting", "running", "done", "failed", "cancelled"]
"""A job waits, runs, and ends in one of three ways."""

Status = Literal["cached", "run", "same", "maybe", "unneeded", "unknown"]
"""What happens with a node: its result is known; it runs; an equal node that runs does it for both; a node
decides about it while it runs; all that use it are cached; what decides its result can't be read."""

Workflow = Annotated[
    dict[str, Any],
    Meta(description="A workflow: in API format (node id: class_type, inputs), or as an editor saved it."),
]
Notation = Literal["comfyui", "a1111"]
"""How a prompt says what weighs how much."""

Inputs = Annotated[
    dict[str, Any],
    Meta(description='Values by name: those a workflow exposes, or "node.input" of any node.'),
]
Targets = Annotated[
    list[str], Meta(description="Output nodes to run, and no others; all of them when it is absent.")
]
Priority = Annotated[
    float | Literal["front"],
    Meta(description="Lower runs first, equal ones in the order they came; front: before all others."),
]


class Asked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client sends."""


class Told(Struct, frozen=True, kw_only=True):
    """What a server answers."""


class NewJob(Asked, frozen=True, kw_only=True):
    """A workflow to run, with some of its values replaced."""

    workflow: Workflow
    inputs: Inputs = {}
    targets: Targets | None = None
    id: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    """Chosen by the client, so that asking twice makes one job; given by the server otherwise."""
    client_id: str | None = None
    """The websocket session that hears of the job, too."""
    priority: Priority | None = None
    metadata: dict[str, Any] = {}
    """What becomes part of the pictures' metadata, besides the workflow."""


class RunWorkflow(Asked, frozen=True, kw_only=True):
    """A saved workflow to run."""

    inputs: Inputs = {}
    targets: Targets | None = None
    id: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    client_id: str | None = None
    priority: Priority | None = None


class Question(Asked, frozen=True, kw_only=True):
    """A workflow to say something about; nothing runs."""

    workflow: Workflow
    inputs: Inputs = {}
    targets: Targets | None = None


class Loader(Struct, frozen=True, kw_only=True):
    """A node that loads text encoders, as a workflow in API format has it. Its other fields do not matter."""

    class_type: str
    inputs: dict[str, Any] = {}


class PromptText(Asked, frozen=True, kw_only=True):
    """A prompt whose tokens are to be counted, and whose text encoders would read it."""

    text: str
    syntax: Notation = "comfyui"
    loader: Loader | None = None
    """Without one the vocabulary is CLIP's own."""


class Change(Asked, frozen=True, kw_only=True):
    """What is to be changed of a waiting job."""

    priority: Priority


class Problem(Told, frozen=True, kw_only=True):
    """Something that is wrong with a workflow."""

    code: str
    message: str
    node: str | None = None
    input: str | None = None
    pointer: str = ""
    """Where: a JSON pointer into the workflow in API format."""
    given: Any = None
    expected: str | None = None
    nearest: str | None = None
    """The known name that comes closest."""


class Error(Told, frozen=True, kw_only=True):
    """Why something was not done; the body of every answer from 400 on."""

    code: str
    message: str
    problems: list[Problem] = []


class File(Told, frozen=True, kw_only=True):
    """A file that a job has written; `url` is where it is served, relative to the server."""

    filename: str
    subfolder: str
    type: str
    url: str


class Failure(Told, frozen=True, kw_only=True):
    """Why a job failed."""

    message: str
    exception_type: str
    node: str | None = None
    class_type: str | None = None
    traceback: list[str] = []


class Job(Told, frozen=True, kw_only=True):
    """A job as it is now."""

    id: str
    state: State
    priority: float
    created: float
    started: float | None = None
    ended: float | None = None
    attempt: int = 0
    """How many times it was begun."""
    position: int | None = None
    """How many jobs run before it, while it waits."""
    progress: float | None = None
    """The part of its nodes that is done, 0..1, while it runs."""
    files: dict[str, list[File]] = {}
    """What each output node has written."""
    outputs: dict[str, Any] = {}
    """What each output node shows, as the editor's websocket tells it."""
    failure: Failure | None = None
    retry_of: str | None = None
    """The job that this one does again."""
    warnings: list[Problem] = []
    """What is wrong with outputs of its workflow that will not run; told when it is queued."""


class JobPage(Told, frozen=True, kw_only=True):
    """Some jobs, newest first; `next` is the `before` of the page behind them, none at the end."""

    jobs: list[Job]
    next: str | None = None


class Event(Told, frozen=True, kw_only=True):
    """Something that happened in a job.

    `seq` counts those that are kept from 1, over all attempts; what is only of the moment (progress, spans)
    has the one before it, and is not told again. `type` is one of the executor's events, or `state`: then
    `data` is the job.
    """

    seq: int
    type: str
    at: float
    attempt: int
    data: dict[str, Any]


class EventPage(Told, frozen=True, kw_only=True):
    """Kept events in order; there may be more behind the last one."""

    events: list[Event]
    more: bool


class WorkflowInfo(Told, frozen=True, kw_only=True):
    """A saved workflow, as a function: what it is called, and what it takes."""

    name: str
    title: str
    description: str
    origin: Literal["shipped", "saved"]
    inputs: list[str]


class NamedWorkflow(WorkflowInfo, frozen=True, kw_only=True):
    """A saved workflow with what its file says, in whichever format."""

    workflow: dict[str, Any]


class WorkflowList(Told, frozen=True, kw_only=True):
    """The workflows that can be run by name."""

    workflows: list[WorkflowInfo]


class Validity(Told, frozen=True, kw_only=True):
    """Whether a workflow can run; `outputs` are the output nodes that would."""

    valid: bool
    outputs: list[str]
    problems: list[Problem] = []


class Reason(Told, frozen=True, kw_only=True):
    """Why a node runs, or what is unusual about it: a code, and a phrase to be read after the node's name.

    `before` and `after` are the values of `input`, then and now; `nodes` are the others that it speaks of.
    """

    code: str
    text: str
    input: str | None = None
    before: Any = None
    after: Any = None
    nodes: list[str] = []


class NodeExplanation(Told, frozen=True, kw_only=True):
    """What happens with one node, and why.

    `seconds` and `peak_bytes` are what it took when it was last computed: with just these inputs if
    `measured` is "same", with others if it is "other", never if there is none.
    """

    node: str
    class_type: str
    status: Status
    where: str | None = None
    """The tier of the cache that has its result."""
    key: str | None = None
    reasons: list[Reason] = []
    seconds: float | None = None
    peak_bytes: int | None = None
    measured: Literal["same", "other"] | None = None


class Totals(Told, frozen=True, kw_only=True):
    """How many nodes there are of each status, and what those that run took before, all together."""

    cached: int
    run: int
    same: int
    maybe: int
    unneeded: int
    unknown: int
    cached_in: dict[str, int]
    """How many results each tier of the cache has."""
    seconds: float
    unmeasured: int
    """Nodes that will run and were never measured."""
    peak_bytes: int | None = None


class Explanation(Told, frozen=True, kw_only=True, tag="explanation"):
    """What a run would do: the nodes that the `outputs` need, each after those it needs itself."""

    outputs: list[str]
    totals: Totals
    nodes: list[NodeExplanation]
    problems: list[Problem] = []
    """What is wrong with outputs that will not run."""


class NodeEstimate(Told, frozen=True, kw_only=True):
    """What one node is expected to take; none where nothing is known."""

    node: str
    class_type: str
    status: Status
    seconds: float | None = None
    peak_bytes: int | None = None


class Estimate(Told, frozen=True, kw_only=True):
    """What a run is expected to take now, given what is cached."""

    seconds: float | None
    peak_bytes: int | None
    cached: int
    run: int
    unmeasured: int
    """Nodes that will run and were never measured."""
    fits: bool | None
    """Whether all that is known of it is within the budget of its device; none when nothing is."""
    budget_bytes: int | None
    nodes: list[NodeEstimate]


class ResidentModel(Told, frozen=True, kw_only=True):
    """A model in memory: how many of its bytes are on its device, out of all."""

    name: str
    kind: str
    device: str
    resident_bytes: int
    total_bytes: int
    in_use: bool


class Device(Told, frozen=True, kw_only=True):
    """A device that models compute on."""

    name: str
    kind: str
    total_bytes: int | None
    budget_bytes: int | None
    used_bytes: int


class Tier(Told, frozen=True, kw_only=True):
    """One tier of the cache of results."""

    name: Literal["memory", "disk"]
    entries: int
    bytes: int
    budget_bytes: int | None
    hits: int
    misses: int


class Residency(Told, frozen=True, kw_only=True):
    """What is in memory now."""

    devices: list[Device]
    models: list[ResidentModel]
    cache: list[Tier]


class TokenCount(Told, frozen=True, kw_only=True):
    """How many tokens a prompt has, and the chunks that these fill, of so many tokens each at most.

    Where that can't be told, there are no numbers, and `reason` says why not.
    """

    tokens: int | None
    chunks: int | None
    chunk_size: int
    vocabulary: Literal["clip", "model"] | None
    """Whose tokens: CLIP's own, or those of the model that the loader names, which has others."""
    reason: str = ""
