"""Whether there is room for another job: asked before its workflow is read."""

from ..limits import Limits
from .queue import Jobs


async def no_room(jobs: Jobs, user: str, size: int, limits: Limits) -> str | None:
    """Say why a user's job of so many bytes may not be queued now; None when it may."""
    few = jobs.remaining < limits.waiting_jobs
    small = jobs.bytes + size <= min(limits.waiting_bytes, limits.waiting_bytes_of_all)
    if few and small:  # as nearly always: all jobs together are not too many for one user
        return None
    own, every = await jobs.load(user=user), await jobs.load()
    if own.jobs >= limits.waiting_jobs:
        return f"{limits.waiting_jobs} of your jobs wait already; let some of them run first"
    if own.bytes + size > limits.waiting_bytes:
        most = limits.waiting_bytes
        return f"your waiting jobs have {own.bytes} bytes, and {most} are the most; let some run first"
    if every.bytes + size > limits.waiting_bytes_of_all:
        return (
            f"all waiting jobs have {every.bytes} bytes, and {limits.waiting_bytes_of_all} are the most; "
            "ask again when some have run"
        )
    return None
