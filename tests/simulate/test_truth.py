"""The truth beside the traffic is true: it agrees with every whole frame, and every end is reported once."""

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calltrack.simulate import Faults, Plan, Truth, traffic
from tests.simulate.frames import Json, delivered, shown

orderly = st.builds(Plan, agents=st.integers(1, 25), queues=st.integers(1, 4))
plans = orderly | orderly.map(Plan.as_captured)
seeds = st.integers(0, 2**32)
patient = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Believer:
    """Knows what the truth records up to a line have said."""

    def __init__(self) -> None:
        self.legs: dict[str, list[tuple[str, str]]] = {}
        self.waiting: dict[int, list[str]] = {}
        self.agents: dict[str, tuple[int, int]] = {}
        self.dialing: dict[int, list[str]] = {}

    def believe(self, truth: Truth) -> None:
        """Take over what a record says."""
        self.legs |= {exten: [(leg.call, leg.state) for leg in legs] for exten, legs in truth.legs.items()}
        self.waiting |= truth.waiting
        self.agents |= truth.agents
        self.dialing |= truth.dialing

    def agrees(self, event: str, data: Json) -> None:
        """A frame of this very moment shows the same."""
        if event == "QueueEvent":
            self._agree_on_queue(data["data"])
        elif event == "loginStatus":
            for queue in data["queues"]:
                self._agree_on_queue(queue)
        elif event == "ExtensionEvent":
            self._agree_on_extension(data["data"])
        elif event == "AllExtensionsStatus":
            for extension in data["extensions"]:
                self._agree_on_extension(extension)
        elif event == "AllDialersStatus":
            for campaign in data["dialers"]:
                self._agree_on_campaign(campaign)
        elif event == "DialerEvent":
            self._agree_on_campaign(data["data"])

    def _agree_on_campaign(self, campaign: Json) -> None:
        assert self.dialing[campaign["campaignID"]] == [call["ivrid"] for call in campaign["calls"]]

    def _agree_on_queue(self, queue: Json) -> None:
        assert self.waiting[queue["QueueID"]] == [call["ivrid"] for call in queue["Calls"]]

    def _agree_on_extension(self, extension: Json) -> None:
        assert self.legs[extension["extenUser"]] == shown(extension["calls"])
        agent = (extension["onlineUserID"], extension["representativeStatus"])
        assert self.agents[extension["extenUser"]] == agent


@patient
@given(plans, seeds)
def test_the_truth_is_what_each_frame_shows(plan: Plan, seed: int) -> None:
    """Without faults, line n and the truth up to n agree."""
    believer = Believer()
    for n, (lines, truth) in enumerate(traffic(plan, seed=seed, hours=0.7), 1):
        assert (len(lines), truth.n, truth.fault) == (1, n, "")
        believer.believe(truth)
        believer.agrees(lines[0].frame.event, lines[0].frame.data)


@patient
@given(plans, seeds)
def test_every_end_is_reported_once_and_nothing_lives_on_after_it(plan: Plan, seed: int) -> None:
    """A leg or wait that vanishes has an end; a call ends once, with nothing of it live, and stays over."""
    believer, ended, over = Believer(), Counter[tuple[str, str, str | int | None]](), set[str]()
    for _, truth in traffic(plan, seed=seed, hours=0.7):
        legs = Counter((call, exten) for exten, found in believer.legs.items() for call, _ in found)
        waits = {(call, queue) for queue, calls in believer.waiting.items() for call in calls}
        believer.believe(truth)
        for end in truth.ends:
            ended[end.what, end.call, end.where] += 1
            if end.what == "leg":
                assert legs[end.call, str(end.where)] > 0
            elif end.what == "wait":
                assert (end.call, end.where) in waits
            else:
                over.add(end.call)
        live = {call for found in believer.legs.values() for call, _ in found}
        live |= {call for calls in believer.waiting.values() for call in calls}
        assert not live & over
    assert all(count == 1 for (what, _, _), count in ended.items() if what == "call")


@patient
@given(plans, seeds)
def test_after_every_snapshot_the_truth_is_what_it_shows(plan: Plan, seed: int) -> None:
    """Whatever was lost in a gap."""
    faults = Faults(lose=0.02, repeat=0.02, delay=0.02, reorder=0.02, corrupt=0.02, disconnects=12, outage=60)
    believer, n = Believer(), 0
    for lines, truth in delivered(1.0, seed, faults, agents=plan.agents, queues=plan.queues):
        n += len(lines)
        assert truth.n == n
        believer.believe(truth)
        if len(lines) == 3 and lines[0].frame.event == "loginSuccess":
            for line in lines:
                believer.agrees(line.frame.event, line.frame.data)
