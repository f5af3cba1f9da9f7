"""A change as one line: when, at which frame, which call and extension, what, and why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo

from calltrack.core import changes as ch
from calltrack.core.records import Leg
from calltrack.words.values import moment, safe, span

COLOURS = {
    "Anomaly": "red",
    "LegAnswered": "green",
    "LegEnded": "yellow",
    "CallEnded": "yellow",
    "LegStarted": "cyan",
    "CallStarted": "cyan",
    "ConnectionLost": "red",
    "LegBlurred": "red",
    "WaitBlurred": "red",
    "LegDoubted": "bold red",
    "WaitDoubted": "bold red",
    "LegResumed": "magenta",
    "LegRevised": "magenta",
    "WaitResumed": "magenta",
    "WaitRevised": "magenta",
    "CallResumed": "magenta",
    "CallRevised": "magenta",
    "AgentStatusRevised": "magenta",
}
_ANSI = {"red": "\033[31m", "green": "\033[32m", "yellow": "\033[33m", "cyan": "\033[36m"}
"""A style by kind; what takes an earlier change back has one of its own."""


def line(change: ch.Change, colour: bool, zone: tzinfo = UTC) -> str:
    """The line, without its end, with times on the clock of a zone; `colour` adds ANSI codes."""
    return " ".join([*columns(change, colour, zone), what(change, zone)]).rstrip()


def columns(change: ch.Change, colour: bool, zone: tzinfo = UTC) -> tuple[str, ...]:
    """What a line begins with: time, frame, kind, extension or queue, and call, each as wide as it usually is."""
    call_id = f"{safe(getattr(change, 'call_id', '')):<32}"
    return moment(change.at, zone), f"#{change.position:<6}", _kind(change, colour), f"{where(change):<10}", call_id


def brief(change: ch.Change, colour: bool, zone: tzinfo = UTC) -> str:
    """The line without time, frame and call, for places that show those already."""
    return f"{_kind(change, colour)} {where(change):<10} {what(change, zone)}".rstrip()


def where(change: ch.Change) -> str:
    """The extension, queue or campaign that the change is about; "" for none."""
    if exten_user := getattr(change, "exten_user", ""):
        return safe(exten_user)
    named = ((word, getattr(change, f"{word}_id", "")) for word in ("queue", "campaign"))
    return safe(next((f"{word} {found}" for word, found in named if found), ""))


def what(change: ch.Change, zone: tzinfo = UTC) -> str:
    """What the change says beside its kind, and why if it was inferred."""
    tell, inferred = _TELL.get(type(change)), getattr(change, "inferred", "")
    timed = _TIMED.get(type(change))
    said = timed(change, zone) if timed else tell(change) if tell else ""
    return safe(said) + (f"  (inferred: {safe(inferred)})" if inferred else "")


def _kind(change: ch.Change, colour: bool) -> str:
    kind = type(change).__name__
    padded, code = f"{kind:<21}", _ANSI.get(COLOURS.get(kind, ""))
    return f"{code}{padded}\033[0m" if colour and code else padded


def _with(leg: Leg) -> str:
    who = leg.caller or "unknown"
    return f"{who} ({leg.caller_name})" if leg.caller_name and leg.caller_name != leg.caller else who


def _durations(leg: Leg) -> str:
    spent = (("ring", leg.ring_s), ("talk", leg.talk_s), ("hold", leg.hold_s), ("unknown", leg.unknown_s))
    return ", ".join(f"{name} {span(value)}" for name, value in spent if value != 0)


def _leg_started(change: ch.LegStarted) -> str:
    leg = change.leg
    queue = f", queue {leg.queue_id}" if leg.queue_id else ""
    c2c = f", click2call leg {leg.c2c}" if leg.c2c else ""
    return f"{leg.state} {leg.direction} {_with(leg)}, attempt {leg.attempt}{queue}{c2c}"


def _leg_ended(change: ch.LegChange) -> str:
    leg = change.leg
    cause = f" ({leg.cause})" if leg.cause else ""
    return ", ".join(filter(None, [f"{leg.outcome}{cause}", _durations(leg)]))


def _leg_revised(change: ch.LegRevised, zone: tzinfo) -> str:
    leg = change.leg
    if leg.ended_at is None and leg.outcome is None:
        return f"is {leg.state} since {moment(leg.since, zone)}, {_durations(leg) or 'nothing counted yet'}"
    return f"ended at {moment(leg.ended_at, zone)}: {_leg_ended(change)}"


def _recording(change: ch.RecordingChanged) -> str:
    recording = change.leg.recording
    if recording is None:
        return "no recording"
    return f"{recording.filename or 'recording'}{', muted' if recording.muted else ''}"


def _call_ended(change: ch.CallEnded | ch.CallRevised) -> str:
    call = change.call
    spent = (("wait", call.wait_s), ("ring", call.ring_s), ("talk", call.talk_s), ("hold", call.hold_s))
    times = ", ".join(f"{name} {span(value)}" for name, value in spent if value != 0)
    return ", ".join(filter(None, [f"{call.outcome}, {call.attempts} leg{'s' * (call.attempts != 1)}", times]))


def _queue_left(change: ch.QueueChange) -> str:
    wait = change.wait
    by = f" by {wait.agent_name}" if wait.agent_name else ""
    return f"{wait.outcome}{by} after {span(wait.wait_s)}"


def _wait_revised(change: ch.WaitRevised, zone: tzinfo) -> str:
    wait = change.wait
    return f"waits since {moment(wait.joined_at, zone)}" if wait.outcome is None else _queue_left(change)


def _campaign(change: ch.CampaignAppeared | ch.CampaignChanged) -> str:
    campaign = change.campaign
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in campaign.statistics.items() if count)
    calls = f"{len(campaign.call_ids)} call{'s' * (len(campaign.call_ids) != 1)}"
    return "; ".join(filter(None, [campaign.name, calls, counts]))


def _status(number: int | None, name: str) -> str:
    return f"{name} ({number})" if name else str(number)


def _agent(change: ch.AgentLoggedOn | ch.AgentLoggedOff | ch.AgentRenamed) -> str:
    return f"{change.agent_name} ({change.agent_id})"


def _appeared(change: ch.ExtensionAppeared) -> str:
    known = change.extension
    status = _status(known.agent_status, known.agent_status_name)
    return f"{known.user_name}, agent {known.agent_name or 'none'}, status {status}"


def _anomaly(change: ch.Anomaly) -> str:
    evidence = f" [expected {change.expected}; seen {change.seen}]" if change.expected else ""
    return f"{change.kind}: {change.detail}{evidence}"


_TELL: dict[type[ch.Change], Callable[..., str]] = {
    ch.LegStarted: _leg_started,
    ch.LegAnswered: lambda change: f"rang {span(change.leg.ring_s)}",
    ch.LegHeld: lambda change: f"talked {span(change.leg.talk_s)} so far",
    ch.LegRetrieved: lambda change: f"held {span(change.leg.hold_s)} so far",
    ch.LegBlurred: lambda change: "state unknown",
    ch.LegCorrected: lambda change: f"is {change.leg.state}",
    ch.LegEnded: _leg_ended,
    ch.LegResumed: lambda change: f"is {change.leg.state} after all; its end is taken back",
    ch.LegDoubted: lambda change: f"{change.leg.state}, may be over: {change.leg.doubtful}",
    ch.LegConfirmed: lambda change: f"is {change.leg.state} without doubt again",
    ch.RecordingChanged: _recording,
    ch.CallStarted: lambda change: f"{change.state} {change.direction} {change.caller or 'unknown'}",
    ch.CallResumed: lambda change: "goes on under its id",
    ch.CallStateChanged: lambda change: f"{change.old} → {change.new}",
    ch.CallLinked: lambda change: (
        f"from {', '.join(change.related)}"
        + (f", transferred by {change.transferred_by}" if change.transferred_by else "")
    ),
    ch.CallEnded: _call_ended,
    ch.CallRevised: _call_ended,
    ch.ExtensionAppeared: _appeared,
    ch.ExtensionStateChanged: lambda change: f"{change.old} → {change.new}",
    ch.AgentLoggedOn: _agent,
    ch.AgentLoggedOff: _agent,
    ch.AgentRenamed: _agent,
    ch.AgentStatusChanged: lambda change: f"{change.agent_name}: {_status(change.new, change.name)}",
    ch.QueueLeft: _queue_left,
    ch.WaitBlurred: lambda change: "whether it still waits is unknown",
    ch.WaitResumed: lambda change: "waits after all; its end is taken back",
    ch.WaitDoubted: lambda change: f"may not wait any more: {change.wait.doubtful}",
    ch.WaitConfirmed: lambda change: "waits without doubt again",
    ch.CampaignAppeared: _campaign,
    ch.CampaignChanged: _campaign,
    ch.ConnectionLost: lambda change: change.gap.reason,
    ch.Anomaly: _anomaly,
}
_TIMED: dict[type[ch.Change], Callable[..., str]] = {
    ch.LegRevised: _leg_revised,
    ch.WaitRevised: _wait_revised,
    ch.WaitCorrected: lambda change, zone: f"waits, since {moment(change.wait.joined_at, zone)}",
    ch.AgentStatusRevised: lambda change, zone: f"{_status(change.status, '')} since {moment(change.since, zone)}",
    ch.QueueJoined: lambda change, zone: (
        f"{change.wait.caller or 'unknown'} since {moment(change.wait.joined_at, zone)}"
    ),
    ch.ConnectionRegained: lambda change, zone: (
        f"nothing was received since {moment(change.gap.since, zone)}: {change.gap.reason}"
    ),
}
