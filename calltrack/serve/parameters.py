"""What endpoints are called with: the engine, the role of who asks, and parameters that several share."""

from __future__ import annotations

from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import HeaderParameter, QueryParameter

from calltrack.serve.engine import Engine
from calltrack.serve.scope import Scope

TheEngine = NamedDependency[Engine]
TheRole = NamedDependency[Scope]

LastId = Annotated[str | None, HeaderParameter(name="Last-Event-ID", description="Go on after this position.")]
After = Annotated[str | None, QueryParameter(description="The same, for who cannot send the header.")]
Some = Annotated[str, QueryParameter(description="Comma-separated; empty for all.")]
