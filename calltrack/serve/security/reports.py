"""What a role may see of a report."""

from __future__ import annotations

from msgspec.structs import replace

from calltrack.figures import Figures, Report
from calltrack.serve.security.scope import Scope


def report_seen(whole: Report, role: Scope) -> Report:
    """The role's part; sums are of all, so they are for those who see all."""
    whole = role.shown(whole)
    if role.sees_all:
        return whole
    total = whole.total
    nothing = Figures(total.key, total.name, total.since, total.until, total.observed_s, total.coverage)
    return replace(
        whole,
        total=nothing,
        queues=tuple(one for one in whole.queues if role.sees_queue(one.key)),
        agents=(),
        extensions=tuple(one for one in whole.extensions if role.sees_extension(one.key)),
        accounts=(),
        parts=(),
        campaigns=(),
        teams=(),
        closed=None,
    )
