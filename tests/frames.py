"""The frame builders of `calltrack.testing`, under the name that the tests use."""

from calltrack.testing.frames import (
    OFFSET_MIN,
    START,
    all_extensions,
    all_queues,
    call,
    extension,
    queue,
    stamp,
    utc,
    waiting,
)

__all__ = [
    "OFFSET_MIN",
    "START",
    "all_extensions",
    "all_queues",
    "call",
    "extension",
    "queue",
    "stamp",
    "utc",
    "waiting",
]
