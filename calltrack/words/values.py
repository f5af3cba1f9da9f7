"""Values in words for people: strangers' text made safe, moments and durations."""

from datetime import UTC, datetime


def safe(text: object) -> str:
    """Strangers' text for a terminal: control and direction characters spelled out, so that none is obeyed."""
    shown = str(text)
    if shown.isprintable():
        return shown
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in shown)


def moment(at: float | None) -> str:
    """A UTC epoch (s) for people; "?" if it is unknown."""
    return "?" if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}Z"


def span(seconds: float | None) -> str:
    """A duration (s) for people; "?" if it is unknown."""
    if seconds is None:
        return "?"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
