"""The application: endpoints, the board's page, the description of both, and the guard before them."""

from __future__ import annotations

from pathlib import Path

from litestar import Litestar
from litestar.datastructures import CacheControlHeader
from litestar.openapi.config import OpenAPIConfig
from litestar.static_files import create_static_files_router

from calltrack.serve.accounts import Accounts
from calltrack.serve.api import (
    alerting,
    finding,
    kpis,
    login,
    ops,
    problems,
    routes,
    session,
    statuses,
    streams,
    unreturned,
    wall,
)
from calltrack.serve.api.parameters import dependencies, only_known
from calltrack.serve.api.reference import Description, Reference
from calltrack.serve.security.access import Access
from calltrack.serve.security.audit import Audit
from calltrack.serve.security.guard import Guard
from calltrack.serve.security.oidc import Provider

PAGE = Path(__file__).parent / "page"
"""The board, served at "/"."""

_LARGEST = 64 * 1024  # bytes of a request's body

_ENDPOINTS = [
    *(routes.state, routes.calls, routes.one_call, routes.extensions, routes.queues, kpis.kpis),
    *(wall.wall, wall.limits, wall.set_limits),
    *(streams.changes, streams.updates, streams.socket_of_changes),
    *(session.log_in, session.who_am_i, session.log_out),
    alerting.alerts,
    *(login.offered, login.begin, login.finish),
    *(unreturned.missed, finding.calls_found),
    *(ops.live, ops.ready, ops.metrics, ops.dead_letters, statuses.accounts),
]


def application(accounts: Accounts, access: Access, audit: Audit, people: Provider | None = None) -> Guard:
    """The ASGI application over accounts whose engines run beside it."""
    description = OpenAPIConfig(
        title="calltrack",
        version="1",
        description="What every call and every agent of a call centre is doing, and did.",
        path="/schema",
        use_handler_docstrings=True,
        render_plugins=[Description(), Reference()],
    )
    # A browser asks each time whether a file is another, or after an upgrade it would mix old modules with new ones.
    asked = CacheControlHeader(no_cache=True)
    page = create_static_files_router("/", [PAGE], html_mode=True, include_in_schema=False, cache_control=asked)
    app = Litestar(
        route_handlers=[*_ENDPOINTS, page],
        dependencies=dependencies(accounts, access, people),
        guards=[only_known],
        exception_handlers=problems.HANDLERS,
        request_max_body_size=_LARGEST,
        openapi_config=description,
        logging_config=None,
    )
    files = {f"/{path.relative_to(PAGE).as_posix()}" for path in PAGE.rglob("*") if path.is_file()}
    return Guard(app, accounts, access, frozenset({"/", *files}), audit)
