"""The hint for a library that is not installed: the one place that knows which extra brings which module."""

from calltrack.core.errors import CalltrackError

DISTRIBUTION = "calltrack-voicenter"
"""The name that pip knows; `calltrack` is another project's on PyPI. pyproject.toml has the same."""
EXTRAS = {
    "excel": ("xlsxwriter",),
    "alerts": ("apprise",),
    "live": ("aiohttp", "aiohttp_socks", "socketio"),
    "oidc": ("authlib", "joserfc"),
    "parquet": ("pyarrow",),
    "report": ("jinja2", "matplotlib"),
    "serve": (
        "aiohttp",
        "aiohttp_socks",
        "httptools",
        "litestar",
        "phonenumbers",
        "prometheus_client",
        "pythonjsonlogger",
        "socketio",
        "tomli_w",
        "uvicorn",
        "websockets",
    ),
    "simulate": ("aiohttp", "trustme"),
    "testing": ("hypothesis",),
    "traces": ("opentelemetry",),
    "watch": ("aiohttp", "aiohttp_socks", "socketio", "textual"),
    "kafka": ("aiohttp", "aiohttp_socks", "confluent_kafka", "prometheus_client", "socketio"),
}
"""The modules of each extra in pyproject.toml."""
_OF_COMMAND = {
    "cluster": "kafka",
    "connect": "kafka",
    "listen": "live",
    "record": "live",
    "status": "serve",
    "worker": "kafka",
}
"""The extra of a command, where it does not have the command's name."""


class MissingLibrary(CalltrackError):
    """A library is not installed; the text says how to install it."""


def missing(module: str, command: str) -> MissingLibrary | None:
    """The error for a command that cannot import `module`; None for a module of calltrack itself, which is a bug."""
    name = module.split(".")[0]
    if name in ("", "calltrack"):
        return None
    preferred = _OF_COMMAND.get(command, command)
    having = [extra for extra, modules in EXTRAS.items() if name in modules]
    extra = preferred if preferred in having else next(iter(having), None)
    wanted = DISTRIBUTION if extra is None else f"{DISTRIBUTION}[{extra}]"
    # pip adds an extra's libraries to what is installed, whether that came from an index, a wheel or a checkout.
    how = f"pip install '{wanted}'" if extra else f"pip install --force-reinstall '{wanted}'"
    return MissingLibrary(f"{command or 'this'} needs {name}, which is not installed: {how}")
