"""The kinds of planted differences, as data: what is altered in which record or frames, and what it must be called.

A kind is one alteration of one subject. Subjects, by letter: q a queue's record that was answered, a one that was
abandoned, o an outgoing call that was answered, f one that was not, i an incoming call that began before the recording,
h an answered record with hold in its talk, x the far end of a transfer, c and d the records of a click2call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from calltrack.cdr.table import plain
from calltrack.reconcile import Reason as R

Body = dict[str, Any]
HOUR = 3600
FAR = "20240108000000ffffffffffffffffff"
"""The id of a call that never was."""


class InRecord(NamedTuple):
    """An alteration of a record: what stands in its place, and the differences of its call by figure.

    Of a record whose id is altered too, the differences are those of the new id.
    """

    name: str
    on: str
    change: Callable[[Body], list[Body]]
    expected: dict[str, R]


class InFrames(NamedTuple):
    """Events of a call that are lost, by their reasons; its differences, if any, have `reason` or are of a second.

    Its record may be altered as well; then those are `expected` besides.
    """

    name: str
    on: str
    lost: tuple[str, ...]
    reason: R
    change: Callable[[Body], list[Body]] = lambda body: [body]
    expected: dict[str, R] = {}


class InBytes(NamedTuple):
    """An alteration of all frames that show the call: what is written as what, and the differences by figure."""

    name: str
    on: str
    change: Callable[[Body], tuple[str, str]]
    expected: dict[str, R]


class Cut(NamedTuple):
    """A side that begins or ends at the subject: how it is cut, what its call is called, and what others may be."""

    name: str
    on: str
    side: str
    at: str
    reason: R
    others: frozenset[R]


def to(**values: Any) -> Callable[[Body], list[Body]]:
    """Fields with other values: fixed, or made from the record."""
    return lambda body: [{**body, **{name: made(body) if callable(made) else made for name, made in values.items()}}]


def by(name: str, seconds: float) -> Callable[[Body], list[Body]]:
    """A number that is more or less."""
    return to(**{name: lambda body: body[name] + seconds})


def ring(seconds: int) -> Callable[[Body], list[Body]]:
    """The ring is written twice."""
    return to(
        dialtime=lambda body: body["dialtime"] + seconds, actualCallDialtime=lambda body: body["dialtime"] + seconds
    )


def numbers(write: Callable[[str], object]) -> Callable[[Body], list[Body]]:
    """Every number of the record in another notation."""

    def change(body: Body) -> list[Body]:
        found = {name: body.get(name) for name in ("caller", "callerPhone", "target")}
        return [{**body, **{n: write(v) for n, v in found.items() if isinstance(v, str) and v.startswith("972")}}]

    return change


def without(*names: str) -> Callable[[Body], list[Body]]:
    """Fields that are missing."""
    return lambda body: [{name: value for name, value in body.items() if name not in names}]


def renamed(write: Callable[[str], str]) -> Callable[[Body], list[Body]]:
    """Fields whose names are written otherwise."""
    return lambda body: [{write(name): value for name, value in body.items()}]


def elsewhere(days: int) -> Callable[[Body], list[Body]]:
    """The record, and one of a call that never was, some days off."""
    return lambda body: [body, {**body, "ivruniqueid": FAR, "time": body["time"] + days * 86_400}]


LOGGED = {"Queue": 8, "Extension Outgoing": 4, "Incoming Call": 1}
"""type → CdrType, of those that are altered so."""


def as_logged(shift: int = 0) -> Callable[[Body], list[Body]]:
    """The record as the Call Log has it, some seconds off; the simulated account's clock is 2 h ahead of UTC."""

    def change(body: Body) -> list[Body]:
        outgoing = body["direction"] != "incoming"
        return [
            {
                "CallID": body["ivruniqueid"],
                "CdrType": LOGGED[body["type"]],
                "DialStatus": body["status"],
                "DateEpoch": body["time"] - 2 * HOUR + shift,
                "Duration": body["duration"],
                "RingTime": body["dialtime"],
                "QueueName": body.get("queuename", ""),
                "CallerNumber": body["caller"],
                "TargetNumber": body["target"],
                "CallerExtension": body["extenUser"] if outgoing else "",
                "TargetExtension": "" if outgoing else body["extenUser"],
                "RepresentativeCode": body.get("representative_code", ""),
            }
        ]

    return change


def clock(body: Body) -> str:
    """A duration as hours, minutes and seconds."""
    seconds = body["duration"]
    return f"{seconds // HOUR:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


OTHER = "972531111111"
UNLIKE = R.VALUE
NEAR = R.ROUNDING

RECORDS = (
    # Records that are missing, repeated or of nothing
    InRecord("lost", "qoafxcd", lambda body: [], {"record": R.NO_RECORD}),
    InRecord("twice", "qoaf", lambda body: [body, dict(body)], {}),
    InRecord("twice, once as text", "qo", lambda body: [body, {**body, "duration": str(body["duration"])}], {}),
    InRecord("twice, once with a summary", "qoaf",
             lambda body: [body, {**body, "aiData": {"summary": "later"}, "price": 9}], {}),
    InRecord("in both accounts", "qof", lambda body: [body, *as_logged()(body)], {}),
    InRecord("of a call that never was", "qo", elsewhere(0), {"record": R.NO_EVENTS}),
    InRecord("of the day before", "qo", elsewhere(-1), {"record": R.OUTSIDE}),
    InRecord("of the day after", "qo", elsewhere(1), {"record": R.OUTSIDE}),
    InRecord("without an id, beside the right one", "qa", lambda body: [body, {**body, "ivruniqueid": ""}], {}),
    # Durations
    InRecord("talk a second less", "qo", by("actualCallDuration", -1), {"talk": NEAR}),
    InRecord("talk a second more", "qo", by("actualCallDuration", 1), {"talk": NEAR}),
    InRecord("talk much more", "qo", by("actualCallDuration", 50), {"talk": UNLIKE}),
    InRecord("talk much less", "qo", by("actualCallDuration", -5), {"talk": UNLIKE}),
    InRecord("talk is missing", "qo", without("actualCallDuration"), {}),
    InRecord("hold and much more", "h", by("actualCallDuration", 40), {"talk": UNLIKE}),
    InRecord("ring a second more", "qo", ring(1), {"ring": NEAR}),
    InRecord("ring much more", "qof", ring(30), {"ring": UNLIKE}),
    InRecord("ring is missing", "qo", without("dialtime", "actualCallDialtime"), {}),
    InRecord("duration a second more", "qoaf", by("duration", 1), {"duration": NEAR}),
    InRecord("duration much more", "qoaf", by("duration", 77), {"duration": UNLIKE}),
    InRecord("wait a second less", "qa", by("seconds_waiting_in_queue", -1), {"wait": NEAR}),
    InRecord("wait much more", "qa", by("seconds_waiting_in_queue", 60), {"wait": UNLIKE}),
    InRecord("wait is missing", "qa", without("seconds_waiting_in_queue"), {}),
    InRecord(
        "duration without the wait", "q",
        to(duration=lambda body: body["duration"] - body["seconds_waiting_in_queue"]), {"duration": R.WAIT},
    ),
    # Starts
    InRecord("start a second later", "qoaf", by("time", 1), {"start": NEAR}),
    InRecord("start an hour later", "qoa", by("time", HOUR), {"start": R.LOCAL_TIME}),
    InRecord("start in UTC", "qoa", by("time", -2 * HOUR), {"start": R.LOCAL_TIME}),
    InRecord("start half an hour off", "qo", by("time", HOUR // 2), {"start": R.LOCAL_TIME}),
    InRecord("start minutes later", "qoaf", by("time", 200), {"start": UNLIKE}),
    InRecord("start is missing", "qo", without("time"), {}),
    # Outcomes
    InRecord("status and isAnswer disagree", "qo", to(isAnswer=0), {"outcome": R.CONTRADICTION}),
    InRecord("status and isAnswer disagree", "af", to(isAnswer=1), {"outcome": R.CONTRADICTION}),
    InRecord("not answered", "qo", to(status="NOANSWER", isAnswer=0), {"outcome": UNLIKE}),
    InRecord("answered", "af", to(status="ANSWER", isAnswer=1), {"outcome": UNLIKE}),
    InRecord("isAnswer is missing", "qoaf", without("isAnswer"), {}),
    InRecord("a status of next year", "qo", to(status="DELIGHTED"), {"status": R.UNUSABLE}),
    InRecord("a wait that ended as a phone's call does", "a", to(status="BUSY"), {"outcome": UNLIKE}),
    InRecord(
        "busy for no answer, or no answer for busy", "f",
        to(status=lambda body: "NOANSWER" if body["status"] == "BUSY" else "BUSY"), {"outcome": UNLIKE},
    ),
    # Who
    InRecord(
        "another agent", "qo", to(representative_code=999, representative_name="Somebody Else"), {"agent": UNLIKE}
    ),
    InRecord("another agent's name alone", "qo", to(representative_code=None, representative_name="Else"),
             {"agent": UNLIKE}),
    InRecord("the agent under a new name", "qo", to(representative_name="Somebody Else"), {}),
    InRecord("no agent is named", "qo", to(representative_code=None, representative_name=None), {}),
    InRecord("another extension", "qo", to(extenUser="SIP99999"), {"extension": UNLIKE}),
    InRecord("another queue", "qa", to(queueid=99, queuename="Elsewhere"), {"queue": UNLIKE}),
    InRecord("another queue's name alone", "qa", to(queueid="", queuename="Elsewhere"), {"queue": UNLIKE}),
    InRecord("the queue by its name alone", "qa", without("queueid"), {}),
    InRecord("another number", "q", to(callerPhone=OTHER, caller=OTHER), {"number": UNLIKE}),
    InRecord("another number", "a", to(callerPhone=OTHER, caller=OTHER), {"number": UNLIKE}),
    InRecord("another number", "of", to(target=OTHER), {"number": UNLIKE}),
    InRecord("the other direction", "o", to(type="Incoming Call"), {"direction": R.UNUSABLE}),
    # Two at once
    InRecord(
        "talk and ring much more", "qo",
        lambda body: ring(30)({**body, "actualCallDuration": body["actualCallDuration"] + 50}),
        {"talk": UNLIKE, "ring": UNLIKE},
    ),
    InRecord(
        "an hour later, another agent", "qo",
        to(time=lambda body: body["time"] + HOUR, representative_code=999), {"start": R.LOCAL_TIME, "agent": UNLIKE},
    ),
    # Values that cannot be used, and records that contradict themselves or each other
    InRecord("a negative duration", "qoa", to(duration=-5), {"duration": R.UNUSABLE}),
    InRecord("talk is no number", "qo", to(actualCallDuration="much"), {"actualCallDuration": R.UNUSABLE}),
    InRecord("a ring of years", "qo", ring(10**9), {"actualCallDialtime": R.UNUSABLE}),
    InRecord("a type of next year", "qoaf", to(type="Hologram"), {"type": R.UNUSABLE}),
    InRecord("the direction contradicts the type", "qoa",
             to(direction=lambda body: "outgoing" if body["direction"] == "incoming" else "incoming"),
             {"direction": R.UNUSABLE}),
    InRecord("twice, with another talk", "qo",
             lambda body: [body, {**body, "actualCallDuration": body["actualCallDuration"] + 40}],
             {"record": R.TWIN}),
    # Records that leave out where it was
    InRecord("no extension is named", "qo", to(extenUser=""), {}),
    InRecord("neither extension nor queue is named", "qa", to(extenUser="", queueid="", queuename=""), {}),
    InRecord("neither is named, and nothing was seen of it", "qo",
             lambda body: [body, {**body, "ivruniqueid": FAR, "extenUser": "", "queueid": "", "queuename": ""}],
             {"record": R.NOWHERE}),
    # Calls that began before the recording
    InRecord("of a call that never was, before the recording", "i", elsewhere(0), {"record": R.OUTSIDE}),
    InRecord("another extension, begun before the recording", "i", to(extenUser="SIP99999"), {"extension": UNLIKE}),
    InRecord("talk much more, begun before the recording", "i", by("actualCallDuration", 50), {"talk": R.OUTSIDE}),
    InRecord("duration much more, begun before the recording", "i", by("duration", 77), {"duration": UNLIKE}),
    InRecord("start minutes later, begun before the recording", "i", by("time", 200), {"start": UNLIKE}),
    # The same, written otherwise
    InRecord("isAnswer as text", "qa", to(isAnswer=lambda body: str(body["isAnswer"])), {}),
    InRecord("isAnswer as a boolean", "qa", to(isAnswer=lambda body: bool(body["isAnswer"])), {}),
    InRecord("duration as text", "qo", to(duration=lambda body: str(body["duration"])), {}),
    InRecord("duration as a clock", "qo", to(duration=clock), {}),
    InRecord("duration as a float", "qo", to(duration=lambda body: float(body["duration"])), {}),
    InRecord("status in lower case", "qaf", to(status=lambda body: body["status"].lower()), {}),
    InRecord("type in lower case", "qo", to(type=lambda body: plain(body["type"])), {}),
    InRecord("a field of next year", "qoaf", to(aFieldOfNextYear={"deep": [1]}), {}),
    InRecord("the number in local notation", "qoa", numbers(lambda text: f"0{text[3:]}"), {}),
    InRecord("the number with a plus", "qoa", numbers(lambda text: f"+{text}"), {}),
    InRecord("the number with dashes", "qo", numbers(lambda text: f"0{text[3:5]}-{text[5:]}"), {}),
    InRecord("as the Call Log has it", "qof", as_logged(), {}),
    InRecord("as the Call Log has it, minutes later", "qo", as_logged(200), {"start": UNLIKE}),
)  # fmt: skip

FRAMES = (
    InFrames("its HANGUP was lost", "qo", ("HANGUP",), R.DOUBTFUL),
    InFrames("its ANSWER was lost", "qo", ("ANSWER",), R.DOUBTFUL),
    InFrames("its NEWCALL was lost", "qo", ("NEWCALL",), R.DOUBTFUL),
    InFrames("its NEWCALL was lost, talk much more", "o", ("NEWCALL",), R.DOUBTFUL,
             by("actualCallDuration", 50), {"talk": UNLIKE}),
    InFrames("its HANGUP was lost, ring much more", "qo", ("HANGUP",), R.DOUBTFUL, ring(30), {"ring": UNLIKE}),
    InFrames("its HANGUP was lost, another number", "o", ("HANGUP",), R.DOUBTFUL, to(target=OTHER),
             {"number": UNLIKE}),
    InFrames("its ANSWER was lost, start minutes later", "o", ("ANSWER",), R.DOUBTFUL, by("time", 200),
             {"start": UNLIKE}),
    InFrames("its JOIN was lost", "qa", ("JOIN",), R.DOUBTFUL),
    InFrames("its end in the queue was lost", "qa", ("EXIT", "ANSWER", "ABANDONED"), R.DOUBTFUL),
)  # fmt: skip

BYTES = (
    InBytes("frames have another number", "qa", lambda body: (f"0{body['caller'][3:]}", "0531111111"),
            {"number": UNLIKE}),
    InBytes("frames have another number", "o", lambda body: (f"0{body['target'][3:]}", "0531111111"),
            {"number": UNLIKE}),
)  # fmt: skip

CUTS = (
    Cut("the recording begins after it", "qoa", "frames", "after", R.OUTSIDE, frozenset({R.OUTSIDE, R.DOUBTFUL})),
    Cut(
        "the recording ends before it", "qoa", "frames", "before", R.OUTSIDE, frozenset({R.OUTSIDE, R.LIVE, R.DOUBTFUL})
    ),
    Cut("the recording ends amid it", "qo", "frames", "amid", R.LIVE, frozenset({R.OUTSIDE, R.LIVE, R.DOUBTFUL})),
    Cut("the records end before it", "qoa", "records", "before", R.AFTER, frozenset({R.AFTER})),
)

COUNT = sum(len(one.on) for table in (RECORDS, FRAMES, BYTES, CUTS) for one in table)
"""How many kinds there are, without outages of the stream and another zone of the whole stream."""
