"""Values in words for people: strangers' text made safe, moments and durations."""

import re
from datetime import UTC, datetime, tzinfo

_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def safe(text: object) -> str:
    """Strangers' text for a terminal: control and direction characters spelled out, so that none is obeyed."""
    shown = str(text)
    if shown.isprintable():
        return shown
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in shown)


def spelled(text: str) -> str:
    """Lines of JSON or CSV for a terminal: what `safe` spells out, as JSON spells it; without a byte order mark."""
    return "\n".join(
        line if line.isprintable() else "".join(one if one.isprintable() else _escape(one) for one in line)
        for line in text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    )


def _escape(char: str) -> str:
    code = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{code[at : at + 4]}" for at in range(0, len(code), 4))


def authority(host: str, port: int) -> str:
    """HOST:PORT as URLs have it: an IPv6 address stands in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def has_controls(text: str) -> bool:
    """Whether there are control characters, or some that reorder the text around them."""
    return _OBEYED.search(text) is not None


def moment(at: float | None, zone: tzinfo = UTC) -> str:
    """A UTC epoch (s) on the clock of a zone, with its offset: `2023-11-30 12:00:00+02:00`; "?" if it is unknown."""
    return "?" if at is None else f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M:%S}{offset(at, zone)}"


def clock(at: float | None, zone: tzinfo = UTC) -> str:
    """The same without date and offset."""
    return "?" if at is None else f"{datetime.fromtimestamp(at, zone):%H:%M:%S}"


def offset(at: float, zone: tzinfo) -> str:
    """How far a zone is from UTC at a moment (UTC epoch s): `+02:00`, or `Z`."""
    shown = datetime.fromtimestamp(at, zone).isoformat()[-6:]
    return "Z" if shown == "+00:00" else shown


def span(seconds: float | None) -> str:
    """A duration (s) for people; "?" if it is unknown."""
    if seconds is None:
        return "?"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
