"""ComfyUI's bodies, queries and answers, as far as they have a shape: what documents them.

Handlers read them loosely, as clients know it, so nothing is decoded by these.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

TEXT = "text/plain"
HTML = "text/html"
FILE = "*/*"

Flag = Annotated[str, Meta(description='"true" or "false"; whatever else counts as not given.')]


class Why(Struct):
    """Why something is refused."""

    type: str
    message: str
    details: str
    extra_info: dict[str, Any]


class Refused(Struct):
    """A refusal, with the reasons of each node where a workflow is wrong."""

    error: Why
    node_errors: dict[str, Any]


WRONG = (Refused, TEXT)
"""An error: as an object, or as a line of text."""


def wrong(*statuses: int) -> dict[int, object]:
    """Return the answers that are errors."""
    return dict.fromkeys(statuses, WRONG)


def text(*statuses: int) -> dict[int, object]:
    """Return the answers that are a line of text."""
    return dict.fromkeys(statuses, TEXT)


class Prompt(Struct):
    """A workflow to queue."""

    prompt: Annotated[dict[str, Any], Meta(description="In API format, or as an editor saved it.")]
    client_id: Any = None
    prompt_id: str | float | None = None
    extra_data: Any = None
    front: Any = None
    number: float | None = None
    partial_execution_targets: list[str] | None = None


class Queued(Struct):
    """A prompt that was queued."""

    prompt_id: str
    number: float
    node_errors: dict[str, Any]


class Remaining(Struct):
    """How many jobs wait or run, inside of what clients ask for."""

    exec_info: dict[Literal["queue_remaining"], int]


class Queue(Struct):
    """Jobs that have not ended: number, id, prompt, extra data and outputs of each."""

    queue_running: list[list[Any]]
    queue_pending: list[list[Any]]


class Some(Struct):
    """Which jobs are to be forgotten."""

    clear: bool | None = None
    delete: list[str | float] | None = None


class Interrupt(Struct):
    """Which job is to be stopped: the running one, or none if it is another than this."""

    prompt_id: Any = None


class Window(Struct):
    """A part of the history."""

    max_items: int | None = None
    offset: int | None = None


class Entry(Struct):
    """A finished job."""

    prompt: list[Any]
    outputs: dict[str, Any]
    status: dict[str, Any]
    meta: dict[str, Any]


class Free(Struct):
    """What is to be given back."""

    unload_models: bool | None = None
    free_memory: bool | None = None


class Socket(Struct):
    """Whose messages a websocket gets."""

    client: str | None = field(default=None, name="clientId")


class View(Struct):
    """Which file is shown, and how."""

    filename: str | None = None
    type: str | None = None
    subfolder: str | None = None
    preview: str | None = None
    channel: str | None = None


class Upload(Struct):
    """The fields of a form that carries a picture."""

    image: bytes
    type: str | None = None
    subfolder: str | None = None
    overwrite: str | None = None


class Mask(Struct):
    """The fields of a form that carries a mask."""

    image: bytes
    original_ref: Annotated[str, Meta(description="JSON: filename, subfolder and type of the picture.")]
    type: str | None = None
    subfolder: str | None = None
    overwrite: str | None = None


class Uploaded(Struct):
    """Where a file lies now."""

    name: str
    subfolder: str
    type: str


class Named(Struct):
    """Which file of models is meant."""

    filename: str | None = None


class UsersTold(Struct):
    """That users are kept here."""

    storage: str
    migrated: bool


class Complaint(Struct):
    """A refusal in one line."""

    error: str


class Listing(Struct):
    """Which files are listed, and how."""

    dir: str | None = None
    recurse: Flag | None = None
    split: Flag | None = None
    full_info: Flag | None = None


class Below(Struct):
    """Where to look."""

    path: str | None = None


class Saving(Struct):
    """How a file is saved."""

    overwrite: Flag | None = None
    full_info: Flag | None = None


class Info(Struct):
    """A file of a user."""

    path: str
    size: int
    modified: float
    created: float


class Subscription(Struct):
    """Whether a websocket client hears of new log lines."""

    client: str = field(name="clientId")
    enabled: bool


class Login(Struct):
    """The form that lets a person's browser in."""

    token: str
