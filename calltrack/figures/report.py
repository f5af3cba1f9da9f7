"""report(): all figures of an interval, by queue, agent, extension, account and part of the time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property

from msgspec.structs import replace

from calltrack.core.records import Seconds
from calltrack.figures.agenttime import AgentTime, Stretch, agent_time, stretches, worker
from calltrack.figures.belonging import NOT_SHARED, Belonging
from calltrack.figures.bounds import certain_bounds, unresolved
from calltrack.figures.contactrows import ContactRow
from calltrack.figures.contacts import Contacts
from calltrack.figures.definitions import definitions
from calltrack.figures.evidence import Evidence
from calltrack.figures.facts import Facts
from calltrack.figures.followed import Followed, followed
from calltrack.figures.groups import Among, Group, View, extent
from calltrack.figures.percall import call_figures, is_over
from calltrack.figures.percontact import Part as ContactPart
from calltrack.figures.percontact import agents_parts, contact_bounds, contact_part, ended_contacts
from calltrack.figures.ranges import Range
from calltrack.figures.rows import AgentStateRow, CallRow, Id, LegRow, QueueEntryRow, Rows
from calltrack.figures.shapes import Figures, Options, Part, Report, Team
from calltrack.figures.slices import Kept, by
from calltrack.figures.talks import Talk, Talks
from calltrack.figures.waitbounds import wait_bounds
from calltrack.figures.waits import ended, wait_figures
from calltrack.figures.window import Window, window
from calltrack.figures.work import work_figures
from calltrack.figures.workbounds import call_bounds, time_bounds, work_bounds


def report(
    facts: Facts,
    since: Seconds | None = None,
    until: Seconds | None = None,
    options: Options | None = None,
    parts: Sequence[Part] = (),
    only: Collection[str] = (),
) -> Report:
    """The figures of [since, until) (UTC epoch s, None for the first or last frame), and of each of the parts.

    The same facts give the same report, whether they were gathered change by change or from a whole recording.
    only: the groups that are needed (queue, agent, team, account, extension, campaign), to take less time: the others
    are empty, and without parts, agents and accounts no figures have contacts; () for everything.
    """
    return _Reporter(facts, options or Options()).report(since, until, parts, only)


def waits_of(
    facts: Facts, since: Seconds | None, until: Seconds | None, options: Options, parts: Sequence[Part]
) -> tuple[Figures, ...]:
    """The figures of waits of the parts alone, as the report of [since, until) has them."""
    return _Reporter(facts, options).waits(since, until, parts)


class _Reporter:
    """The rows of one report, grouped."""

    def __init__(self, facts: Facts, options: Options):
        self.facts, self.options = facts, options
        rows = facts.rows()
        self.calls, self.legs = list(rows.calls), list(rows.legs)
        self.entries, self.states = list(rows.queue_entries), list(rows.agent_states)
        self.contacts: tuple[ContactRow, ...] | None = None
        self.evidence = Evidence(Rows(), (), facts.first)

    @cached_property
    def followed(self) -> Followed:
        """What followed each leg."""
        whole = window(self.facts, None, None, replace(self.options, open=(), holidays=()))
        return followed(self.calls, self.legs, self.states, whole, self.facts.names.extensions)

    @cached_property
    def legs_of(self) -> dict[str, list[LegRow]]:
        """The legs of each call."""
        return by(self.legs, lambda leg: leg.call_id)

    @cached_property
    def talks(self) -> Talks:
        """The conversations among the legs, once it is known what shows losses."""
        return Talks(self.followed, self.joined.consultations, self.evidence)

    @cached_property
    def belonging(self) -> Belonging:
        """Which calls may be of another account."""
        return Belonging(self.calls, self.legs_of, self.evidence)

    @cached_property
    def joined(self) -> Contacts:
        """Which calls are of one contact; what its rows are made of."""
        return Contacts(self.calls, self.legs, self.entries)

    def report(
        self, since: Seconds | None, until: Seconds | None, parts: Sequence[Part], only: Collection[str]
    ) -> Report:
        if not only or parts or not {"agent", "account"}.isdisjoint(only):
            self.contacts = self.joined.rows()
        facts, whole = self.facts, self._view(since, until)
        self.evidence = self._evidence(whole.window)
        total = self._all(whole, "", "")

        def group(name: str, made: Callable[[], tuple[Figures, ...]]) -> tuple[Figures, ...]:
            return made() if not only or name in only else ()

        return Report(
            since=facts.first if since is None else since,
            until=facts.time if until is None else until,
            options=self.options,
            total=total,
            queues=group("queue", lambda: self._queues(whole)),
            agents=group("agent", lambda: self._agents(whole)),
            extensions=group("extension", lambda: self._extensions(whole)),
            accounts=group("account", lambda: self._accounts(whole, total)),
            parts=self._parts(parts),
            gaps=tuple(gap for gap in facts.gaps if _touches(gap.since, gap.until, since, until)),
            unplaced=self._unplaced(),
            campaigns=group("campaign", lambda: self._campaigns(whole)),
            teams=group("team", lambda: self._teams(whole)),
            closed=None if whole.window.open is None else self._all(self._view(since, until, closed=True), "", ""),
        )

    def waits(self, since: Seconds | None, until: Seconds | None, parts: Sequence[Part]) -> tuple[Figures, ...]:
        self.evidence = self._evidence(window(self.facts, since, until, self.options))
        views = self._views(parts, Kept([], [], self.entries, [], ()))
        return tuple(self._figures(one.name, one.name, view, Group(view.rows.entries)) for one, view in views)

    def _parts(self, parts: Sequence[Part]) -> tuple[Figures, ...]:
        return tuple(self._all(view, one.name, one.name) for one, view in self._views(parts, self._rows()))

    def _views(self, parts: Sequence[Part], rows: Kept) -> Iterator[tuple[Part, View]]:
        return ((one, self._view(one.since, one.until, kept)) for one, kept in zip(parts, rows.of(parts), strict=True))

    def _rows(self) -> Kept:
        return Kept(self.calls, self.legs, self.entries, self.states, self.contacts or ())

    def _ended(self, window: Window) -> list[ContactRow]:
        return ended_contacts(self.contacts or (), window)

    def _contacts(self, found: list[ContactRow]) -> ContactPart | None:
        return None if self.contacts is None else contact_part(found)

    def _evidence(self, asked: Window) -> Evidence:
        """What in the interval shows losses; what is outside of it changes no figure in it."""
        legs = tuple(leg for leg in self.legs if asked.touches(leg.started, leg.ended_at))
        waits = tuple(row for row in self.entries if asked.touches(row.joined_at, row.left_at))
        gaps = (gap for gap in self.facts.gaps if _touches(gap.since, gap.until, asked.since, asked.until))
        return Evidence(Rows(legs=legs, queue_entries=waits), gaps, self.facts.first)

    def _view(
        self, since: Seconds | None, until: Seconds | None, rows: Kept | None = None, *, closed: bool = False
    ) -> View:
        rows = rows or self._rows()
        asked = window(self.facts, since, until, self.options, closed=closed)
        over = [leg for leg in rows.legs if leg.outcome is not None and asked.has(asked.end_of(leg))]
        live = [leg for leg in rows.legs if asked.still(leg.started, asked.end_of(leg))]
        return View(asked, over, live, stretches(rows.legs, rows.states, asked), rows)

    def _unplaced(self) -> int:
        calls = sum(row.ended_at is None and row.outcome is not None for row in self.calls)
        legs = sum(row.ended_at is None and row.outcome is not None for row in self.legs)
        return calls + legs + sum(row.left_at is None and row.outcome is not None for row in self.entries)

    def _figures(self, key: str, name: str, view: View, group: Group) -> Figures:
        window, legs = view.window, group.legs
        waits = None if group.waits is None else ended(group.waits, window)
        talks = None if legs is None else self.talks.of(legs)
        time = None if group.time is None else agent_time(group.time, self.options, group.who)
        found = Figures(
            key,
            name,
            *extent(self.facts, self.evidence, window, group),
            waits=None if group.waits is None else wait_figures(group.waits, window),
            work=None if talks is None else work_figures(legs or [], talks, time, self.followed),
            calls=() if group.calls is None else call_figures(group.calls, window),
            contacts=group.contacts and group.contacts.figures,
            definitions=definitions(waits, talks, time, self.options),
        )
        if not self.evidence.any:
            return found
        return replace(
            found,
            unresolved=unresolved(waits or (), legs or (), self.evidence),
            bounds=certain_bounds(found, self._bounds(found, view, group, waits or [], talks or [], time)),
        )

    def _bounds(
        self,
        found: Figures,
        view: View,
        group: Group,
        waits: list[QueueEntryRow],
        talks: list[Talk],
        time: AgentTime | None,
    ) -> Iterator[tuple[str, Range | None]]:
        evidence, among = self.evidence, group.among
        if found.waits is not None:
            unqueued = evidence.unqueued(group.legs or ())
            shared = NOT_SHARED if among is None else self.belonging.shared(among.account, waits, among.waits)
            yield from wait_bounds(waits, found.waits, evidence, unqueued, view.window, shared).items()
        if found.work is not None:
            legs = group.legs or []
            direction = self.talks.direction
            yield from work_bounds(legs, talks, group.live, found.work, evidence, direction).items()
        if time is not None:
            yield from time_bounds(time, group.legs or [], talks, evidence, self.options).items()
        if group.contacts is not None:
            yield from contact_bounds(group.contacts, evidence).items()
        for calls in found.calls:
            over = _over(group.calls or [], calls.direction, view.window)
            all_calls = [] if among is None else _over(among.calls, calls.direction, view.window)
            shared = NOT_SHARED if among is None else self.belonging.shared(among.account, over, all_calls)
            yield from call_bounds(calls, over, self.legs_of, evidence, shared).items()

    def _all(self, view: View, key: str, name: str) -> Figures:
        rows = view.rows
        contacts = self._contacts(ended_contacts(rows.contacts, view.window))
        group = Group(rows.entries, view.over, len(view.live), view.time, calls=rows.calls, contacts=contacts)
        return self._figures(key, name, view, group)

    def _queues(self, view: View) -> tuple[Figures, ...]:
        names, entries = self.facts.names.queues, by(self.entries, lambda row: row.queue_id)
        contacts = by(self._ended(view.window), lambda row: row.queue_id)
        legs = by((leg for leg in view.over if from_queue(leg)), lambda leg: leg.queue_id)
        live = by((leg for leg in view.live if from_queue(leg)), lambda leg: leg.queue_id)
        return ordered(
            self._figures(
                key,
                names.get(key, ""),
                view,
                Group(
                    entries.get(key, []),
                    legs.get(key, []),
                    len(live.get(key, [])),
                    queue=key,
                    contacts=self._contacts(contacts.get(key, [])),
                ),
            )
            for key in {**names, **entries, **legs}
        )

    def _agents(self, view: View) -> tuple[Figures, ...]:
        legs, time, live = by(view.over, worker), by(view.time, lambda one: one.worker), by(view.live, worker)
        contacts = agents_parts(self._ended(view.window))
        names: dict[str, str] = {}
        places: defaultdict[str, set[str]] = defaultdict(set)
        rows: list[AgentStateRow | LegRow] = [*self.states, *self.legs]
        for row in rows:
            key = worker(row)
            if row.agent_id is not None or isinstance(row, LegRow):  # an agent is not listed for what a phone did alone
                names[key] = row.agent_name or names.get(key, "")
                places[key].add(row.exten_user)
        return ordered(
            self._figures(
                key,
                name,
                view,
                Group(
                    legs=legs.get(key, []),
                    live=len(live.get(key, [])),
                    time=time.get(key, []),
                    extensions=places[key],
                    contacts=contacts.get(key) or contact_part([]),
                ),
            )
            for key, name in names.items()
        )

    def _extensions(self, view: View) -> tuple[Figures, ...]:
        names = self.facts.names.extensions
        legs = by(view.over, lambda leg: leg.exten_user)
        live = by(view.live, lambda leg: leg.exten_user)
        time = by(view.time, lambda one: one.exten_user)
        return ordered(
            self._figures(
                key,
                names.get(key, ""),
                view,
                Group(
                    legs=legs.get(key, []),
                    live=len(live.get(key, [])),
                    time=time.get(key, []),
                    who=lambda one: one.exten_user,
                    extensions={key},
                ),
            )
            for key in {row.exten_user for row in self.states} | {leg.exten_user for leg in self.legs}
        )

    def _accounts(self, view: View, total: Figures) -> tuple[Figures, ...]:
        calls = by(self.calls, lambda row: _text(row.account_id))
        entries = by(self.entries, lambda row: _text(row.account_id))
        legs = by(view.over, lambda leg: _text(leg.account_id))
        live = by(view.live, lambda leg: _text(leg.account_id))
        time = by(view.time, lambda one: _text(one.account_id))
        contacts = by(self._ended(view.window), lambda row: _text(row.account_id))
        accounts = {**calls, **entries, **legs, **live, **time, **contacts}
        if len(accounts) == 1:  # all there is belongs to the only account
            return (replace(total, key=next(iter(accounts))),)
        rows: tuple[CallRow | QueueEntryRow | LegRow | AgentStateRow, ...]
        rows = (*self.calls, *self.entries, *self.legs, *self.states)
        ids = {_text(row.account_id): row.account_id for row in rows}
        all_waits, all_calls = ended(self.entries, view.window), _over(self.calls, "", view.window)
        return ordered(
            self._figures(
                key,
                "",
                view,
                Group(
                    entries.get(key, []),
                    legs.get(key, []),
                    len(live.get(key, [])),
                    time.get(key, []),
                    calls=calls.get(key, []),
                    contacts=self._contacts(contacts.get(key, [])),
                    among=Among(ids[key], all_waits, all_calls),
                ),
            )
            for key in {**calls, **entries, **legs, **time}
        )

    def _teams(self, view: View) -> tuple[Figures, ...]:
        return tuple(self._figures(team.name, team.name, view, self._team(team, view)) for team in self.options.teams)

    def _team(self, team: Team, view: View) -> Group:
        def has(one: LegRow | AgentStateRow | Stretch) -> bool:
            who = one.worker if isinstance(one, Stretch) else worker(one)
            return who in team.agents or one.exten_user in team.extensions

        rows: list[LegRow | AgentStateRow] = [*self.legs, *self.states]
        return Group(
            legs=[leg for leg in view.over if has(leg)],
            live=sum(map(has, view.live)),
            time=[one for one in view.time if has(one)],
            extensions={row.exten_user for row in rows if has(row)},
        )

    def _campaigns(self, view: View) -> tuple[Figures, ...]:
        calls = by((row for row in self.calls if row.campaign_id), lambda row: row.campaign_id)
        made_by = {row.call_id: row.campaign_id for rows in calls.values() for row in rows}

        def of_it(one: LegRow | QueueEntryRow) -> str:
            return made_by.get(one.call_id, "")

        entries, legs, live = by(self.entries, of_it), by(view.over, of_it), by(view.live, of_it)
        contacts = by(self._ended(view.window), lambda one: made_by.get(one.contact_id, ""))
        return ordered(
            self._figures(
                key,
                self.facts.names.campaigns.get(key, ""),
                view,
                Group(
                    entries.get(key, []),
                    legs.get(key, []),
                    len(live.get(key, [])),
                    calls=rows,
                    contacts=self._contacts(contacts.get(key, [])),
                ),
            )
            for key, rows in calls.items()
        )


def _over(calls: Iterable[CallRow], direction: str, window: Window) -> list[CallRow]:
    """The calls of a direction that ended in a window."""
    return [row for row in calls if direction in ("", row.direction) and is_over(row, window)]


def from_queue(leg: LegRow) -> bool:
    """Whether a leg brought a queue's caller; outgoing legs name queues too (seen), and belong to no wait."""
    return bool(leg.queue_id) and leg.direction == "Incoming"


def ordered(found: Iterable[Figures]) -> tuple[Figures, ...]:
    """By name, then by key; what has no name last."""
    return tuple(sorted(found, key=lambda one: (not one.name, one.name, one.key)))


def _text(account_id: Id) -> str:
    return "" if account_id is None else str(account_id)


def _touches(
    gap_since: Seconds | None, gap_until: Seconds | None, since: Seconds | None, until: Seconds | None
) -> bool:
    before = gap_until is not None and since is not None and gap_until <= since
    after = gap_since is not None and until is not None and gap_since >= until
    return not before and not after
