"""Rows as values."""

from typing import Any

from .tables import inputs, jobs, results
from .values import Accepted, Ended, Job, NewJob, Outcome

JOB = (
    *(jobs.c.ticket, jobs.c.id, jobs.c.number, jobs.c.client, jobs.c.owner_user, jobs.c.created),
    *(inputs.c.prompt, inputs.c.extra_data, inputs.c.targets),
)
"""What a `Job` is made of."""

OUTCOME = (
    *(jobs.c.state, jobs.c.attempt, jobs.c.started, jobs.c.ended_at),
    *(results.c.outputs, results.c.meta, results.c.messages),
)
"""What the rest of an `Ended` is made of."""


def number_of(number: float) -> float:
    """Return a queue number as it is shown.

    They count in whole numbers; the column has floats, since a client may choose any number.
    """
    return int(number) if isinstance(number, int) or number.is_integer() else number


def job_of(row: Any) -> Job:
    """Return the job of a row with the columns `JOB`."""
    return Job(
        ticket=row.ticket,
        id=row.id,
        number=number_of(row.number),
        client=row.client,
        user=row.owner_user,
        created=row.created,
        prompt=row.prompt,
        extra_data=row.extra_data,
        targets=row.targets,
    )


def queued(new: NewJob, place: Accepted) -> Job:
    """Return a job that was just queued as `job_of` will return it."""
    return Job(
        ticket=place.ticket,
        id=new.id,
        number=number_of(place.number),
        client=new.client,
        user=new.user,
        created=new.created,
        prompt=new.prompt,
        extra_data=new.extra_data,
        targets=new.targets,
    )


def ended_of(row: Any) -> Ended:
    """Return the ended job of a row with the columns `JOB` and `OUTCOME`."""
    outcome = Outcome(state=row.state, outputs=row.outputs, meta=row.meta, messages=row.messages)
    return Ended(
        job=job_of(row), outcome=outcome, attempt=row.attempt, started=row.started, ended=row.ended_at
    )
