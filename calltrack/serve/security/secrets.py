"""Secrets of the configuration: in the environment or in a file, never in the configuration itself."""

from __future__ import annotations

import os
from pathlib import Path

from calltrack.core.errors import CalltrackError


class ConfigError(CalltrackError):
    """The configuration cannot be used; says where and why, never a secret."""


def secret_of(whose: str, what: str, env: str, file: str, shortest: int) -> str:
    """The text in an environment variable or a file, without spaces around it; raises ConfigError.

    `what` is the name of the two settings before `_env` and `_file`.
    """
    if bool(env) == bool(file):
        raise ConfigError(f"{whose}: give {what}_env or {what}_file")
    try:
        text = os.environ.get(env, "") if env else Path(file).read_text()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{whose}: {file!r} cannot be read: {error}") from None
    if len(text.strip()) < shortest:
        place = f"the environment's {env}" if env else file
        raise ConfigError(f"{whose}: its {what}, in {place}, is missing or shorter than {shortest} characters")
    return text.strip()
