"""The application: endpoints, the board's page, and what every request passes through."""

from __future__ import annotations

from pathlib import Path

from litestar import Litestar
from litestar.di import Provide
from litestar.static_files import create_static_files_router

from calltrack.serve import routes, streams
from calltrack.serve.engine import Engine
from calltrack.serve.scope import EVERYTHING, Scope

PAGE = Path(__file__).parent / "page"
"""The board, served at "/"."""


def application(engine: Engine) -> Litestar:
    """The ASGI application over an engine that runs beside it."""

    def the_engine() -> Engine:
        return engine

    def the_role() -> Scope:
        return EVERYTHING

    return Litestar(
        route_handlers=[
            routes.state,
            routes.one_call,
            routes.live,
            routes.ready,
            streams.changes,
            streams.updates,
            create_static_files_router("/", [PAGE], html_mode=True, include_in_schema=False),
        ],
        dependencies={
            "engine": Provide(the_engine, sync_to_thread=False),
            "role": Provide(the_role, sync_to_thread=False),
        },
    )
