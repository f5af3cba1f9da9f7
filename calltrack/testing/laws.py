"""`prove`: a stream against every law, with words for what breaks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from calltrack.core.tracker import HISTORY, Tracker
from calltrack.laws.trial import Trial
from calltrack.voicenter.frames import Frame

_SENT = {
    "ivrid", "ivruniqueid", "callid", "originalivruniqueid", "relatedivruniqueids", "extenuser", "callerextension",
    "targetextension", "queueid",
}  # fmt: skip
_MANY = {"relatedivruniqueids", "related", "call_ids"}
_KEPT = {"call_id", "call_ids", "related", "exten_user", "queue_id"}


def prove(frames: Iterable[Frame], *, history: int = HISTORY, thorough: bool = False, hint: str = "") -> None:
    """Raise AssertionError, with the laws that are broken, if the tracker breaks one on this stream.

    Beside the laws of `calltrack check`: with all ids renamed, the changes are the same but for the names.
    thorough: save and restore at every frame. hint: said at the end of the message, to find the stream again.
    """
    trial, other, differ = Trial(history=history, thorough=thorough), Tracker(history=history), 0
    for frame in frames:
        changes = trial.feed(frame)
        changed = other.feed(Frame.of(frame.event, renamed(frame.payload(), _SENT), frame.at))
        differ += renamed(msgspec.to_builtins(changes), _KEPT) != renamed(msgspec.to_builtins(changed), set())
    broken = [f"{law.check}: {law.left}, not {law.right}" for law in trial.broken()]
    if differ:
        broken.append(f"frames that change something else when all ids are renamed: {differ}, not 0")
    if broken:
        raise AssertionError("; ".join([*broken, *([hint] if hint else [])]))


def renamed(value: Any, fields: set[str], field: str = "") -> Any:
    """Decoded JSON with every id in these fields (lower case) given another name, in the same order of the alphabet."""
    if isinstance(value, dict):
        return {key: renamed(inner, fields, key.lower()) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [renamed(inner, fields, field if field in _MANY else "") for inner in value]
    if field not in fields or value in (None, "") or isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if field in ("queueid", "queue_id") and (str(value) == "0" or "." in str(value)):
        return value  # a call with that is in no queue, so it stays what it is
    return ",".join(f"new {part.strip()}" for part in str(value).split(","))
