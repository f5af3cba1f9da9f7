"""The rules of alerts and where they are sent, as the configuration has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct

from calltrack.figures.opening import Hours
from calltrack.serve.limits import Share
from calltrack.serve.security.secrets import secret_of

When = Literal["queue", "service_level", "agent", "doubtful", "lost", "stale", "no_events"]

OPEN = "open"
"""In the place of a rule's hours: the account's opening hours, less its holidays."""

_LIMITED = ("level",)
_OF: dict[str, tuple[str, ...]] = {
    "queue": ("queues", "figure", *_LIMITED),
    "service_level": ("queues", "below", "ended", *_LIMITED),
    "agent": ("extensions", *_LIMITED),
    "doubtful": (),
    "lost": (),
    "stale": (),
    "no_events": (),
}
"""The settings that a kind of rule has, besides those that all have."""
_USUAL_S = {"queue": 30, "service_level": 0, "agent": 0, "doubtful": 60, "lost": 30, "stale": 30, "no_events": 600}
"""Seconds that a condition has to last."""


class Rule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When to alert, and whom (`notify`: names of [[notify]]; empty for all of them).

    `for_s` is how long it has to be so, s; None for the usual of its kind. `hours` are those in which it is looked for,
    empty for always, ["open"] for the account's opening hours. `level` is which of the account's two limits counts
    (1, 2), `figure` which one of a queue (None: both). `below` is a share instead of the account's limit; it counts
    once `ended` waits have ended today.
    """

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    when: When
    notify: list[str] = []
    for_s: Annotated[float, Meta(ge=0, le=86400)] | None = None
    hours: list[str] = []
    level: Literal[1, 2] | None = None
    figure: Literal["waiting", "longest_s"] | None = None
    below: Share | None = None
    ended: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    queues: list[str] | None = None
    extensions: list[str] | None = None

    @property
    def lasts_s(self) -> float:
        """Seconds that it has to be so."""
        return _USUAL_S[self.when] if self.for_s is None else self.for_s

    @property
    def while_open(self) -> bool:
        """Whether its hours are the account's opening hours."""
        return self.hours == [OPEN]

    def faults(self) -> Iterator[str]:
        """What cannot be meant, in words."""
        for name in ("level", "figure", "below", "ended", "queues", "extensions"):
            if getattr(self, name) is not None and name not in _OF[self.when]:
                yield f"{name} is of no use with when = {self.when!r}"
        if not self.while_open:
            yield from _of_hours(self.hours)


class Destination(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A destination of alerts, at an address of Apprise's form, which is a secret: in the environment or a file.

    `quiet` are the hours in which nothing is sent to it; what still holds at their end is sent then.
    """

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    url_env: str = ""
    url_file: str = ""
    quiet: list[str] = []

    def url(self) -> str:
        """The address; raises ConfigError."""
        return secret_of(f"notify {self.name}", "url", self.url_env, self.url_file, len("a://"))

    def faults(self) -> Iterator[str]:
        """What cannot be meant, in words."""
        import apprise

        yield from _of_hours(self.quiet)
        if not apprise.Apprise().add(self.url()):
            yield "its address is none that Apprise knows; see its list of services"


def _of_hours(texts: list[str]) -> Iterator[str]:
    try:
        Hours(texts)
    except ValueError as error:
        yield str(error)
